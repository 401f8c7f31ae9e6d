"""What players lower: likelihoods, bounds, contrasts, adversarial payoffs.

Adversarial           a critic against a generator
BarberAgakov          a Gaussian decoder's bound
ChainScore            the entropy's gradient by chains over z given x
Contrastive           contrastive divergence with persistent chains
DensityGame           maximum entropy with a generator that knows its density
DonskerVaradhan       the Donsker-Varadhan bound
EntropyTerm           how a generator's entropy is raised
HasTerms              a model that gives both sides of its bound
ImportanceScore       the entropy's gradient by importance sampling
InfoNce               the contrastive bound, below log K
InformationEntropy    an entropy from a bound on I(X; Z)
InformationEstimator  a trained bound on I(X; Z)
JensenShannon         the Jensen-Shannon bound
MaxEntropy            maximum-entropy training of energy and generator
MaximumLikelihood     mean of -log p, or of its bound
MeanDifference        the Wasserstein payoff
MemberLikelihood      maximum likelihood of each member of an ensemble
Minimax               the zero-sum payoff of 2014
NoisePenalty          the penalty that stands for added noise
NonSaturating         the payoff whose gradient does not fade
Nwj                   the f-divergence bound of KL
PairEstimator         a bound by one statistic of pairs
Payoff                losses from energies of real and generated rows
Penalty               what a critic pays for its slope
Relativistic          the payoff of differences D(x) - D(G(z))
SlopePenalty          R1 and R2: the mean squared slope
UnitSlopePenalty      WGAN-GP: slopes near one
VolumeEntropy         the entropy by the whole Jacobian
WeightedBound         a bound with weighted KL terms
"""

from energeia._core.lazy import attach

attach(__name__)
