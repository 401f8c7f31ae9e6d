"""Energies with closed forms, neural energies, Boltzmann machines, and their algebra.

Banana            skewed, with known moments
BondEnergy        bonds that favor equal values, for cluster updates
BoltzmannMachine  all pairs of visible units coupled
ColumnConditionals  energies with a pseudo-likelihood
condition_ranges  conditions with the ranges to train over
ConfinedEnergy    a network plus a quadratic
ContinuousMemory  attention as an energy of real numbers
Critic            E(x, condition) = network([x, condition])
DenseMemory       many patterns by steeper energies of spins
DoubleWell        2^d modes of known weights
EmbeddedEnergy    an energy in the user's units with coordinates for chains
energy            make one, checked
fit_spins         couplings of spins from configurations
fitted_normal     the normal with the mean and covariance of rows
FittedSpins       those couplings with their errors
FunctionEnergy    a plain function as an energy
GaussianRbm       a restricted Boltzmann machine with real columns
GaussianRbmPath   from independent columns to such a machine
GeometricPath     (1 - beta) E_0 + beta E from a normalized density
greedy_colors     blocks of spins without couplings between them
HeavyNormal       a normal with power-law tails in marked columns
hopfield          spins that store patterns
Interpolated      one point of a geometric path
LatentEnergy      an energy of z from one of x and a generator
MachinePath       from independent columns to a fully visible machine
Masked            E given the values of some coordinates
masked            make one, which keeps blocks
MaskedBlocks      the same of an energy with blocks
NeuralEnergy      a normal plus a network of sines and cosines
Normal            N(mean, covariance)
NormalMixture     Gaussians of one width
ObservableEnergy  sum of multipliers times observables
overlap           of a state with patterns
PairSpins         couplings between any pairs of spins
Path              a path of energies from a normalized density to a target
Plain             E(G(z)) alone, a heuristic
Posterior         z given x = G(z) + sigma noise
Pullback          exp(-E) on the image of G
Rbm               the free energy of a restricted Boltzmann machine
RbmPath           from independent columns to a Boltzmann machine
recall            spins that follow their local fields
ReshapedEnergy    an energy of fields as one of flat rows
Shifted           E(x) - offset
Sum               E_1(x) + E_2(x)
Target            a distribution known by its energy, to train on
target_of         an energy as a target
Tempered          beta E(x)
Tilt              p_G(x) exp(-E(x))
Visible           codes as visible units: bits, one-hot or thermometer
WithinCells       E with some coordinates confined to cells
"""

from energeia._core.lazy import attach

attach(__name__)
