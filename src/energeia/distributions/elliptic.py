"""A mixture of normal or Student-t distributions with full covariances, and of tables of codes."""

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.angles import wrap
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, ConditionalSampler, Density
from energeia.distributions.code_tables import CodeTables
from energeia.distributions.student import log_student

Angles = tuple[int, ...]
"""Which of the real numbers of a component are angles."""


def moved(away: Float[Array, "*k r"], angles: Angles, turns: Array | None) -> Array:
    """Differences from a mean, those of ``angles`` to the nearest image moved by full turns."""
    if not angles or turns is None:
        return away
    place = jnp.asarray(angles)
    return away.at[..., place].set(wrap(away[..., place]) + 2 * math.pi * turns)


class Components(eqx.Module):
    """K elliptic distributions of r real numbers times independent tables of q codes."""

    log_shares: Float[Array, " k"]
    """Logarithms of the shares of the components; -inf for one that is not used."""
    means: Float[Array, "k r"]
    factors: Float[Array, "k r r"]
    """Lower triangular L of each scale matrix L L^T."""
    tables: Float[Array, "k codes"]
    """Log-probabilities of the codes of all discrete columns, see ``CodeTables``."""
    tail: Scalar
    """1 / nu of Student's t, in which the distance |w|^2 replaces that of a normal; 0 for normal
    components."""

    def whitened(
        self, x: Float[Array, " r"], angles: Angles = (), turns: Array | None = None
    ) -> Float[Array, "k r"]:
        """L^-1 (x - mean) of every component; see ``moved`` for angles and their turns."""
        identity = jnp.broadcast_to(jnp.eye(self.means.shape[1]), self.factors.shape)
        # Under vmap over rows the inverses are computed once; a solve would run for each row.
        inverse = jax.scipy.linalg.solve_triangular(self.factors, identity, lower=True)
        return jnp.einsum("kij,kj->ki", inverse, moved(x - self.means, angles, turns))

    def log_volumes(self) -> Float[Array, "k r"]:
        """log L_ii, whose partial sums are the log-determinants of leading blocks."""
        return jnp.log(jnp.diagonal(self.factors, axis1=1, axis2=2))


def log_elliptic(square: Array, count: Array | int, tail: Scalar) -> Array:
    """log-density of ``count`` whitened numbers with |w|^2 = ``square``: normal, or Student's t.

    Of a t distribution with nu = 1 / ``tail``: log Gamma((nu + r)/2) - log Gamma(nu/2)
    - (r/2) log(pi nu) - (nu + r)/2 log(1 + |w|^2 / nu).
    """
    student = log_student(square, jnp.where(tail > 0, tail, 1.0), count)
    return jnp.where(tail > 0, student, -0.5 * square - 0.5 * count * math.log(2 * math.pi))


class EllipticMixture(Density, ConditionalSampler):
    """p(y | c) = sum_k w_k(c) t(reals | c, k) prod_j p_j(code_j | k), exact with any part known.

    The joint distribution of the condition c and the reals of y is a mixture of normal (or
    Student-t) distributions with full covariances (McLachlan and Peel 2000, sections 3 and 7), in
    each of which the codes are independent. Conditionals of such a mixture are such mixtures, so a
    condition and any known columns enter in closed form.

    >>> from energeia.support import Real, Support
    >>> identity = Components(
    ...     jnp.zeros(1), jnp.zeros((1, 2)), jnp.eye(2)[None], jnp.zeros((1, 0)), jnp.zeros(())
    ... )
    >>> normal = EllipticMixture(identity, Support.of([Real()] * 2).sizes)
    >>> round(float(normal.log_prob(jnp.zeros(2))), 4)
    -1.8379
    """

    components: Components
    sizes: tuple[int, ...] = eqx.field(static=True)
    """The alphabet size of each column; 0 for a real one."""
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    periodic: tuple[int, ...] = eqx.field(static=True, default=())
    """Which columns are angles in [-pi, pi): the density is summed over full turns, by one turn to
    either side of the one nearest to each mean. A deviation of 1.8, that of a uniform angle, leaves
    out 1e-6 of the mass."""

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.sizes),)

    @property
    def _reals(self) -> np.ndarray:
        return np.flatnonzero(np.asarray(self.sizes) == 0)

    @property
    def _codes(self) -> np.ndarray:
        return np.flatnonzero(np.asarray(self.sizes))

    @property
    def _tables(self) -> CodeTables:
        return CodeTables(tuple(size for size in self.sizes if size))

    def _log_codes(self, x: Array, known: Bool[Array, " d"]) -> Float[Array, " k"]:
        codes = self._codes
        return self._tables.log_probs(self.components.tables, x[codes], known[codes])

    @property
    def _given(self) -> int:
        """How many of the numbers of a component are conditions; they come first."""
        return 0 if self.condition_shape is None else self.condition_shape[0]

    @property
    def _angles(self) -> Angles:
        place = np.flatnonzero(np.isin(self._reals, self.periodic)) + self._given
        return tuple(place.tolist())

    def _turns(self, like: Array) -> Float[Array, "images angles"]:
        """All combinations of turns of the angles; a single empty one where there are none."""
        count = len(self._angles)
        combined = list(itertools.product((0.0, -1.0, 1.0), repeat=count))
        return jnp.asarray(combined, like.dtype).reshape(len(combined), count)

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        parts, volumes = self.components, self.components.log_volumes()
        joint = self._joint(x, condition)
        w = jax.vmap(lambda t: parts.whitened(joint, self._angles, t))(self._turns(joint))
        logs = parts.log_shares + self._log_codes(x, jnp.ones(x.shape, bool))
        logs = logs + log_elliptic(jnp.sum(w**2, axis=2), w.shape[2], parts.tail)
        total = jax.nn.logsumexp(logs - jnp.sum(volumes, axis=1))
        return total - jax.nn.logsumexp(self._log_shares(w[0]))

    def log_measured(
        self, x: Float[Array, " d"], noise: Float[Array, " d"], condition: Condition = None
    ) -> Scalar:
        """log of int p(t | c) N(x; t, noise^2) dt, exact for normal components; NaN with tails,
        whose convolution has no closed form.

        ``noise`` holds the standard errors of the columns of ``x``, zero for codes and angles.
        """
        logs, _ = self._measured(x, noise, condition)
        w = self.components.whitened(self._joint(x, condition), self._angles)
        return jax.nn.logsumexp(logs) - jax.nn.logsumexp(self._log_shares(w))

    def draw_true(
        self, key: PRNGKey, x: Float[Array, " d"], noise: Float[Array, " d"],
        condition: Condition = None,
    ) -> Float[Array, " d"]:  # fmt: skip
        """A draw of the true values t given measured ones, p(t | c) N(x; t, noise^2)."""
        pick_key, draw_key = jax.random.split(key)
        logs, found = self._measured(x, noise, condition)
        place = jax.random.categorical(pick_key, logs.ravel())
        chosen = jax.tree.map(lambda v: v.reshape(-1, *v.shape[2:])[place], found)
        unknown = jnp.zeros(chosen.mean.shape, bool)
        drawn = _draw_rest(draw_key, chosen, unknown, self.components.tail)[self._given :]
        return jnp.where(noise > 0, x.at[self._reals].set(drawn), x)

    def _measured(
        self, x: Array, noise: Array, condition: Condition
    ) -> "tuple[Float[Array, 'turns k'], Conditioned]":
        """log of each component's share of the density of measured values, and the true values
        given them."""
        parts = self.components
        reals = self._joint(x, condition)
        errors = jnp.append(jnp.zeros(self._given), noise[self._reals])
        every = jnp.ones(reals.shape, bool)

        def given_turns(turns: Array) -> Conditioned:
            seen = parts.means + moved(reals - parts.means, self._angles, turns)
            each = jax.vmap(conditioned, (0, 0, 0, None, None))
            return each(parts.means, parts.factors, seen, every, errors)

        found = jax.vmap(given_turns)(self._turns(reals))
        logs = parts.log_shares + self._log_codes(x, jnp.ones(x.shape, bool))
        logs = logs + log_elliptic(found.square, len(reals), parts.tail) - found.log_volume
        return jnp.where(parts.tail > 0, jnp.nan, logs), found

    def _joint(self, x: Array, condition: Condition) -> Array:
        reals = x[self._reals]
        return reals if condition is None else jnp.append(condition, reals)

    def _log_shares(self, w: Float[Array, "k r"]) -> Float[Array, " k"]:
        """log of the share times the density of the condition, whose numbers come first in w."""
        parts, given = self.components, self._given
        if not given:
            return parts.log_shares
        own = log_elliptic(jnp.sum(w[:, :given] ** 2, axis=1), given, parts.tail)
        return parts.log_shares + own - jnp.sum(parts.log_volumes()[:, :given], axis=1)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        pick_key, normal_key, tail_key, code_key = jax.random.split(key, 4)
        parts, given = self.components, self._given
        w = parts.whitened(self._joint(jnp.zeros(self.shape), condition))
        k = jax.random.categorical(pick_key, self._log_shares(w))
        noise = jax.random.normal(normal_key, (parts.means.shape[1] - given,))
        square = jnp.sum(w[k, :given] ** 2)
        noise = noise * student_scale(tail_key, square, given, parts.tail)
        # L is lower triangular: the whitened condition and noise are the whitened joint numbers.
        drawn = parts.means[k] + parts.factors[k] @ jnp.append(w[k, :given], noise)
        out = self._wrapped(jnp.zeros(self.shape).at[self._reals].set(drawn[given:]))
        return out.at[self._codes].set(self._tables.draw(code_key, parts.tables[k]))

    def _wrapped(self, x: Array) -> Array:
        """The same with angles in [-pi, pi)."""
        return jnp.where(np.isin(np.arange(len(x)), self.periodic), wrap(x), x)

    @override
    def complete(
        self, key: PRNGKey, x: Array, known: Bool[Array, " d"], condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """An exact draw of p(unknown | known, condition), weight p(known | condition)."""
        pick_key, real_key, code_key = jax.random.split(key, 3)
        parts, given = self.components, self._given
        held = jnp.append(jnp.ones(given, bool), known[self._reals])
        # What is unknown may be a NaN, and zero times NaN is one.
        reals = jnp.where(held, self._joint(x, condition), 0.0)

        def given_turns(turns: Array) -> Conditioned:
            seen = parts.means + moved(reals - parts.means, self._angles, turns)
            return jax.vmap(conditioned, (0, 0, 0, None))(parts.means, parts.factors, seen, held)

        found = jax.vmap(given_turns)(self._turns(reals))
        logs = parts.log_shares + self._log_codes(x, known)
        logs = logs + log_elliptic(found.square, jnp.sum(held), parts.tail) - found.log_volume
        place = jax.random.categorical(pick_key, logs.ravel())
        chosen = jax.tree.map(lambda v: v.reshape(-1, *v.shape[2:])[place], found)
        drawn = _draw_rest(real_key, chosen, held, parts.tail)[given:]
        out = self._wrapped(x.at[self._reals].set(drawn))
        out = jnp.where(known, x, out)
        codes = jnp.where(
            known[self._codes], x[self._codes],
            self._tables.draw(code_key, parts.tables[place % len(parts.tables)]),
        )  # fmt: skip
        given_alone = self._log_shares(parts.whitened(reals))
        log_weight = jax.nn.logsumexp(logs) - jax.nn.logsumexp(given_alone)
        # Every turn of an angle that is not known was counted.
        unknown = jnp.sum(~known[np.asarray(self.periodic, int)])
        return out.at[self._codes].set(codes), log_weight - unknown * math.log(3)


def student_scale(key: PRNGKey, square: Scalar, count: Array | int, tail: Scalar) -> Scalar:
    """The factor of normal noise that makes it Student's t given ``count`` numbers before.

    With |w|^2 = ``square`` for those, the rest has nu + count degrees of freedom and a scale of
    (nu + |w|^2) / (nu + count); one for normal components.
    """
    nu = 1.0 / jnp.where(tail > 0, tail, 1.0)
    precision = jax.random.gamma(key, 0.5 * (nu + count)) / (0.5 * (nu + square))
    return jnp.where(tail > 0, jax.lax.rsqrt(precision), 1.0)


class Conditioned(eqx.Module):
    """One component given some of its numbers."""

    mean: Float[Array, " r"]
    scale: Float[Array, "r r"]
    square: Scalar
    """|w|^2 of the known numbers."""
    log_volume: Scalar
    """Half the log-determinant of their scale matrix."""


def _pivot(
    mean: Array, scale: Array, j: Array, value: Scalar, noise: Scalar | float = 0.0
) -> tuple[Array, Array, Scalar]:
    """Mean and scale given a measurement of number j with an error, and the variance of the
    measurement: without error, one step of the sweep operator."""
    variance = jnp.maximum(scale[j, j] + noise**2, 1e-12)
    column = scale[:, j]
    moved = mean + column * (value - mean[j]) / variance
    return moved, scale - column[:, None] * column / variance, variance


def conditioned(
    mean: Float[Array, " r"], factor: Float[Array, "r r"], x: Float[Array, " r"],
    known: Bool[Array, " r"], noise: Float[Array, " r"] | None = None,
) -> Conditioned:  # fmt: skip
    """The conditional of one component, ``x`` measured with the standard errors ``noise``.

    A mask of any shape runs the same program. With errors, ``mean`` and ``scale`` are those of the
    true numbers, ``square`` and ``log_volume`` those of the measured ones (Bovy, Hogg and Roweis
    2011, "Extreme deconvolution", eqs. 13 to 17): measurements with independent errors come one
    after the other.
    """
    errors = jnp.zeros(mean.shape) if noise is None else noise

    def step(carry: Conditioned, j: Array) -> tuple[Conditioned, None]:
        moved, scale, variance = _pivot(carry.mean, carry.scale, j, x[j], errors[j])
        square = carry.square + (x[j] - carry.mean[j]) ** 2 / variance
        new = Conditioned(moved, scale, square, carry.log_volume + 0.5 * jnp.log(variance))
        return jax.tree.map(lambda a, b: jnp.where(known[j], a, b), new, carry), None

    start = Conditioned(mean, factor @ factor.T, jnp.zeros(()), jnp.zeros(()))
    return jax.lax.scan(step, start, jnp.arange(len(mean)))[0]


def _draw_rest(
    key: PRNGKey, given: Conditioned, known: Bool[Array, " r"], tail: Scalar
) -> Float[Array, " r"]:
    """Draw what is not known, one number after the other."""
    normal_key, tail_key = jax.random.split(key)
    noise = jax.random.normal(normal_key, known.shape)
    widen = student_scale(tail_key, given.square, jnp.sum(known), tail)

    def step(carry: tuple[Array, Array], j: Array) -> tuple[tuple[Array, Array], Array]:
        mean, scale = carry
        # The noise of a t distribution is widened once, when all of it has been drawn.
        value = mean[j] + jnp.sqrt(jnp.maximum(scale[j, j], 0.0)) * noise[j]
        moved = _pivot(mean, scale, j, value)[:2]
        kept = jax.tree.map(lambda a, b: jnp.where(known[j], b, a), moved, carry)
        return kept, value

    _, drawn = jax.lax.scan(step, (given.mean, given.scale), jnp.arange(len(known)))
    return given.mean + widen * (drawn - given.mean)
