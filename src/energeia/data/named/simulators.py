"""The named simulators, with posteriors that are known."""

import numpy as np

from energeia._core.errors import InputError
from energeia.data.simulator import Simulator


def gaussian_linear(d: int) -> Simulator:
    """theta ~ N(0, 0.1), x ~ N(theta, 0.1) in each of d columns: p(theta | x) = N(x / 2, 0.05).

    The task ``gaussian_linear`` of Lueckmann et al. 2021, arXiv:2101.04653, appendix T.1.
    """
    if d < 1:
        raise InputError(f"d of the simulator 'gaussian-linear' was given {d}: give at least 1")
    width = np.sqrt(0.1)
    return Simulator(
        prior=lambda rng, n: width * rng.normal(size=(n, d)),
        simulate=lambda rng, theta: theta + width * rng.normal(size=theta.shape),
        parameters=tuple(f"theta{i}" for i in range(d)),
        observables=tuple(f"x{i}" for i in range(d)),
    )


def two_moons() -> Simulator:
    """theta ~ U(-1, 1)^2, x on a half circle that |theta_0 + theta_1| shifts: two crescents.

    x = (r cos a + 1/4, r sin a) + (-|theta_0 + theta_1|, -theta_0 + theta_1) / sqrt(2), with
    a ~ U(-pi/2, pi/2), r ~ N(0.1, 0.01^2) (Greenberg et al. 2019, appendix A.5.2).
    """

    def simulate(rng: np.random.Generator, theta: np.ndarray) -> np.ndarray:
        angle = rng.uniform(-np.pi / 2, np.pi / 2, size=len(theta))
        radius = 0.1 + 0.01 * rng.normal(size=len(theta))
        arc = np.stack([radius * np.cos(angle) + 0.25, radius * np.sin(angle)], axis=1)
        first, second = theta.T
        return arc + np.stack([-np.abs(first + second), second - first], axis=1) / np.sqrt(2)

    return Simulator(
        prior=lambda rng, n: rng.uniform(-1.0, 1.0, size=(n, 2)),
        simulate=simulate,
        parameters=("theta0", "theta1"),
        observables=("x0", "x1"),
    )
