"""Options of the simple models, which are fitted in one go. Needs no JAX."""

import msgspec

from energeia._core.ranges import Count
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Training

_ONCE = Training(rounds=1, batch=1, check_every=1)


class FittedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of what its builder fits."""

    training: Training = _ONCE
    """Nothing is left to train: one round runs, in which the fitted model is evaluated."""


class MixtureOptions(FittedOptions, frozen=True, kw_only=True):
    """A mixture of normal or Student-t distributions with full covariances."""

    components: Count = 128
    """The largest number of components; held-out rows choose among one and this."""


class GaussianOptions(FittedOptions, frozen=True, kw_only=True):
    """One normal or Student-t distribution with a full covariance."""


class KernelDensityOptions(FittedOptions, frozen=True, kw_only=True):
    """Kernels at the training rows, their widths chosen by leaving one out."""


class MarginalsOptions(FittedOptions, frozen=True, kw_only=True):
    """Independent columns: tables of codes, kernels of numbers."""


_SUPPORTS = frozenset(DISCRETE + CONTINUOUS)

RECIPES = (
    Recipe(
        name="mixture",
        family="mixture",
        summary="normal or Student-t components with full covariances, by EM; number validated",
        citation="Dempster, Laird, Rubin 1977; Fraley and Raftery 2007, J. Classification 24, 155",
        supports=_SUPPORTS,
        options=MixtureOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.mixture:build",
        reference_rows=0,
    ),
    Recipe(
        name="gaussian",
        family="mixture",
        summary="one normal or Student-t distribution with a shrunk full covariance: the baseline",
        citation="the mixture of one component",
        supports=_SUPPORTS,
        options=GaussianOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.mixture:build_gaussian",
        reference_rows=0,
    ),
    Recipe(
        name="kernel-density",
        family="mixture",
        summary="a kernel at each training row, widths by leaving one out: a baseline",
        citation="Silverman 1986; Li and Racine 2003, J. Multivariate Analysis 86, 266",
        supports=_SUPPORTS,
        options=KernelDensityOptions,
        builder="energeia.recipes.baselines:build_kernels",
        conditional=False,
        reference_rows=0,
    ),
    Recipe(
        name="product-of-marginals",
        family="mixture",
        summary="independent columns, tables of codes and kernels of numbers: a baseline",
        citation="tables as the zeroth order of k-gram; kernels as in kernel-density",
        supports=_SUPPORTS,
        options=MarginalsOptions,
        builder="energeia.recipes.baselines:build_marginals",
        conditional=False,
        reference_rows=0,
    ),
)
