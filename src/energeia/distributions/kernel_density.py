"""Kernel densities of reals, angles and codes: joint, or of each column alone."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.angles import wrap
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, ConditionalSampler, Density

MOST_POINTS = 4096
"""Rows that are kept as centers of kernels."""
_CHOICE_ROWS, _BLOCK = 1024, 128
"""Rows that widths are chosen on, and those of them that are scored together."""
_WIDTHS = np.geomspace(0.03, 1.5, 14)
_SHARES = np.geomspace(0.003, 0.6, 14)


class KernelDensity(Density, ConditionalSampler):
    """q(y) = (1/n) sum_i prod_j k_j(y_j; x_ij), or prod_j (1/n) sum_i k_j(y_j; x_ij).

    k_j is a normal density of standard deviation h_j for a real column, wrapped for an angle, and
    1 - h_j + h_j / K for the code of the point and h_j / K for every other one for a column of K
    codes (Aitchison and Aitken 1976; Li and Racine 2003, J. Multivariate Analysis 86, 266). The
    second form, ``independent``, knows no dependence of columns. Scoring a row visits all points.

    >>> y = jnp.array([[-1.0], [1.0]])
    >>> model = KernelDensity(Frozen(y), Frozen(jnp.ones(1)), (0,))
    >>> round(float(jnp.exp(model.log_prob(jnp.zeros(1)))), 4)  # N(1; 0, 1)
    0.242
    """

    points: Frozen
    """Shape ``(n, d)``: standardized reals, angles in [-pi, pi), codes."""
    widths: Frozen
    """h_j of each column."""
    sizes: tuple[int, ...] = eqx.field(static=True)
    """The alphabet size of each column; 0 for a real one."""
    periodic: tuple[int, ...] = eqx.field(static=True, default=())
    """Which columns are angles."""
    independent: bool = eqx.field(static=True, default=False)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.sizes),)

    @property
    @override
    def condition_shape(self) -> None:
        return

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        logs = log_kernels(x, self.points.value, self.widths.value, self.sizes, self.periodic)
        return jnp.sum(self._log_means(logs))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        pick_key, key = jax.random.split(key)
        count = len(self.points.value)
        return self._near(key, jax.random.randint(pick_key, self._choices, 0, count))

    @override
    def complete(
        self, key: PRNGKey, x: Array, known: Bool[Array, " d"], condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """An exact draw of q(unknown | known), weight q(known): points by their kernels there."""
        pick_key, key = jax.random.split(key)
        # What is unknown may be a NaN.
        seen = jnp.where(known, x, 0.0)
        every = log_kernels(seen, self.points.value, self.widths.value, self.sizes, self.periodic)
        logs = jnp.where(known, every, 0.0)
        own = logs if self.independent else jnp.sum(logs, axis=1, keepdims=True)
        drawn = self._near(key, jax.random.categorical(pick_key, own, axis=0))
        return jnp.where(known, x, drawn), jnp.sum(self._log_means(logs))

    @property
    def _choices(self) -> tuple[int]:
        """One point for each column, or one for all."""
        return (len(self.sizes) if self.independent else 1,)

    def _log_means(self, logs: Float[Array, "n d"]) -> Float[Array, " terms"]:
        own = logs if self.independent else jnp.sum(logs, axis=1, keepdims=True)
        return jax.nn.logsumexp(own, axis=0) - jnp.log(len(own))

    def _near(self, key: PRNGKey, chosen: Array) -> Float[Array, " d"]:
        """A draw of the kernels around the chosen points."""
        noise_key, again_key, code_key = jax.random.split(key, 3)
        sizes, h = np.asarray(self.sizes), self.widths.value
        columns = np.arange(len(sizes))
        center = self.points.value[jnp.broadcast_to(chosen, columns.shape), columns]
        moved = center + h * jax.random.normal(noise_key, center.shape)
        moved = jnp.where(np.isin(columns, self.periodic), wrap(moved), moved)
        anew = jax.random.uniform(again_key, center.shape) < h
        code = jnp.floor(jax.random.uniform(code_key, center.shape) * np.maximum(sizes, 1))
        return jnp.where(sizes > 0, jnp.where(anew, code, center), moved)


def log_kernels(
    x: Float[Array, " d"], points: Float[Array, "n d"], widths: Float[Array, " d"],
    sizes: tuple[int, ...], periodic: tuple[int, ...] = (),
) -> Float[Array, "n d"]:  # fmt: skip
    """log k_j(x_j; x_ij), see ``KernelDensity``."""
    counts, angle = np.asarray(sizes), np.isin(np.arange(len(sizes)), periodic)
    away = x - points
    normal = -0.5 * (away / widths) ** 2
    if periodic:
        turned = wrap(away)[..., None] + 2 * np.pi * np.array([-1.0, 0.0, 1.0])
        around = jax.nn.logsumexp(-0.5 * (turned / widths[:, None]) ** 2, axis=-1)
        normal = jnp.where(angle, around, normal)
    normal = normal - jnp.log(widths) - 0.5 * np.log(2 * np.pi)
    other = widths / np.maximum(counts, 1)
    same = jnp.where(jnp.abs(away) < 0.5, 1.0 - widths + other, other)
    # Widths of reals may be above one, where the kernel of a code has no logarithm.
    return jnp.where(counts > 0, jnp.log(jnp.where(counts > 0, same, 1.0)), normal)


class _Settings(NamedTuple):
    """Widths to try: of real columns, and of columns of codes."""

    reals: np.ndarray
    codes: np.ndarray


def _settings(*, coded: bool, independent: bool) -> _Settings:
    if independent or not coded:
        return _Settings(_WIDTHS, _SHARES)
    pairs = [(h, share) for h in _WIDTHS for share in _SHARES[::4]]
    return _Settings(*np.array(pairs).T)


def fit_kernels(
    key: PRNGKey, y: Float[Array, "n d"], sizes: tuple[int, ...], periodic: tuple[int, ...] = (),
    *, independent: bool = False,
) -> KernelDensity:  # fmt: skip
    """Kernels at the rows, or at ``MOST_POINTS`` of them, their widths chosen by leaving one out.

    The width that gives the highest mean of log q_{-i}(x_i) over at most 1,024 rows is taken to
    the number of points by n^(-1 / (r + 4)), r the number of reals (Silverman 1986, section
    4.3.1). ``independent`` columns have a width each, others one for all reals and one for all
    codes. Traceable.

    >>> y = jax.random.normal(jax.random.key(0), (2000, 2))
    >>> found = jax.jit(lambda key, y: fit_kernels(key, y, (0, 0)))(jax.random.key(1), y)
    >>> bool(jnp.all((found.widths.value > 0.1) & (found.widths.value < 0.5)))
    True
    """
    counts = np.asarray(sizes)
    y = y[jax.random.permutation(key, len(y))[:MOST_POINTS]]
    pool = y[:_CHOICE_ROWS]
    tried = _settings(coded=bool(np.any(counts)), independent=independent)
    widths = jnp.where(counts > 0, tried.codes[:, None], tried.reals[:, None])
    scores = jax.lax.map(lambda h: _left_out(pool, h, sizes, periodic, independent), widths)
    best = jnp.argmax(scores, axis=0)
    chosen = jnp.take_along_axis(widths, jnp.broadcast_to(best, (1, len(sizes))), axis=0)[0]
    reals = 1 if independent else int(np.sum(counts == 0))
    thinner = (len(pool) / len(y)) ** (1.0 / (reals + 4.0))
    chosen = jnp.where(counts > 0, chosen, chosen * thinner)
    return KernelDensity(Frozen(y), Frozen(chosen), sizes, periodic, independent)


def _left_out(
    pool: Float[Array, "n d"], widths: Float[Array, " d"], sizes: tuple[int, ...],
    periodic: tuple[int, ...], independent: bool,
) -> Float[Array, " terms"]:  # fmt: skip
    """Mean of log q_{-i}(x_i): of each column, or of all together."""

    def one(place: Array) -> Array:
        logs = log_kernels(pool[place], pool, widths, sizes, periodic)
        own = logs if independent else jnp.sum(logs, axis=1, keepdims=True)
        own = jnp.where((jnp.arange(len(pool)) == place)[:, None], -jnp.inf, own)
        return jax.nn.logsumexp(own, axis=0) - jnp.log(max(len(pool) - 1, 1))

    return jnp.mean(jax.lax.map(one, jnp.arange(len(pool)), batch_size=_BLOCK), axis=0)
