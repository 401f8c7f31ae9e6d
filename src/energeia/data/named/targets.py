"""The named targets: energies with their exact partition functions and means, where known."""

import importlib
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.integrate import quad

from energeia._core.errors import InputError, nearest
from energeia.conditions import ConditionColumn
from energeia.data.named.catalog import TARGETS, target_parameters
from energeia.data.named.lattice import FREE_FIELD_SYMMETRIES
from energeia.data.named.lattice_targets import Range, lattice_target
from energeia.energies.analytic import Banana, NormalMixture
from energeia.energies.function import energy
from energeia.energies.target import Target, condition_ranges, target_of
from energeia.physics.lattice.field_observables import (
    free_field_observables,
    phi_four_observables,
)
from energeia.physics.lattice.free_field import FreeField
from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.observables import ColumnMoment, ising_observables
from energeia.physics.lattice.phi_four import LARGEST as SOLVED
from energeia.physics.lattice.phi_four import PhiFour, phi_four_action, site_scale
from energeia.support import Binary, Real, Support


def open_target(spec: str) -> Target:
    """A named target with its parameters.

    Raises:
        InputError: for an unknown name or parameter, with the nearest one.

    >>> target = open_target("double-well:height=2..6")
    >>> target.conditions[0].name, round(target.log_partition([4.0]), 4)
    ('height', -0.1071)
    """
    found = target_parameters(spec)
    if found is None:
        name = spec.partition(":")[0]
        raise InputError(f"target {name!r} is not known: {nearest(name, TARGETS)}")
    name, parameters = found
    module, _, function = TARGETS[name].loader.partition(":")
    return getattr(importlib.import_module(module), function)(**parameters)


def double_well(d: int, height: Range, tilt: Range) -> Target:
    """sum_i height (x_i^2 - 1)^2 + tilt x_i; log Z is d times that of one column, by quadrature."""
    _require_columns("double-well", d, 1)
    if (height[0] if isinstance(height, tuple) else height) <= 0:
        raise InputError(f"height of the target 'double-well' was given {height}: give it above 0")
    varied, values = _varied(height=height, tilt=tilt)

    def per_column(x: Any, height: Any, tilt: Any) -> Any:
        return height * (x**2 - 1) ** 2 + tilt * x

    def log_partition(condition: np.ndarray | None) -> float:
        h, t = values(condition)
        # Far enough beyond the wells, whatever their depth, and shifted by the lowest energy.
        grid = np.linspace(-4.0, 4.0, 20_001)
        lowest = float(np.min(per_column(grid, h, t)))
        integral = quad(lambda x: math.exp(lowest - per_column(x, h, t)), -6, 6, points=(-1, 1))[0]
        return d * (math.log(integral) - lowest)

    moments = tuple(
        (ColumnMoment(column=0, power=power, name=name), None)
        for power, name in ((1, "x0"), (2, "x0^2"))
    )
    return _of_function(
        lambda x, *condition: jnp.sum(per_column(x, *values(*condition))), d, varied
    )._replace(log_partition=log_partition, observables=() if varied else moments)


def funnel(d: int) -> Target:
    """x_0 ~ N(0, 3^2), x_i ~ N(0, exp(x_0)), normalized (Neal 2003, section 8)."""
    _require_columns("funnel", d, 2)

    def of(x: Any) -> Any:
        constant = 0.5 * d * math.log(2 * math.pi) + math.log(3.0)
        width = 0.5 * (d - 1) * x[0] + 0.5 * jnp.exp(-x[0]) * jnp.sum(x[1:] ** 2)
        return x[0] ** 2 / 18 + width + constant

    head = (ColumnMoment(column=0, power=2, name="x0^2"), 9.0)
    return target_of(energy(of, d), scale=3.0)._replace(
        log_partition=lambda _: 0.0, observables=(head,)
    )


def gmm40(d: int, seed: int) -> Target:
    """40 equal Gaussians, their widths log(1 + e), after Midgley et al. 2023, arXiv:2208.01893.

    The centers follow from ``seed`` by NumPy, and so are not those of the paper.
    """
    _require_columns("gmm40", d, 1)
    centers = np.random.default_rng(seed).uniform(-40.0, 40.0, size=(40, d))
    mixture = NormalMixture(jnp.asarray(centers, float), math.log1p(math.e))
    means = tuple(
        (ColumnMoment(column=i, power=1, name=f"x{i}"), float(centers[:, i].mean()))
        for i in range(min(d, 2))
    )
    return target_of(mixture, scale=25.0)._replace(log_partition=lambda _: 0.0, observables=means)


def banana(bend: float, width: float) -> Target:
    """A skewed density with known moments, see ``energies.Banana``."""
    second = ColumnMoment(column=1, power=2, name="x1^2")
    return target_of(Banana(bend, width))._replace(
        log_partition=lambda _: 0.0, observables=((second, 2 * bend**2 + width**2),)
    )


def ising(L: int, beta: Range, J: float, h: float) -> Target:
    """The Ising model as an energy of rows of L^2 spins; with a range of beta as a condition."""
    flips = ("spin-flip",) if h == 0 else ()
    return lattice_target(
        lambda beta: Ising(L, beta, J, h), beta, Binary((-1.0, 1.0)),
        ("translations", "transposition", *flips), ising_observables,
    )  # fmt: skip


def free_field(L: int, mass2: float) -> Target:
    """The free scalar field as an energy of rows of L^2 reals, everything known."""
    model = FreeField(L, mass2)
    return target_of(model, scale=model.correlations[0, 0] ** 0.5)._replace(
        symmetries=FREE_FIELD_SYMMETRIES,
        periodic_layout=True,
        log_partition=lambda _: model.log_partition,
        observables=free_field_observables(model),
    )


def phi4(L: int, m2: Range, lam: Range) -> Target:
    """The phi^4 field as an energy of rows of L^2 reals, solved for L = 2 and 3."""
    varied, values = _varied(m2=m2, lam=lam)
    ends = [value if isinstance(value, tuple) else (value, value) for value in (m2, lam)]
    model = PhiFour(L, *(low for low, _ in ends))
    shape = model.shape

    def of(x: Any, *condition: Any) -> Any:
        return phi_four_action(x.reshape(shape), *values(*condition))

    def log_partition(condition: np.ndarray | None) -> float | None:
        found = PhiFour(L, *map(float, values(condition)))
        return found.solution.log_partition if L <= SOLVED else None

    middle = [(low + high) / 2 for low, high in ends]
    exact = model.solution if L <= SOLVED and not varied else None
    return _of_function(of, L * L, varied)._replace(
        layout=shape,
        scale=site_scale(*middle),
        symmetries=FREE_FIELD_SYMMETRIES,
        periodic_layout=True,
        log_partition=log_partition,
        observables=() if varied else phi_four_observables(exact),
    )


def _varied(**given: Range) -> tuple[tuple[ConditionColumn, ...], Callable[..., tuple[Any, ...]]]:
    """The ranges among parameters as conditions, and the parameters at a condition."""
    ranges = {name: value for name, value in given.items() if isinstance(value, tuple)}
    index = {name: i for i, name in enumerate(ranges)}

    def values(condition: Any = None) -> tuple[Any, ...]:
        return tuple(
            condition[index[name]] if name in index else value for name, value in given.items()
        )

    return condition_ranges(**ranges), values


def _of_function(
    function: Callable[..., Any], d: int, conditions: tuple[ConditionColumn, ...]
) -> Target:
    """A target of real columns from a function of x, and of a condition where there is one."""
    width = len(conditions) or None
    support = Support(((Real(), d),))
    columns = tuple(f"x{i}" for i in range(d))
    made = energy(function, d, condition_shape=width)
    return Target(made, support, (d,), columns, conditions=conditions)


def _require_columns(name: str, d: int, least: int) -> None:
    if d < least:
        raise InputError(f"d of the target {name!r} was given {d}: give at least {least}")
