"""``mutual_information(x, z)``: train a bound on one half of the rows, evaluate it on the other."""

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import optax
from jaxtyping import Array

from energeia._core.errors import InputError, nearest
from energeia._core.trees import trainable
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Density
from energeia.distributions.gaussian import StandardNormal
from energeia.estimate import Estimate
from energeia.objectives.information import (
    BarberAgakov,
    DonskerVaradhan,
    InfoNce,
    InformationEstimator,
    JensenShannon,
    Nwj,
    Rows,
)


class StatisticsTraining(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the network of a bound is built and trained."""

    width: int = 64
    """Hidden units."""
    depth: int = 1
    """Residual blocks."""
    moves: int = 2000
    """Gradient steps of Adam."""
    batch: int = 256
    """Rows of a step, and K of InfoNCE."""
    learning_rate: float = 2e-3
    """The initial rate; it decays to zero along a cosine."""


DEFAULT_TRAINING = StatisticsTraining()

ESTIMATORS: dict[str, Callable[[Density, int], InformationEstimator]] = {
    "jensen-shannon": lambda prior, batch: JensenShannon(),
    "nwj": lambda prior, batch: Nwj(),
    "donsker-varadhan": lambda prior, batch: DonskerVaradhan(),
    "info-nce": lambda prior, batch: InfoNce(batch),
    "barber-agakov": lambda prior, batch: BarberAgakov(prior),
}
"""The bounds by name, from the law of z and the rows of a batch."""


def mutual_information(
    x: Any, z: Any, estimator: str = "nwj", *, prior: Density | None = None, seed: int = 0,
    training: StatisticsTraining = DEFAULT_TRAINING,
) -> Estimate:  # fmt: skip
    """A bound on I(X; Z) in nats, with its kind, its error and, in the note, its cap.

    Args:
        x: independent rows, ``(n, ...)``.
        z: the row that belongs to each, ``(n, ...)``.
        estimator: a name of ``ESTIMATORS``. ``"barber-agakov"`` takes z to come from ``prior``.
        prior: the law of z, flattened; a standard normal by default.
        seed: the split in halves, the network's start and its batches follow from it.
        training: the network and its training.

    Raises:
        InputError: for an unknown estimator, rows that cannot be joined, or too few of them.

    >>> import numpy as np
    >>> z = np.random.default_rng(0).normal(size=(4000, 1))
    >>> x = z + np.random.default_rng(1).normal(size=(4000, 1))
    >>> quick = StatisticsTraining(moves=200, batch=128)
    >>> found = mutual_information(x, z, "barber-agakov", training=quick)
    >>> found.kind, bool(abs(found.value - np.log(2) / 2) < 0.1)
    ('lower bound', True)
    """
    if estimator not in ESTIMATORS:
        raise InputError(f"estimator {estimator!r} is not known: {nearest(estimator, ESTIMATORS)}")
    left, right = _joined(x, z, training.batch)
    bound = ESTIMATORS[estimator](prior or StandardNormal((right.shape[1],)), training.batch)
    order = np.random.default_rng(seed).permutation(len(left))
    half = len(left) // 2
    first, last = order[:half], order[half : half + half // 2 * 2]
    network = _trained(
        jax.random.key(seed), bound.training_bound, left[first], right[first], training
    )
    terms = np.asarray(_held_out(bound, network, left[last], right[last]), np.float64)
    found = Estimate.mean(terms, bound.kind)
    return msgspec.structs.replace(found, note=_note(found, bound.cap(len(last))))


def _joined(x: Any, z: Any, batch: int) -> tuple[Rows, Rows]:
    """Both sides as tables of reals.

    Raises:
        InputError: for sides of different length, values that are not finite, too few rows.
    """
    sides = []
    for name, side in (("x", x), ("z", z)):
        rows = np.asarray(side)
        if rows.ndim == 0 or rows.size == 0 or rows.dtype.kind not in "biuf":
            raise InputError(
                f"{name} of shape {rows.shape} and type {rows.dtype} was given to a statistics "
                "network: give real numbers, one row a pair"
            )
        if not np.all(np.isfinite(rows)):
            raise InputError(f"{name} holds NaN or infinity: remove those rows from x and z")
        sides.append(jnp.asarray(rows.reshape(len(rows), -1), float))
    if len(sides[0]) != len(sides[1]):
        raise InputError(
            f"{len(sides[0])} rows of x and {len(sides[1])} of z cannot be joined: "
            "give the z that belongs to each x"
        )
    if len(sides[0]) < 4 * batch:
        raise InputError(
            f"{len(sides[0])} pairs were given where half of them train in batches of {batch}: "
            f"give {4 * batch}, or lower training.batch"
        )
    return sides[0], sides[1]


@eqx.filter_jit
def _trained(
    key: PRNGKey, bound: InformationEstimator, x: Rows, z: Rows, training: StatisticsTraining
) -> Any:
    """Maximize the bound on batches of distinct rows, with shuffled pairs from rolls of all
    rows."""
    init_key, run_key = jax.random.split(key)
    network = bound.network(init_key, x, z, training.width, training.depth)
    params, rest = eqx.partition(network, trainable(network))
    rate = optax.cosine_decay_schedule(training.learning_rate, training.moves)
    optimizer = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(rate))
    rows, batch = len(x), training.batch

    def loss(params: Any, index: Array, other: Array) -> Scalar:
        terms = bound.terms(eqx.combine(params, rest), x[index], z[index], z[other])
        return -jnp.mean(terms)

    def move(carry: tuple[Any, Any], key: PRNGKey) -> tuple[tuple[Any, Any], None]:
        params, state = carry
        start, stride, shift = jax.random.randint(
            key, (3,), jnp.array([0, 1, 1]), jnp.array([rows, rows // batch + 1, rows])
        )
        index = (start + stride * jnp.arange(batch)) % rows
        gradient = jax.grad(loss)(params, index, (index + shift) % rows)
        update, state = optimizer.update(gradient, state)
        return (optax.apply_updates(params, update), state), None

    keys = jax.random.split(run_key, training.moves)
    (params, _), _ = jax.lax.scan(move, (params, optimizer.init(params)), keys)
    return eqx.combine(params, rest)


@eqx.filter_jit
def _held_out(bound: InformationEstimator, network: Any, x: Rows, z: Rows) -> Array:
    """Independent terms, one for each pair of rows, shuffled by an exchange within the pair."""
    other = z.reshape(-1, 2, z.shape[1])[:, ::-1].reshape(z.shape)
    terms = bound.terms(network, x, z, other)
    return terms.reshape(-1, 2).mean(axis=1) if len(terms) == len(x) else terms


def _note(found: Estimate, cap: float) -> str:
    """The cap, and whether it has been reached."""
    parts = [found.note, "no cap" if math.isinf(cap) else f"cap {cap:.3f} nats"]
    if found.value is not None and found.value > cap:
        parts.append("above it, where no bound from so few rows is reliable")
    elif found.value is not None and found.value > 0.9 * cap:
        parts.append("near it, so I may be much larger")
    return "; ".join(filter(None, parts))
