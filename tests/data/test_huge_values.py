"""Values at the ends of the number line are inspected without a warning of NumPy's."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.inspection import inspect
from energeia.data.sources import open_data

RNG = np.random.default_rng(0)
SIGNS = RNG.choice([-1.0, 1.0], (200, 2))
BEYOND = {
    "huge": SIGNS * 1.7e308 * RNG.random((200, 2)),
    "beside a usual column": np.column_stack([RNG.normal(size=200), SIGNS[:, 0] * RNG.random(200)])
    * [1.0, 1.7e308],
}
WITHIN = {
    "two huge levels": SIGNS * 1e300,
    "tiny": RNG.normal(size=(200, 2)) * 1e-310,
    "32-bit": (SIGNS * 3e38 * RNG.random((200, 2))).astype(np.float32),
    "64-bit integers": RNG.integers(-(2**63), 2**63 - 1, (200, 2)),
}


def saved(folder, rows):
    np.save(folder / "a.npy", rows)
    return str(folder / "a.npy")


@pytest.mark.parametrize("name", WITHIN)
def test_extreme_numbers_are_inspected_and_opened(name, tmp_path):
    found = inspect(saved(tmp_path, WITHIN[name]))
    assert found.refusals == ()
    assert open_data(saved(tmp_path, WITHIN[name])).rows.shape == (200, 2)


@pytest.mark.parametrize("name", BEYOND)
def test_numbers_beyond_the_models_are_refused_in_a_sentence(name, tmp_path):
    found = inspect(saved(tmp_path, BEYOND[name]))
    assert len(found.refusals) == 1
    with pytest.raises(InputError, match="divide by a unit") as caught:
        open_data(saved(tmp_path, BEYOND[name]))
    assert found.refusals == (str(caught.value),)
    with pytest.raises(InputError, match=r"conditions beyond|divide by a unit"):
        open_data(saved(tmp_path, BEYOND[name]), condition_columns=[1])


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_the_autocorrelation_time_has_no_unit(scale, tmp_path):
    walk = np.cumsum(RNG.normal(size=500))[:, None] * scale
    found = inspect(saved(tmp_path, walk))
    assert found.ordered
    assert found.autocorrelation_time > 5
