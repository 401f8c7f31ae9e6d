"""Invertible maps with their log-determinants.

Affine           y = exp(log_scale) x + location
AffineScalar     y = exp(s) x + t, slopes bounded
Chain            one bijection after another
Coupling         kept columns say how the others move
coupling_stack   equal coupling layers that take turns
Inverse          a bijection run backward
Permutation      columns in another order
Reverse          columns backward
ScalarBijection  invertible maps of single numbers, as `Spline`
Spline           monotonic rational-quadratic splines on a box or a circle
Stacked          equal bijections, compiled once
Units            the coordinates of a support, standardized by rows
"""

from energeia._core.lazy import attach

attach(__name__)
