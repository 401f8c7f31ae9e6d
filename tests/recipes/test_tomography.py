"""Recipes for shots: what is counted is counted on every row; what does not fit is refused."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.contracts import Batch
from energeia.models.kgram import SMOOTHINGS
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.runs.building import build
from energeia.runs.storage.config import DataConfig, RunConfig, build_options
from energeia.support import Categorical, Support

CODES = np.random.default_rng(0).integers(0, 4, (6000, 3)).astype(np.float32)
PROBLEM = Problem(
    support=Support(((Categorical((0.0, 1.0, 2.0, 3.0)), 3),)), layout=(3,), rows=len(CODES)
)


def assembled(recipe, **options):
    chosen = build_options(find(recipe).options, options)
    config = RunConfig(recipe=recipe, data=DataConfig(spec=""), options=chosen)
    return build(config, PROBLEM, Batch(CODES, None))


def test_marginals_are_counted_on_every_row():
    table = assembled("product-of-marginals").modules["model"].inner.tables.value
    counts = np.stack([np.bincount(column.astype(int), minlength=4) for column in CODES.T])
    wanted = [(counts + s / 4) / (6000 + s) for s in SMOOTHINGS]
    gaps = [np.abs(np.exp(table[:, 0]) - w).max() for w in wanted]
    assert min(gaps) < 1e-6
    # Control: the first 4096 rows, which other recipes are shown, give other frequencies.
    some = np.bincount(CODES[:4096, 0].astype(int), minlength=4) / 4096
    assert np.abs(np.exp(table[0, 0]) - some).max() > 1e-4


def test_a_born_machine_wants_the_outcomes_of_its_measurement():
    with pytest.raises(InputError, match="pauli-6 has 6 outcomes"):
        assembled("born-machine")
    assert assembled("born-machine", povm="tetrahedral").modules["model"].inner.shape == (3,)


def test_heads_must_share_the_width():
    with pytest.raises(InputError, match=r"3 heads.* such as 48"):
        assembled("povm-transformer", width=47, heads=3)
