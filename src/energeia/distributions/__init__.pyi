from energeia.distributions.at_condition import AtCondition as AtCondition
from energeia.distributions.columns import Columns as Columns
from energeia.distributions.columns import columns_of as columns_of
from energeia.distributions.discrete import Bernoulli as Bernoulli
from energeia.distributions.discrete import DiscretizedLogistics as DiscretizedLogistics
from energeia.distributions.discrete import Ordinal as Ordinal
from energeia.distributions.discrete import Softmax as Softmax
from energeia.distributions.elliptic import Components as Components
from energeia.distributions.elliptic import EllipticMixture as EllipticMixture
from energeia.distributions.elliptic_fit import fit_mixture as fit_mixture
from energeia.distributions.finite import FiniteProduct as FiniteProduct
from energeia.distributions.finite import product_of_alphabets as product_of_alphabets
from energeia.distributions.finite import product_of_marginals as product_of_marginals
from energeia.distributions.finite import uniform_product as uniform_product
from energeia.distributions.gaussian import RealPeriodicBase as RealPeriodicBase
from energeia.distributions.gaussian import StandardNormal as StandardNormal
from energeia.distributions.gaussian import Uniform as Uniform
from energeia.distributions.head import Head as Head
from energeia.distributions.kernel_density import KernelDensity as KernelDensity
from energeia.distributions.kernel_density import fit_kernels as fit_kernels
from energeia.distributions.likelihoods import BernoulliLikelihood as BernoulliLikelihood
from energeia.distributions.likelihoods import CategoricalLikelihood as CategoricalLikelihood
from energeia.distributions.likelihoods import ColumnLikelihood as ColumnLikelihood
from energeia.distributions.likelihoods import ColumnLikelihoods as ColumnLikelihoods
from energeia.distributions.likelihoods import LogisticLikelihood as LogisticLikelihood
from energeia.distributions.likelihoods import NormalLikelihood as NormalLikelihood
from energeia.distributions.likelihoods import (
    ProjectedNormalLikelihood as ProjectedNormalLikelihood,
)
from energeia.distributions.likelihoods import likelihood_of as likelihood_of
from energeia.distributions.mixture import StudentMixture as StudentMixture
from energeia.distributions.mixture import WrappedMixture as WrappedMixture
from energeia.distributions.normal_diag import NormalDiag as NormalDiag
from energeia.distributions.power_spherical import PowerSpherical as PowerSpherical
from energeia.distributions.product import ProductBase as ProductBase
from energeia.distributions.student import StudentBase as StudentBase
from energeia.distributions.student import student_base as student_base
from energeia.distributions.truncated import TruncatedNormal as TruncatedNormal
