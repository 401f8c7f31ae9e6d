"""Invertible maps with their log-determinants.

Affine                    y = exp(log_scale) x + location
AffineScalar              y = exp(s) x + t, slopes bounded
Autoregressive            each number mapped by parameters of those before it
autoregressive_stack      layers that run forward and backward through the columns
Chain                     a composition of bijections
Conditioner               parameters at every site from the sites that are kept
ConvolutionalConditioner  by convolutions, at every size of a field
Coupling                  any mask, any conditioner, any scalar bijection
coupling_masks            checkerboards, stripes, halves, channels, random
coupling_stack            alternating dense layers
DenseConditioner          by a multilayer perceptron
factor_stack              layers for directions and rotations beside single numbers
Householder               a product of reflections
Inverse                   the inverse of a bijection
Linear                    a learned linear map of all columns
masked_stack              one coupling layer for each mask
OfColumns                 a bijection of some columns given the others
Permutation               columns in another order
Planar                    one direction stretched
Radial                    one center stretched
ReshapedBijection         a bijection of fields as one of flat rows
Reverse                   columns in reverse order
ScalarBijection           invertible maps of single numbers, as `Spline`
ShiftScalar               y = x + t, also of angles
SphereSpline              a rotation of a sphere, splines of its heights and angle
Spline                    monotonic rational-quadratic splines on a box or a circle
SplitCoupling             one half of the columns parametrizes the map of the other
Stacked                   equal bijections, compiled once
Units                     the coordinates of a support, standardized by rows
Whitening                 removes mean and correlations
whitening                 those of rows
"""

from energeia._core.lazy import attach

attach(__name__)
