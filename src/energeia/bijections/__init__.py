"""Invertible maps with their log-determinants.

Affine           y = exp(log_scale) x + location
AffineScalar     y = exp(s) x + t, slopes bounded
Chain            a composition of bijections
Coupling         kept columns parametrize the map of the others
coupling_stack   alternating coupling layers
factor_stack     layers for directions and rotations beside single numbers
Inverse          the inverse of a bijection
OfColumns        a bijection of some columns given the others
Permutation      columns in another order
Reverse          columns in reverse order
ScalarBijection  invertible maps of single numbers, as `Spline`
SphereSpline     a rotation of a sphere, splines of its heights and angle
Spline           monotonic rational-quadratic splines on a box or a circle
Stacked          equal bijections, compiled once
Units            the coordinates of a support, standardized by rows
"""

from energeia._core.lazy import attach

attach(__name__)
