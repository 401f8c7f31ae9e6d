"""Associative memories: energies whose minima are stored patterns, and their recall."""

from typing import Literal, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from typing_extensions import override

from energeia._core.errors import InputError, nearest
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy
from energeia.energies.spins import PairSpins

Rule = Literal["hebb", "pseudo-inverse", "storkey"]


def hopfield(
    patterns: Float[ArrayLike, "p n"], rule: Rule = "hebb", *, beta: ArrayLike = 1.0
) -> PairSpins:
    """The energy of a Hopfield network that stores patterns of -1 and +1.

    - ``hebb``: J = xi^T xi / n (Hopfield 1982), up to about .138 n random patterns;
    - ``pseudo-inverse``: the projection on the patterns (Personnaz, Guyon and Dreyfus 1985), each
      of up to n independent ones an exact fixed point before the diagonal is set to zero;
    - ``storkey``: J += (xi xi^T - xi f^T - f xi^T) / n pattern after pattern, f_ij = sum over k
      other than i and j of J_ik xi_k (Storkey 1997, eq. 1), more than Hebb's and still local.

    Raises:
        InputError: for patterns of other values, or an unknown rule.

    >>> xi = np.random.default_rng(0).choice([-1.0, 1.0], size=(3, 100))
    >>> network = hopfield(xi)
    >>> bool(jnp.all(recall(network, jnp.asarray(xi[0])) == xi[0]))
    True
    """
    xi = np.atleast_2d(np.asarray(patterns, float))
    if not np.all(np.abs(xi) == 1.0):
        raise InputError("patterns were given with other values than -1 and +1: give 2 * x - 1")
    n = xi.shape[1]
    match rule:
        case "hebb":
            couplings = xi.T @ xi / n
        case "pseudo-inverse":
            couplings = np.linalg.pinv(xi) @ xi
        case "storkey":
            couplings = _storkey(xi)
        case _:
            raise InputError(f"rule {rule!r} is not known: {nearest(rule, get_args(Rule))}")
    couplings = 0.5 * (couplings + couplings.T)
    np.fill_diagonal(couplings, 0.0)
    return PairSpins(couplings, beta=beta)


def _storkey(xi: np.ndarray) -> np.ndarray:
    n = xi.shape[1]
    couplings = np.zeros((n, n))
    for pattern in xi:
        field = couplings @ pattern
        # Of k = i and k = j the terms are left out.
        local = field[:, None] - np.diag(couplings)[:, None] * pattern[:, None]
        local = local - couplings * pattern[None, :]
        np.fill_diagonal(local, field - np.diag(couplings) * pattern)
        change = np.outer(pattern, pattern) - pattern[:, None] * local.T - local * pattern[None, :]
        couplings += change / n
    return couplings


@eqx.filter_jit
def recall(
    network: PairSpins, start: Float[Array, " n"], sweeps: int = 50, *, synchronous: bool = False
) -> Float[Array, " n"]:
    """Spins that follow their local fields, s_i = sign(sum_j J_ij s_j + h_i), for some sweeps.

    One after the other, which lowers the energy until nothing changes; or all at once where
    ``synchronous``, which may end in a cycle of two. A field of zero changes no spin.
    """

    def turned(field: Array, spin: Array) -> Array:
        return jnp.where(field == 0, spin, jnp.sign(field))

    def one(s: Array, i: Array) -> tuple[Array, None]:
        field = network.couplings[i] @ s + network.fields[i]
        return s.at[i].set(turned(field, s[i])), None

    def sweep(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        s, _, count = state
        if synchronous:
            after = turned(network.local_fields(s), s)
        else:
            after = jax.lax.scan(one, s, jnp.arange(len(s)))[0]
        return after, jnp.any(after != s), count + 1

    def moving(state: tuple[Array, Array, Array]) -> Array:
        return state[1] & (state[2] < sweeps)

    begin = (jnp.asarray(start, network.couplings.dtype), jnp.asarray(True), jnp.zeros((), int))
    return jax.lax.while_loop(moving, sweep, begin)[0]


def overlap(patterns: Float[ArrayLike, "p n"], state: Float[ArrayLike, " n"]) -> Array:
    """m_mu = xi_mu . s / n of each pattern: 1 for a pattern, about n^(-1/2) for a random state."""
    xi = jnp.asarray(patterns, float)
    return xi @ jnp.asarray(state, xi.dtype) / xi.shape[1]


class DenseMemory(Energy):
    """E(s) = -sum_mu F(xi_mu . s) of spins, with F(z) = max(z, 0)^power or exp(z), in nats.

    A power of 2 is Hopfield's energy up to the sign of a pattern; a power k stores of the order of
    n^(k-1) patterns (Krotov and Hopfield 2016, arXiv:1606.01164, eq. 1), an exponential 2^(n/2)
    (Demircigil et al. 2017, arXiv:1702.01929). With ``power`` 0 the exponential is taken, and the
    energy is its logarithm, -log sum_mu exp(xi_mu . s), which has the same minima and is a number.
    ``beta`` multiplies the energy.
    """

    patterns: Float[Array, "p n"]
    power: int = eqx.field(static=True, default=3)
    beta: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=1.0)
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int]:
        return (self.patterns.shape[1],)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        matches = self.patterns @ x.ravel()
        if self.power == 0:
            return -self.beta * jax.nn.logsumexp(matches)
        # Per spin: powers of n are beyond float32.
        n = self.patterns.shape[1]
        return -self.beta * n * jnp.sum(jnp.maximum(matches / n, 0.0) ** self.power)


class ContinuousMemory(Energy):
    """E(x) = |x|^2 / 2 - log(sum_mu exp(beta xi_mu . x)) / beta of real x.

    One step of recall, x -> sum_mu xi_mu softmax(beta xi x)_mu, is attention over the patterns and
    lowers E (Ramsauer et al. 2020, arXiv:2008.02217, eqs. 2 and 3). ``Tempered(memory, beta)`` is
    the energy of a mixture of normals of variance 1 / beta around the patterns, each weighted by
    exp(beta |xi|^2 / 2).

    >>> memory = ContinuousMemory(jnp.eye(3), beta=8.0)
    >>> [round(float(v), 3) for v in memory.recall(jnp.array([0.6, 0.2, 0.1]))]
    [0.999, 0.0, 0.0]
    """

    patterns: Float[Array, "p n"]
    beta: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=1.0)
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int]:
        return (self.patterns.shape[1],)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        matches = jax.nn.logsumexp(self.beta * (self.patterns @ x)) / self.beta
        return 0.5 * jnp.sum(x**2) - matches

    def recall(self, x: Float[Array, " n"], steps: int = 3) -> Float[Array, " n"]:
        """x after some steps of recall."""
        for _ in range(steps):
            x = jax.nn.softmax(self.beta * (self.patterns @ x)) @ self.patterns
        return x
