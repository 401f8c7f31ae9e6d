"""A simulator with a prior of its parameters: draws are stored before anything is trained."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.data.readers import Table

Learn = Literal["posterior", "likelihood", "joint"]
_BLOCK = 1000


class Simulator(NamedTuple):
    """theta ~ prior, x ~ p(x | theta): two functions of NumPy that draw many rows at once.

    >>> simulator = Simulator(
    ...     prior=lambda rng, n: rng.normal(size=(n, 1)),
    ...     simulate=lambda rng, theta: theta + 0.1 * rng.normal(size=theta.shape),
    ...     parameters=("mu",), observables=("x",),
    ... )
    >>> table = simulator.draw(5, seed=0)
    >>> table.values.shape, table.names
    ((5, 2), ('mu', 'x'))
    """

    prior: Callable[[np.random.Generator, int], Float[np.ndarray, "n p"]]
    """``n`` draws of the parameters."""
    simulate: Callable[[np.random.Generator, Float[np.ndarray, "n p"]], Float[np.ndarray, "n d"]]
    """One draw of the observables for each row of parameters."""
    parameters: tuple[str, ...]
    observables: tuple[str, ...]

    def draw(self, count: int, seed: int, on_block: Callable[[int], Any] = lambda _: None) -> Table:
        """``count`` rows of parameters and observables; the same for the same seed.

        ``on_block`` is told how many are drawn, after each thousand.

        Raises:
            InputError: if a function returns another shape, or numbers that are not finite.
        """
        blocks = []
        for index, start in enumerate(range(0, count, _BLOCK)):
            rng = np.random.default_rng([seed, index])
            size = min(_BLOCK, count - start)
            theta = _checked(self.prior(rng, size), (size, len(self.parameters)), "prior")
            x = _checked(self.simulate(rng, theta), (size, len(self.observables)), "simulator")
            blocks.append(np.concatenate([theta, x], axis=1))
            on_block(start + size)
        return Table(np.concatenate(blocks), (*self.parameters, *self.observables), alike=False)

    def conditions(self, learn: Learn) -> tuple[str, ...]:
        """The columns that a model is conditioned on: of p(theta|x), p(x|theta) or p(theta, x)."""
        given = {"posterior": self.observables, "likelihood": self.parameters}
        return given.get(learn, ())


def _checked(values: Any, shape: tuple[int, int], what: str) -> np.ndarray:
    found = np.asarray(values, dtype=np.float64)
    if found.shape != shape:
        raise InputError(
            f"the {what} returned an array of shape {found.shape} where {shape} was wanted: "
            "return one row for each draw"
        )
    bad = int(np.sum(~np.all(np.isfinite(found), axis=1)))
    if bad:
        raise InputError(
            f"the {what} returned NaN or infinity in {bad} of {shape[0]} rows: make it return "
            "finite numbers, or draw and clean the rows yourself"
        )
    return found
