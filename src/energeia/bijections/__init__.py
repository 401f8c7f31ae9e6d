"""Invertible maps with their log-determinants.

ActNorm                   channels of a field, standardized at first
Affine                    y = exp(log_scale) x + location
AffineScalar              y = exp(s) x + t, slopes bounded
Autoregressive            each number mapped by parameters of those before it
autoregressive_stack      layers that run forward and backward through the columns
Chain                     a composition of bijections
ChannelCoupling           half of the channels parametrizes the map of the other, by convolutions
Conditioner               parameters at every site from the sites that are kept
continuous_maps           every continuous map within a model
ContinuousMap             the solution of an equation dx/dt = v(t, x)
ConvolutionalConditioner  by convolutions, at every size of a field
Coupling                  any mask, any conditioner, any scalar bijection
coupling_masks            checkerboards, stripes, halves, channels, random
coupling_stack            alternating dense layers
DenseConditioner          by a multilayer perceptron
EverySite                 one map of the channels at every site
factor_stack              layers for directions and rotations beside single numbers
FirstChannels             a bijection of the first channels
Householder               a product of reflections
Inverse                   the inverse of a bijection
invertible_convolution    the channels of a site, permuted and mixed linearly
LatticeField              a velocity with the symmetries of a lattice
level_shapes              the fields of a multi-scale flow
Linear                    a learned linear map of all columns
masked_stack              one coupling layer for each mask
multi_scale               levels, after each of which half of the channels is final
NetworkField              a velocity that is what a network says
NoisePath                 from noise to data, x(t) = alpha x_1 + sigma x_0
OfColumns                 a bijection of some columns given the others
PathField                 the velocity along such paths
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
squeeze                   blocks of 2 x 2 sites as channels
Squeezed                  a bijection of the squeezed field
Stacked                   equal bijections, compiled once
stacked_on_rows           layers built from rows as they reach them
TracedField               a velocity with its trace in closed form
Units                     the coordinates of a support, standardized by rows
unsqueeze                 the inverse of `squeeze`
VectorField               a velocity v(t, x)
Whitening                 removes mean and correlations
whitening                 those of rows
with_maps                 a model with its continuous maps changed
"""

from energeia._core.lazy import attach

attach(__name__)
