"""Kernels, chains and annealed importance sampling.

AnnealedRun        positions and log-weights of annealed chains
Bracket            bounds or estimates of log Z from both sides
bracket_warnings   signs that log Z is wrong
certificate        a lower bound on log Z with a stated probability
Chains             positions, acceptance and states
default_kernel     the kernel that suits an energy
diagnose           the worst column of each diagnostic
Diagnosis          acceptance, R-hat, ESS and autocorrelation time
energy_bias        bias of unadjusted chains in mean energy
exchange           how configurations travel between temperatures
Exchange           swap rates, barrier and round trips of parallel tempering
fit_moments        the maximum-entropy energy of given means
FittedMoments      that energy, its multipliers and their errors
GeodesicHmc        Hamiltonian Monte Carlo on directions, rotations and numbers
Gibbs              block Gibbs sweeps
gradient_kernels   MALA and HMC with the metrics they are tried with
HeatBath           each variable of a finite alphabet drawn given the others
Hmc                Hamiltonian Monte Carlo
JumpingMala        MALA with independence proposals
KernelTrial        how a kernel did in a pilot
Langevin           unadjusted Langevin, with a bias from its step size
log_partition      log Z by annealing, from below and from above
Mala               the Metropolis-adjusted Langevin algorithm
MomentChains      length of chains that fit moments
Nuts               the no-U-turn sampler
ParallelTempering  replicas at many temperatures, for any kernel
Preconditioned     a kernel with the metric of its own chains
require_moving     raise if no chain moved
run_chains         many chains in one compiled scan
sample             tune, run and diagnose chains in one call
Sampled            draws, their diagnosis, the tuned kernel
smc                log Z and draws by particles that follow a path
SmcResult          log Z of independent populations
SmcRun             one population of particles
StepKernel         a kernel with a step size
SwendsenWang       new values of all clusters of equal values
tempered_log_z     log Z from the replicas of parallel tempering
TemperedPartition  log Z by ratios and by integration, with its swaps
try_kernels        kernels and metrics, the best first
Tunable            a kernel that a pilot adapts
tune               tune a step size by dual averaging
Wolff              another value of the cluster of one site
"""

from energeia._core.lazy import attach

attach(__name__)
