"""What builders see of the data."""

import numpy as np
import pytest

from energeia.contracts import Batch
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.runs import building
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.support import Real, Support


class Seen(Exception):
    """Carries the reference rows."""


@pytest.mark.parametrize("seed", [0, 1])
def test_scales_come_from_rows_of_the_whole_file(seed, monkeypatch):
    def stop(arrays, reference, key):
        raise Seen(reference)

    rows = np.sort(np.random.default_rng(0).normal(size=20_000)).astype(np.float32)[:, None]
    problem = Problem(support=Support(((Real(), 1),)), layout=(1,), rows=len(rows))
    data, options = DataConfig(spec="x.npy"), find("spline-flow").options()
    config = RunConfig(recipe="spline-flow", data=data, options=options, seed=seed)
    monkeypatch.setattr(building, "run_unoptimized", stop)
    with pytest.raises(Seen) as caught:
        building.build(config, problem, Batch(rows, rows + 1))
    x, condition = map(np.asarray, caught.value.args[0][:2])
    assert x.shape == (4096, 1)
    np.testing.assert_array_equal(condition, x + 1)
    # Errors of a mean and of a deviation of 4,096 normal numbers.
    assert abs(x.mean()) < 4 / np.sqrt(4096)
    assert abs(x.std() - 1) < 4 / np.sqrt(2 * 4096)
    # The control: the rows that come first.
    assert rows[:4096].mean() < -1.2
    assert rows[:4096].std() < 0.5
