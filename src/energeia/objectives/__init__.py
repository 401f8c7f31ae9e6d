"""The losses of players: likelihoods, bounds, contrasts, adversarial payoffs.

Adversarial           a critic against a generator
AveragedLikelihood    mean of -log p over rows and what a model draws
BarberAgakov          a Gaussian decoder's bound
ChainScore            the entropy's gradient by chains over z given x
Contrastive           contrastive divergence with persistent chains
DenoisingScoreMatching  the score of noised rows
DensityGame           maximum entropy with a generator with a density
DiscriminatorPenalty  what a discriminator says of latent vectors
DonskerVaradhan       the Donsker-Varadhan bound
DoublyReparameterized  the bound of several particles
EntropyTerm           an estimator of a generator's entropy gradient
HasPaths              a model whose velocity is learned along paths
HasTerms              a model that gives both terms of its bound
ImportanceScore       the entropy's gradient by importance sampling
InfoNce               the contrastive bound, below log K
InformationEntropy    an entropy from a bound on I(X; Z)
InformationEstimator  a trained bound on I(X; Z)
JensenShannon         the Jensen-Shannon bound
JointIndependence     a kernel measure of dependent latent dimensions
LatentGame            a bound and a discriminator of latent vectors
LatentPenalty         a penalty on the aggregated posterior
MaxEntropy            maximum-entropy training of energy and generator
MaximumLikelihood     mean of -log p, or of its bound
MeanDifference        the Wasserstein payoff
MemberLikelihood      maximum likelihood of each member of an ensemble
Minimax               the zero-sum payoff of 2014
NoiseContrastive      rows told from noise, with log Z learned
NoisePenalty          the penalty equivalent to added noise
NonSaturating         the payoff with the non-saturating loss
Nwj                   the f-divergence bound of KL
PairEstimator         a bound from one statistic of pairs
Payoff                losses from energies of real and generated rows
Penalty               a regularization of the critic
PriorDiscrepancy      the aggregated posterior's MMD from the prior
PseudoLikelihood      each column given the others
random_rows           row numbers of a batch, by weight
Relativistic          the payoff of differences D(x) - D(G(z))
ReverseKL             the variational free energy of a model, without rows
SlicedScoreMatching   the score of rows by random directions
SlopePenalty          R1 and R2: the mean squared slope
TotalCorrelation      of latent dimensions, by minibatch weights
UnitSlopePenalty      WGAN-GP: slopes near one
VelocityMatching      velocities from pairs of noise and data
VolumeEntropy         the entropy from the full Jacobian
weighted_mean         the mean over a batch by which losses honor weights
WeightedBound         a bound with weighted KL terms
"""

from energeia._core.lazy import attach

attach(__name__)
