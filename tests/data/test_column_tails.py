"""`inspect` names the columns with heavy tails, and no others."""

import numpy as np

from energeia.cli.inspecting import tail_lines
from energeia.data.inspection import inspect


def test_heavy_columns_are_named_with_their_index(tmp_path):
    rng = np.random.default_rng(0)
    columns = [
        rng.normal(size=20_000),
        rng.standard_t(2.5, 20_000),
        rng.pareto(1.5, 20_000) + 1.0,
        rng.integers(0, 3, 20_000),
        rng.uniform(-np.pi, np.pi, 20_000),
    ]
    np.save(tmp_path / "rows.npy", np.stack(columns, axis=1))
    found = inspect(str(tmp_path / "rows.npy"))
    assert [tail.column for tail in found.tails] == [1, 2]
    for tail, alpha in zip(found.tails, (2.5, 1.5), strict=True):
        assert abs(tail.alpha - alpha) < 4 * tail.stderr
        assert tail.stderr < 0.1 * alpha
    lines = tail_lines(found)
    assert [line.split(":")[0] for line in lines] == ["heavy tail in x2", "heavy tail in x1"]


def test_rows_that_are_not_finite_hide_no_tail(tmp_path):
    rows = np.random.default_rng(0).standard_t(1.5, size=(5000, 1))
    rows[3] = np.nan
    np.save(tmp_path / "rows.npy", rows)
    assert len(inspect(str(tmp_path / "rows.npy")).tails) == 1
