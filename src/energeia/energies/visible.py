"""The visible units of a Boltzmann machine: binary encodings of codes of finite alphabets."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia._core.uniform import uniform


class Visible(eqx.Module):
    """Codes 0 .. K-1 as binary units: bits, one-hot or thermometer encoded.

    A binary column is one unit. A column of unordered values is one-hot: K units, one of them on.
    An ordered one is thermometer encoded: K-1 units, unit k on where the code is at least k, so
    that neighboring values share parameters. All three represent the same distributions. ``sizes``
    are the alphabets, ``ordered`` marks the ordered columns (none if empty). Encodings are padded
    to the largest of their kind; a padded unit is never on.

    >>> import jax.numpy as jnp
    >>> Visible((2, 3)).units(jnp.array([1.0, 2.0]))
    Array([1., 0., 0., 1.], dtype=float32)
    >>> Visible((2, 3), (False, True)).units(jnp.array([1.0, 2.0]))
    Array([1., 1., 1.], dtype=float32)
    """

    sizes: tuple[int, ...] = eqx.field(static=True)
    ordered: tuple[bool, ...] = eqx.field(static=True, default=())

    @property
    def groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The columns that are bits, one-hot and thermometer encoded."""
        binary = np.asarray(self.sizes) == 2
        ordered = np.asarray(self.ordered or (False,) * len(self.sizes))
        kinds = (binary, ~binary & ~ordered, ~binary & ordered)
        bits, one_hot, levels = (np.flatnonzero(kind) for kind in kinds)
        return bits, one_hot, levels

    @property
    def count(self) -> int:
        """The number of units."""
        bits, one_hot, levels = self.groups
        high, deep = self._widths
        return len(bits) + len(one_hot) * high + len(levels) * deep

    def units(self, y: Float[Array, " d"]) -> Float[Array, " units"]:
        """The units of codes, 0 or 1."""
        bits, one_hot, levels = self.groups
        high, deep = self._widths
        on = y[one_hot][:, None] == jnp.arange(high)
        above = y[levels][:, None] >= jnp.arange(1, deep + 1)
        parts = [y[bits], on.astype(y.dtype).ravel(), above.astype(y.dtype).ravel()]
        return jnp.concatenate([part for part in parts if part.size])

    def tables(self, field: Float[Array, "units ..."]) -> tuple[Array, Array, Array]:
        """The term of each code in field . units(y), for bits, one-hot and thermometer columns.

        Shapes ``(bits, 2, ...)``, ``(one_hot, K, ...)`` and ``(levels, K, ...)``; entries of codes
        beyond a column's alphabet are arbitrary.
        """
        bits, one_hot, levels = self.groups
        high, deep = self._widths
        rest = field.shape[1:]
        cuts = np.cumsum([len(bits), len(one_hot) * high])
        one, two, three = jnp.split(field, cuts)
        three = three.reshape((len(levels), deep, *rest))
        return (
            jnp.stack([jnp.zeros_like(one), one], axis=1),
            two.reshape((len(one_hot), high, *rest)),
            _sums(three, from_zero=True),
        )

    def log_partition(self, field: Float[Array, " units"]) -> Scalar:
        """log sum_y exp(field . units(y)), every column independent."""
        logits = self._masked(self.tables(field))
        return sum((jnp.sum(jax.nn.logsumexp(part, axis=1)) for part in logits), jnp.zeros(()))

    def draw(self, key: PRNGKey, field: Float[Array, " units"]) -> Float[Array, " d"]:
        """Codes with probability proportional to exp(field . units(y)), one uniform a column."""
        bits, one_hot, levels = self.groups
        count = (len(self.sizes),)
        if len(bits) == len(self.sizes):
            return (uniform(key, count, field.dtype) < jax.nn.sigmoid(field)).astype(field.dtype)
        u = jax.random.uniform(key, count, field.dtype)
        on = u[: len(bits)] < jax.nn.sigmoid(field[: len(bits)])
        parts = [on.astype(field.dtype)]
        _, *rest = self._masked(self.tables(field))
        start, sizes = len(bits), np.asarray(self.sizes)
        for logits, columns in zip(rest, (one_hot, levels), strict=True):
            own = u[start : start + len(columns)]
            parts.append(_inverse(own, logits, sizes[columns]))
            start += len(columns)
        order = np.argsort(np.concatenate([bits, one_hot, levels]))
        return jnp.concatenate(parts)[order]

    def per_code(self, field: Float[Array, "units ..."]) -> Float[Array, "d K ..."]:
        """``tables`` of all columns in their order, padded to the largest alphabet."""
        largest = max(self.sizes)
        tables = [
            jnp.pad(t, ((0, 0), (0, largest - t.shape[1]), *[(0, 0)] * (t.ndim - 2)))
            for t in self.tables(field)
            if len(t)
        ]
        return jnp.concatenate(tables)[np.argsort(np.concatenate(self.groups))]

    def means(self, y: Float[Array, "rows d"]) -> Float[Array, " units"]:
        """Means of the units over rows, one pseudo-count a value; 0 for a padded unit."""
        high, deep = self._widths
        bits, one_hot, levels = self.groups
        total = jnp.sum(jax.vmap(self.units)(y), axis=0)
        sizes = np.asarray(self.sizes)
        word_pseudo = np.arange(high) < sizes[one_hot][:, None]
        level_pseudo = np.maximum(sizes[levels][:, None] - np.arange(1, deep + 1), 0)
        pseudo = [np.ones(len(bits)), word_pseudo.ravel(), level_pseudo.ravel()]
        counts = np.concatenate(
            [np.full(len(bits), 2), np.repeat(sizes[one_hot], high), np.repeat(sizes[levels], deep)]
        )
        return (total + np.concatenate(pseudo)) / (y.shape[0] + counts)

    def base_field(self, means: Float[Array, " units"]) -> Float[Array, " units"]:
        """The field under which independent columns have the given means of units."""
        _, one_hot, levels = self.groups
        high, deep = self._widths
        bits_table, word_means, level_means = self.tables(means)
        bit = bits_table[:, 1]
        logs = _log(word_means, np.arange(high) < np.asarray(self.sizes)[one_hot][:, None])
        # Means of levels are P(code >= k): their differences are the code's own probabilities.
        above = jnp.diff(level_means, axis=1)
        above = jnp.concatenate([jnp.ones((len(levels), 1)), above], axis=1)
        below = jnp.concatenate([above[:, 1:], jnp.zeros((len(levels), 1))], axis=1)
        code = _log(above - below, np.arange(deep + 1) < np.asarray(self.sizes)[levels][:, None])
        real = np.arange(1, deep + 1) < np.asarray(self.sizes)[levels][:, None]
        steps = jnp.where(real, jnp.diff(code, axis=1), 0.0)
        return jnp.concatenate([jnp.log(bit) - jnp.log1p(-bit), logs.ravel(), steps.ravel()])

    @property
    def _widths(self) -> tuple[int, int]:
        _, one_hot, levels = self.groups
        sizes = np.asarray(self.sizes)
        high = int(sizes[one_hot].max()) if len(one_hot) else 0
        return high, int(sizes[levels].max()) - 1 if len(levels) else 0

    def _masked(self, tables: tuple[Array, Array, Array]) -> list[Array]:
        sizes = np.asarray(self.sizes)
        return [
            jnp.where(np.arange(table.shape[1]) < sizes[columns][:, None], table, -jnp.inf)
            for table, columns in zip(tables, self.groups, strict=True)
        ]


def _inverse(
    uniform: Float[Array, " n"], logits: Float[Array, "n K"], sizes: np.ndarray
) -> Float[Array, " n"]:
    """Codes by inversion of the cumulative weights; a code beyond ``sizes`` is never reached.

    Levels are not normalized, so that rounding of a sum to one leaves no gap at the end.
    """
    if not logits.shape[0]:
        return jnp.zeros(0, logits.dtype)
    weight = jnp.exp(logits - jnp.max(logits, axis=1, keepdims=True))
    reached = _sums(weight)
    code = jnp.sum(reached <= uniform[:, None] * reached[:, -1:], axis=1)
    return jnp.minimum(code, sizes - 1).astype(logits.dtype)


def _sums(terms: Float[Array, "n K ..."], *, from_zero: bool = False) -> Float[Array, "n L ..."]:
    """Running sums along the second axis, with the empty sum first if ``from_zero``.

    As a product with a triangle of ones, at full precision: ``cumsum`` of many short rows is
    several times slower on CPUs.
    """
    count = terms.shape[1]
    triangle = np.triu(np.ones((count, count + from_zero)), int(from_zero))
    highest = jax.lax.Precision.HIGHEST
    return jnp.einsum("nk...,kl->nl...", terms, triangle.astype(terms.dtype), precision=highest)


def _log(p: Array, real: np.ndarray) -> Array:
    return jnp.where(real, jnp.log(jnp.where(real, p, 1.0)), 0.0)
