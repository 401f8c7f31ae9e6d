"""Convolutional networks of fields: the one place that says which, for images and for lattices."""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Array

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.nn.fields import ChannelsFirst, FieldNetwork, PooledNetwork, ReshapedNetwork
from energeia.nn.images import ImageDecoder, ImageEncoder
from energeia.recipes.options.problem import Problem

Network = Callable[[Array], Array]
_DEPTH = 2
"""Hidden layers of a network of a lattice."""


class Field(NamedTuple):
    """The layout of rows that are fields."""

    height: int
    width: int
    channels: int
    periodic: bool

    @property
    def sites(self) -> int:
        """Numbers in a configuration."""
        return self.height * self.width * self.channels

    def layout(self, features: int = 1) -> tuple[int, int, int]:
        """Height, width and channels, with that many features of each number."""
        return self.height, self.width, self.channels * features


def field_of(problem: Problem) -> Field:
    """The field that rows of a problem are.

    Raises:
        InputError: for rows that convolutions do not fit: a table, columns of several kinds,
            angles, a condition, or an image whose sides are no multiples of 4.
    """
    layout, kinds = problem.layout, problem.support.names
    if len(layout) not in (2, 3) or len(kinds) != 1 or "circle" in kinds:
        raise InputError(
            f"convolutions were asked for on rows of layout {layout} and {' and '.join(kinds)} "
            "columns: they need (height, width) or (height, width, channels) of one kind but angles"
        )
    if problem.condition_dimension:
        raise InputError("convolutions were asked for with a condition: use networks=dense")
    height, width, channels = (*layout, 1)[:3]
    field = Field(height, width, channels, problem.periodic_layout)
    if not field.periodic and (field.height % 4 or field.width % 4):
        raise InputError(
            f"convolutions were asked for on an image of {field.height} x {field.width}, whose "
            "sides they halve twice: give multiples of 4"
        )
    return field


def critic(field: Field, *, channels: int, key: PRNGKey) -> Network:
    """A field to ``(1,)``: of a lattice a sum over sites, whatever its size."""
    if not field.periodic:
        return ImageEncoder(field.layout(), 1, channels=channels, key=key)
    network = FieldNetwork(
        field.channels, 1, channels=channels, depth=_DEPTH, periodic=True, key=key
    )
    return PooledNetwork(network, field.layout(), "sum")


def latent_size(field: Field, latent: int) -> int:
    """Latent numbers: of a lattice one at every site, of an image as many as were asked for."""
    return field.height * field.width if field.periodic else latent


def encoder(field: Field, features: int, outputs: int, *, channels: int, key: PRNGKey) -> Network:
    """The features of a field to ``outputs`` numbers: of a lattice two of each site, all the first
    ones first.

    Raises:
        InputError: for another number of outputs of a lattice.
    """
    if not field.periodic:
        return ImageEncoder(field.layout(features), outputs, channels=channels, key=key)
    if outputs != 2 * field.height * field.width:
        raise InputError(
            "convolutions of a periodic lattice were asked for with latent vectors that are no "
            "normal numbers of its sites: give space=normal and posterior=normal, or networks=dense"
        )
    network = FieldNetwork(
        field.channels * features, 2, channels=channels, depth=_DEPTH, periodic=True, key=key
    )
    return ChannelsFirst(ReshapedNetwork(network, field.layout(features)), 2)


def decoder(field: Field, latent: int, outputs: int, *, channels: int, key: PRNGKey) -> Network:
    """Latent numbers to ``outputs`` numbers of each site, all the first ones first."""
    if not field.periodic:
        network = ImageDecoder(latent, field.layout(outputs), channels=channels, key=key)
        return network if outputs == 1 else ChannelsFirst(network, outputs)
    layers = FieldNetwork(
        1, field.channels * outputs, channels=channels, depth=_DEPTH, periodic=True, key=key
    )
    return ChannelsFirst(ReshapedNetwork(layers, (field.height, field.width, 1)), outputs)
