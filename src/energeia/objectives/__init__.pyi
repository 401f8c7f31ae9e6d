from energeia.objectives.adversarial import Adversarial as Adversarial
from energeia.objectives.adversarial import MeanDifference as MeanDifference
from energeia.objectives.adversarial import Minimax as Minimax
from energeia.objectives.adversarial import NonSaturating as NonSaturating
from energeia.objectives.adversarial import Payoff as Payoff
from energeia.objectives.adversarial import Relativistic as Relativistic
from energeia.objectives.averaged import AveragedLikelihood as AveragedLikelihood
from energeia.objectives.contrastive import Contrastive as Contrastive
from energeia.objectives.doubly_reparameterized import (
    DoublyReparameterized as DoublyReparameterized,
)
from energeia.objectives.entropy import ChainScore as ChainScore
from energeia.objectives.entropy import EntropyTerm as EntropyTerm
from energeia.objectives.entropy import ImportanceScore as ImportanceScore
from energeia.objectives.entropy import VolumeEntropy as VolumeEntropy
from energeia.objectives.information import BarberAgakov as BarberAgakov
from energeia.objectives.information import DonskerVaradhan as DonskerVaradhan
from energeia.objectives.information import InfoNce as InfoNce
from energeia.objectives.information import InformationEntropy as InformationEntropy
from energeia.objectives.information import InformationEstimator as InformationEstimator
from energeia.objectives.information import JensenShannon as JensenShannon
from energeia.objectives.information import Nwj as Nwj
from energeia.objectives.information import PairEstimator as PairEstimator
from energeia.objectives.latent_game import DiscriminatorPenalty as DiscriminatorPenalty
from energeia.objectives.latent_game import LatentGame as LatentGame
from energeia.objectives.latent_penalties import JointIndependence as JointIndependence
from energeia.objectives.latent_penalties import LatentPenalty as LatentPenalty
from energeia.objectives.latent_penalties import PriorDiscrepancy as PriorDiscrepancy
from energeia.objectives.latent_penalties import TotalCorrelation as TotalCorrelation
from energeia.objectives.likelihood import MaximumLikelihood as MaximumLikelihood
from energeia.objectives.max_entropy import DensityGame as DensityGame
from energeia.objectives.max_entropy import MaxEntropy as MaxEntropy
from energeia.objectives.members import MemberLikelihood as MemberLikelihood
from energeia.objectives.noise_contrastive import NoiseContrastive as NoiseContrastive
from energeia.objectives.penalties import NoisePenalty as NoisePenalty
from energeia.objectives.penalties import Penalty as Penalty
from energeia.objectives.penalties import SlopePenalty as SlopePenalty
from energeia.objectives.penalties import UnitSlopePenalty as UnitSlopePenalty
from energeia.objectives.pseudo_likelihood import PseudoLikelihood as PseudoLikelihood
from energeia.objectives.reduction import random_rows as random_rows
from energeia.objectives.reduction import weighted_mean as weighted_mean
from energeia.objectives.reverse_kl import ReverseKL as ReverseKL
from energeia.objectives.score_matching import (
    DenoisingScoreMatching as DenoisingScoreMatching,
)
from energeia.objectives.score_matching import SlicedScoreMatching as SlicedScoreMatching
from energeia.objectives.variational import HasTerms as HasTerms
from energeia.objectives.variational import WeightedBound as WeightedBound
from energeia.objectives.velocity_matching import HasPaths as HasPaths
from energeia.objectives.velocity_matching import VelocityMatching as VelocityMatching
