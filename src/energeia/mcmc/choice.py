"""The kernel that suits an energy, where none was asked for."""

import math

from energeia._core.errors import InputError
from energeia.contracts import BlockEnergy, Energy, Kernel
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.heat_bath import HeatBath
from energeia.mcmc.mala import Mala
from energeia.support import Alphabet, Support


def default_kernel(energy: Energy, support: Support | None = None) -> Kernel:
    """Gibbs for an energy with blocks, heat bath on finite alphabets, and MALA for reals.

    ``support`` says what the columns of a flat configuration are; without it they are real. The
    step of MALA, to be tuned, is that of a standard normal.

    Raises:
        InputError: for columns of both kinds, or for directions and rotations.

    >>> from energeia.energies import Normal
    >>> from energeia.support import Binary
    >>> import jax.numpy as jnp
    >>> normal = Normal(jnp.zeros(2), jnp.eye(2))
    >>> type(default_kernel(normal)).__name__
    'Mala'
    >>> type(default_kernel(normal, Support.of([Binary()] * 2))).__name__
    'HeatBath'
    """
    if isinstance(energy, BlockEnergy):
        return Gibbs()
    if support is None or (support.all_continuous and support.flat):
        return Mala(2.7 * math.prod(energy.shape) ** (-1 / 3))
    if support.all_discrete:
        return HeatBath([c.values for c in support.columns if isinstance(c, Alphabet)])
    raise InputError(
        f"no kernel moves all of these columns: {support}: sample the discrete ones given the "
        "others, or give a kernel of your own"
    )
