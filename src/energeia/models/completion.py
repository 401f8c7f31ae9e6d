"""Which models fill in a part of a configuration by drawing it, and wrappers that pass it on."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool
from typing_extensions import override

from energeia._core.shapes import one_of
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, ConditionalSampler, Generator, Wrapper
from energeia.models.ensemble import Ensemble
from energeia.models.in_units import ConditionScaling, DensityInUnits
from energeia.models.symmetrized import Symmetrized
from energeia.physics.lattice.symmetry import SymmetryGroup


def conditional_sampler(model: Generator) -> ConditionalSampler | None:
    """The conditional sampler of a model, or None where it has none.

    A wrapper (units, an ensemble, a symmetrized density) has one where what it wraps has one.

    >>> import jax
    >>> from energeia.distributions.columns import columns_of
    >>> from energeia.models import Made
    >>> from energeia.support import Binary, Support
    >>> made = Made(jax.random.key(0), columns_of(Support.of([Binary()] * 3)), width=6)
    >>> conditional_sampler(made) is made
    True
    """
    match model:
        case ConditionalSampler():
            return model
        case DensityInUnits(inner=inner, units=units, scaling=scaling):
            found = conditional_sampler(inner)
            return None if found is None else CompletionInUnits(found, units, scaling)
        case Ensemble(members=members, count=count):
            found = conditional_sampler(members)
            return None if found is None else EnsembleCompletion(found, count)
        case Symmetrized(inner=inner, group=group):
            found = conditional_sampler(inner)
            return None if found is None else SymmetrizedCompletion(found, group)
        case _:
            return None


class CompletionInUnits(ConditionalSampler):
    """Completions in the user's units: known values are kept as they are, bit for bit."""

    inner: ConditionalSampler
    units: Units
    scaling: ConditionScaling | None = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return self.units.decode(self.inner.sample(key, self._scaled(condition)))

    def complete(
        self, key: PRNGKey, x: Array, known: Bool[Array, " d"], condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """As the inner model, with the Jacobian of the known columns in the weight."""
        y, fixed, log_det = self.units.encode_known(x, known)
        drawn, log_weight = self.inner.complete(key, y, fixed, self._scaled(condition))
        return jnp.where(known, x, self.units.decode(drawn)), log_weight + log_det

    def _scaled(self, condition: Condition) -> Condition:
        return condition if self.scaling is None else self.scaling(condition)


class EnsembleCompletion(ConditionalSampler):
    """Completions of an equal mixture: every member draws one, one is picked by its weight.

    The mean weight of the members has mean p(known), and where the weight of every member is
    constant so is their mean.
    """

    members: ConditionalSampler
    count: int = eqx.field(static=True)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return one_of(self.members).shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.members.condition_shape

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        nothing = jnp.zeros(self.shape)
        return self.complete(key, nothing, jnp.zeros(self.shape, bool), condition)[0]

    def complete(
        self, key: PRNGKey, x: Array, known: Bool[Array, "..."], condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """The draw of one member, and the mean of the weights of all of them."""
        pick, draw = jax.random.split(key)
        keys = jax.random.split(draw, self.count)
        every, logs = eqx.filter_vmap(
            lambda member, key: member.complete(key, x, known, condition)
        )(self.members, keys)
        return every[jax.random.categorical(pick, logs)], _log_mean(logs)


class SymmetrizedCompletion(Wrapper, ConditionalSampler):
    """Completions of a mixture over a group: g x is completed for some g, then moved back.

    ``tries`` elements are drawn, and one of them is picked by its weight: the weights of
    elements that carry the known sites to the end of the order vary most.
    """

    inner: ConditionalSampler
    group: SymmetryGroup
    tries: int = eqx.field(static=True, default=8)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        draw, move = jax.random.split(key)
        x = self.inner.sample(draw, condition)
        index = jax.random.randint(move, (), 0, self.group.order)
        return self.group.apply(index, x.ravel()).reshape(x.shape)

    def complete(
        self, key: PRNGKey, x: Array, known: Bool[Array, "..."], condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """A completion under one of several random elements, and the mean of their weights."""
        choose, pick, draw = jax.random.split(key, 3)
        chosen = jax.random.randint(choose, (self.tries,), 0, self.group.order)

        def one(index: Array, key: PRNGKey) -> tuple[Array, Scalar]:
            moved, slope = jax.jvp(
                lambda x: self.group.apply(index, x), (x.ravel(),), (jnp.ones(x.size, x.dtype),)
            )
            fixed = self.group.moved_sites(index, known.ravel())
            # The map keeps the volume of all columns together, not that of the known ones alone.
            log_det = jnp.sum(jnp.where(fixed, jnp.log(jnp.abs(slope)), 0.0))
            drawn, log_weight = self.inner.complete(
                key, moved.reshape(x.shape), fixed.reshape(x.shape), condition
            )
            back = self.group.apply_inverse(index, drawn.ravel()).reshape(x.shape)
            return back, log_weight + log_det

        every, logs = jax.vmap(one)(chosen, jax.random.split(draw, self.tries))
        filled = every[jax.random.categorical(pick, logs)]
        return jnp.where(known, x, filled), _log_mean(logs)


def _log_mean(logs: Array) -> Scalar:
    return jax.nn.logsumexp(logs) - jnp.log(len(logs))
