"""Conditional probabilities given the last few sites, one table for each site."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, ConditionalSampler, Density

SMOOTHINGS = (0.5, 2.0, 8.0, 32.0, 128.0, 512.0)
"""Candidate strengths of smoothing, in counts."""
HELD_OUT = 0.2
"""The share of rows, the last, on which order and smoothing are chosen."""


class KGram(Density, ConditionalSampler):
    """p(y) = prod_i p_i(y_i | y_(i-1) .. y_(i-k)), with tables of its own for each site.

    Counts are smoothed towards the next lower order (MacKay & Peto 1995, eq. 10): with C the counts
    of a context c,

        p_k(a | c) = (C_k(c, a) + s p_(k-1)(a | c')) / (C_k(c) + s),    p_(-1) uniform,

    where c' leaves out the farthest site. Order and s are those that score best on the last fifth
    of the rows, with which the tables are then counted, too. Order 0 is the product of marginals.
    """

    tables: Frozen
    """log p of shape ``(N, A^K, A)``; a context is sum_j y_(i-j) A^(j-1), zeros before site 0."""
    order: Frozen
    """The order that was chosen, at most K."""
    smoothing: Frozen
    """The strength s that was chosen, in counts."""
    condition_shape: None = eqx.field(static=True, default=None)

    @classmethod
    def fit(cls, rows: Int[Array, "rows N"], sizes: tuple[int, ...], order: int) -> "KGram":
        """Count, choose among orders up to ``order``, count again with all rows; traceable."""
        counting = _Counting(sizes, order)
        cut = len(rows) - max(1, int(HELD_OUT * len(rows)))
        counts, held = counting.counts(rows[:cut]), counting.counts(rows[cut:])
        scores = jnp.stack(
            [jnp.sum(jnp.where(held > 0, held * t, 0.0)) for t in counting.tables(counts)]
        )
        best = jnp.argmax(scores)
        tables = jnp.stack(counting.tables(counting.counts(rows)))[best]
        tried = len(SMOOTHINGS)
        return cls(
            Frozen(tables), Frozen(best // tried), Frozen(jnp.asarray(SMOOTHINGS)[best % tried])
        )

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.tables.array),)

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(y), exact, in nats; codes may come as floats."""
        codes = jnp.round(x).astype(int)
        sites, contexts, size = self.tables.array.shape
        seen = _contexts(codes[None], size, _digits(contexts, size))[0]
        return jnp.sum(self.tables.value[jnp.arange(sites), seen, codes])

    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " N"]:
        """One configuration, drawn site after site."""
        sites = len(self.tables.array)
        return self._kept(key, jnp.zeros(sites), jnp.zeros(sites, bool))[0]

    def complete(
        self, key: PRNGKey, x: Float[Array, " N"], known: Bool[Array, " N"],
        condition: Condition = None,
    ) -> tuple[Float[Array, " N"], Scalar]:  # fmt: skip
        """One pass of the sampler in which known sites keep their codes.

        log weight = sum over known i of log p(x_i | x_before_i): constant, so that draws are
        exact, where the known sites come first.
        """
        y, logs = self._kept(key, x, known)
        return y, jnp.sum(jnp.where(known, logs, 0.0))

    def _kept(self, key: PRNGKey, x: Array, known: Array) -> tuple[Array, Array]:
        """Known codes and draws of the others, with log p of each site given those before."""
        sites, contexts, size = self.tables.array.shape
        # Unknown sites may hold NaN, which is no code.
        given = jnp.where(known, x, 0.0)

        def step(context: Array, at: tuple) -> tuple[Array, tuple[Array, Array]]:
            table, key, value, fixed = at
            drawn = jax.random.categorical(key, table[context])
            code = jnp.where(fixed, jnp.round(value).astype(drawn.dtype), drawn)
            return (context * size + code) % contexts, (code, table[context, code])

        steps = (self.tables.value, jax.random.split(key, sites), given, known)
        _, (codes, logs) = jax.lax.scan(step, jnp.zeros((), int), steps)
        return codes.astype(self.tables.array.dtype), logs


class _Counting(NamedTuple):
    """How contexts of up to ``order`` sites are counted and smoothed."""

    sizes: tuple[int, ...]
    order: int

    def counts(self, rows: Int[Array, "rows N"]) -> Float[Array, "N contexts A"]:
        """How often each outcome followed each context of the highest order."""
        size, sites = max(self.sizes), len(self.sizes)
        seen = _contexts(rows, size, self.order)
        where = jnp.broadcast_to(jnp.arange(sites), rows.shape)
        empty = jnp.zeros((sites, size**self.order, size))
        return empty.at[where, seen, rows].add(1.0)

    def tables(self, counts: Float[Array, "N contexts A"]) -> list[Float[Array, "N contexts A"]]:
        """log p of every order and smoothing, order by order, over the longest contexts."""
        size, sites = max(self.sizes), len(self.sizes)
        # Impossible codes have no probability at any order, since counts and prior have none.
        allowed = np.arange(size) < np.array(self.sizes)[:, None]
        uniform = jnp.asarray(allowed / allowed.sum(axis=1, keepdims=True))[:, None]
        lower = [jnp.broadcast_to(uniform, (sites, 1, size)) for _ in SMOOTHINGS]
        found = []
        for k in range(self.order + 1):
            own = counts.reshape(sites, -1, size**k, size).sum(axis=1)
            total = own.sum(axis=-1, keepdims=True)
            wide = [jnp.tile(p, (1, size**k // p.shape[1], 1)) for p in lower]
            lower = [(own + s * p) / (total + s) for s, p in zip(SMOOTHINGS, wide, strict=True)]
            repeat = size ** (self.order - k)
            found += [jnp.log(jnp.tile(p, (1, repeat, 1))) for p in lower]
        return found


def _contexts(rows: Int[Array, "rows N"], size: int, order: int) -> Int[Array, "rows N"]:
    """The number of each site's context: the site before is the lowest digit."""
    padded = jnp.pad(rows, ((0, 0), (order, 0)))
    sites = rows.shape[1]
    digits = [
        padded[:, order - j : order - j + sites] * size ** (j - 1) for j in range(1, order + 1)
    ]
    return sum(digits, jnp.zeros_like(rows))


def _digits(contexts: int, size: int) -> int:
    return round(np.log(contexts) / np.log(size))
