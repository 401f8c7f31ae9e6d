"""Autocorrelation, resampling, two-sample distances, log-weights: arrays in, arrays out.

AutocorrelationTime       tau with its error
bennett                   log(Z_1 / Z_0) from draws of both
bootstrap                 errors by resampling rows
CompensatedSum            a sum that keeps what float32 rounds away
cross_fitted_mean         E[value | x] of each row from other rows
coverage                  real rows with a generated one nearby
duplicates                rows that repeat
effective_fraction        ESS / K of weights
effective_sample_size     N / (2 tau)
energy_distance           2 E|X - Y| - E|X - X'| - E|Y - Y'|
Fraction                  a fraction with its error
from_sums                 a LogMean from log sums
gaussian_kernel           exp(-d^2 / (2 bandwidth^2))
hill                      the tail index from the largest magnitudes
histogram                 counts of strings
holm                      Holm's correction for several tests
integrated_time           tau = 1/2 + sum of rho
jackknife                 errors from leaving out blocks
jackknife_chains          the jackknife of correlated draws
jackknife_log_mean        a LogMean with its bias removed
kolmogorov_smirnov        max |F - G| of each column
local_mean                E[value | x] from nearest rows
LocalMean                 means and the number of neighbors
log_mean_exp              log (1/K) sum_k w_k
LogMean                   log of a mean of weights, with error and bias
maximum_mean_discrepancy  squared MMD, unbiased
mean_error                sqrt(variance / ESS)
median_distance           the usual bandwidth of a kernel
memorization              P(the nearest row is a training row)
on_every_axis             a matrix applied to every axis of a tensor
mixing                    worst R-hat, ESS and autocorrelation time of chains
Mixing                    what mixing returns
p_value                   a valid permutation p-value
permutation_test          a statistic and its null distribution
PermutationTest           a statistic with its p-value
pooled_distances          distances among all rows
power_tail                the tail index of a column, where it has one
r_hat                     rank-normalized split R-hat
relabelings               random choices of the first sample
Resampled                 a value with error and bias
RunningLogSums            log-weights accumulated in compiled loops
sliced_wasserstein        mean W1 distance of projections
standing_still            chains that never moved
TailIndex                 alpha with its error
"""

from energeia._core.lazy import attach

attach(__name__)
