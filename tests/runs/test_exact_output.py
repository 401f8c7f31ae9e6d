import io

import numpy as np
import pytest

from energeia.data import open_data
from energeia.data.text import read_text, write_text
from energeia.runs import fit
from energeia.runs.storage.row_files import growing
from energeia.standardization import Standardization
from energeia.support import Categorical, Circle, Interval, Positive, Real, Support

LEVELS = (0.1, 0.7, 1.0 / 3.0)


def test_no_draw_of_any_size_leaves_its_support():
    support = Support.of([Positive(), Circle(0.0, 360.0), Interval(0.1, 0.7), Categorical(LEVELS)])
    rules = Standardization(support, (3.0, 0.0, -1.0, 0.0), (50.0, 1.0, 20.0, 1.0))
    wild = np.random.default_rng(0).normal(size=(2000, 4)) * [1e3, 1e3, 1e3, 1.0]
    wild[0, 1] = np.nextafter(np.float64(np.pi), 0)
    x = rules.decode(wild)
    assert support.contains(x).all()
    assert np.all(x[:, 1] < 360.0)
    assert set(x[:, 3]) <= set(LEVELS)
    # The control: beyond the range of float64 the bare exponential is zero or infinite.
    with np.errstate(over="ignore"):
        bare = np.exp(wild[:, 0] * 50 + 3)
    assert np.any(bare == 0)
    assert np.any(np.isinf(bare))


@pytest.mark.parametrize("suffix", [".csv", ".npy"])
def test_samples_in_a_file_are_values_of_the_alphabet_to_the_last_bit(suffix, tmp_path):
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.choice(LEVELS, 1500), rng.normal(size=1500)])
    assert open_data(rows).support.columns == (Categorical(tuple(sorted(LEVELS))), Real())
    run = fit(
        rows, "made", out=tmp_path / "run", quiet=True,
        options={"width": 8, "training": {"rounds": 2, "check_every": 1}},
    )  # fmt: skip
    x = run.sample(300)
    assert set(x[:, 0]) == set(LEVELS)
    file = tmp_path / f"samples{suffix}"
    with growing(file, len(x), run.columns) as stream:
        stream.write(x[:100])
        stream.write(x[100:])
    written = np.load(file) if suffix == ".npy" else read_text(file)[0]
    np.testing.assert_array_equal(written, x)
    assert written.dtype == np.float64
    holes = np.where([True, False], np.nan, x[:20])
    assert set(run.complete(holes, n=3).samples[..., 0].ravel()) <= set(LEVELS)


def test_text_keeps_every_bit():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2**63, 4000, dtype=np.int64).view(np.float64).reshape(-1, 2)
    x = x[np.isfinite(x).all(axis=1)]
    stream = io.BytesIO()
    write_text(stream, x)
    again = np.loadtxt(io.StringIO(stream.getvalue().decode()), delimiter=",")
    np.testing.assert_array_equal(again, x)
