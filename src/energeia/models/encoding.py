"""From configurations to latent vectors and back, for the models that have both ways."""

from typing import Any

from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Encoder
from energeia.energies.gaussian_rbm import GaussianRbm
from energeia.energies.rbm import Rbm
from energeia.models.boltzmann import BoltzmannModel
from energeia.models.dequantized import Dequantized
from energeia.models.flow import Flow
from energeia.models.in_units import ConditionScaling, DensityInUnits, InUnits, LatentInUnits
from energeia.models.latent import Vae
from energeia.models.latent_space import NormalSpace


class FlowEncoder(InUnits, Encoder):
    """z = f(x) of a flow in the user's units; discrete columns are dequantized by noise first."""

    inner: Flow
    units: Units
    scaling: ConditionScaling | None
    codes: Dequantized | None = None
    """Of dequantized columns, the model around the flow."""

    @override
    def encode(self, key: PRNGKey, x: Array, condition: Condition = None) -> Array:
        y, given = self.units.encode(x)[0], self.scaled(condition)
        v = y if self.codes is None else self.codes.dequantize(key, y, given)[0]
        return self.inner.bijection.forward(v, given)[0]

    @override
    def decode(self, key: PRNGKey, z: Array, condition: Condition = None) -> Array:
        v = self.inner.transform(z, self.scaled(condition))
        return self.units.decode(v if self.codes is None else self.units.quantize(v))


class VaeEncoder(InUnits, Encoder):
    """z ~ q(z | x) and x ~ p(x | z) of a variational autoencoder in the user's units."""

    inner: Vae
    units: Units
    scaling: ConditionScaling | None

    @property
    def normal(self) -> bool:
        """Whether q(z | x) and p(z) are normal with independent dimensions."""
        space = self.inner.space
        plain = isinstance(space, NormalSpace) and space.flow is None and space.prior_flow is None
        return plain and self.inner.pseudo_inputs is None

    def posterior(self, x: Array, condition: Condition = None) -> Density:
        """q(z | x)."""
        return self.inner.encode(self.units.encode(x)[0], self.scaled(condition))

    @override
    def encode(self, key: PRNGKey, x: Array, condition: Condition = None) -> Array:
        return self.posterior(x, condition).sample(key)

    @override
    def decode(self, key: PRNGKey, z: Array, condition: Condition = None) -> Array:
        parameters = self.inner.decode(z, self.scaled(condition))
        return self.units.decode(self.inner.likelihood.sample(key, parameters))

    def decode_mean(self, z: Array, condition: Condition = None) -> Array:
        """The mean of p(x | z) in place of a draw, column by column, see ``ColumnLikelihood.mean``:
        the mean of a chart's coordinate, and between the values of an alphabet."""
        parameters = self.inner.decode(z, self.scaled(condition))
        return self.units.decode_mean(self.inner.likelihood.mean(parameters))


class MachineEncoder(InUnits, Encoder):
    """h ~ p(h | x) and x ~ p(x | h) of a restricted Boltzmann machine in the user's units.

    One after the other they are a Gibbs sweep: of rows with the distribution of the machine, what
    comes back has it, too.
    """

    inner: Rbm | GaussianRbm
    units: Units
    scaling: ConditionScaling | None

    @override
    def encode(self, key: PRNGKey, x: Array, condition: Condition = None) -> Array:
        return self.inner.draw_hidden(key, self.units.encode(x)[0], self.scaled(condition))

    def encode_mean(self, x: Array, condition: Condition = None) -> Array:
        """P(h_j = 1 | x)."""
        return self.inner.hidden_mean(self.units.encode(x)[0], self.scaled(condition))

    @override
    def decode(self, key: PRNGKey, z: Array, condition: Condition = None) -> Array:
        return self.units.decode(self.inner.draw_visible(key, z, self.scaled(condition)))


def encoder_of(model: Any) -> Encoder | None:
    """The two ways of a flow, a variational autoencoder or a restricted Boltzmann machine; None
    for other models.

    Whether a wrapper in units has them depends on what it wraps, so this is a function.
    """
    match model:
        case Encoder():
            return model
        case DensityInUnits(inner=Flow() as flow):
            return FlowEncoder(flow, model.units, model.scaling)
        case LatentInUnits(inner=Dequantized(density=Flow() as flow) as codes):
            return FlowEncoder(flow, model.units, model.scaling, codes)
        case LatentInUnits(inner=Vae() as vae):
            return VaeEncoder(vae, model.units, model.scaling)
        case BoltzmannModel(inner=Rbm() | GaussianRbm() as machine):
            return MachineEncoder(machine, model.units, model.scaling)
        case _:
            return None
