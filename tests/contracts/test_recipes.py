"""Every recipe of the catalogue: it fits, is loaded, samples, scores, and says what it cannot."""

import numpy as np
import pytest

from energeia._core.errors import InputError, NoSuchCapability, NotNormalized
from energeia.contracts import Density, Energy, LatentModel
from energeia.evaluation.budget import EvaluationBudget
from energeia.models.landscape import HasLandscape
from energeia.models.mixed import Mixed
from energeia.recipes.catalogue import RECIPES, one_per_family, require, unsupported_reason
from energeia.recipes.options import adversarial, latent, tomography
from energeia.recipes.options.families import FAMILIES
from energeia.recipes.options.problem import Problem
from energeia.runs.storage.config import DataConfig
from energeia.runs.verbs import fit, load
from energeia.support import Binary, Circle, Real, Support

TINY = {"training": {"rounds": 4, "check_every": 2, "batch": 32, "checkpoint_every": 2}}

LITTLE = EvaluationBudget(chains=16, temperatures=20, weights_per_row=16)

SHORT = {
    "rbm": {"hidden": 8, "chains": 16, "anneal": 5, "steps": 5},
    "boltzmann": {"anneal": 5, "steps": 5},
    "ebm": {
        "width": 8, "depth": 1, "octaves": 1, "chains": 16, "moves": 1, "anneal": 5, "steps": 5
    },
    "realnvp": {"layers": 2, "width": 8, "depth": 1, "octaves": 1},
    "spline-flow": {"layers": 2, "bins": 4, "width": 8, "depth": 1, "octaves": 1},
    "glow": {"steps": 2, "channels": 4, "depth": 1, "bins": 4},
    "maf": {"layers": 2, "width": 8, "depth": 1, "octaves": 1},
    "iaf": {"layers": 2, "width": 8, "depth": 1, "octaves": 1},
    "nsf-ar": {"layers": 2, "bins": 4, "width": 8, "depth": 1, "octaves": 1},
    "planar": {"layers": 3},
    "made": {"width": 8, "depth": 1, "components": 2, "octaves": 1, "orders": 2},
    "any-order": {"width": 8, "depth": 1, "components": 2, "octaves": 1, "orders": 2},
    "gru": {"width": 8, "components": 2, "octaves": 1},
    "lstm": {"width": 8, "components": 2, "octaves": 1},
    "transformer": {"width": 8, "depth": 1, "heads": 2, "components": 2, "octaves": 1},
    "pixelcnn": {"width": 4, "depth": 1, "components": 2, "octaves": 1},
    "pixelrnn": {"width": 4, "depth": 1, "components": 2, "octaves": 1},
    "vae": {"latent": 2, "width": 8, "depth": 1},
    "iwae": {"latent": 2, "width": 8, "depth": 1, "particles": 4},
    "gan": {"latent": 2, "width": 8, "octaves": 1},
    "max-entropy": {"layers": 2, "bins": 4, "width": 8, "depth": 1, "octaves": 1},
    "povm-compact": {"width": 8},
    "povm-gru": {"width": 8, "depth": 1},
    "povm-lstm": {"width": 8, "depth": 1},
    "povm-transformer": {"width": 8, "depth": 1, "heads": 2},
    "k-gram": {"order": 2},
    "born-machine": {"bond": 2},
    "mixture": {"components": 2},
}  # fmt: skip
"""Samplers and networks too large for a test of the grammar."""

VARIANTS = {recipe.name for recipe in (*adversarial.RECIPES[1:], *latent.RECIPES[2:])}
VARIANTS |= {"nice", "radial", "equivariant-flow"}
"""Recipes of one builder told apart by data, or of fields alone: tests/recipes know them."""

OF_SHOTS = {recipe.name for recipe in tomography.RECIPES}
"""Their networks meet mixed columns and conditions as ``gru``, of the same builder."""


def mixed_rows(count=300):
    """Columns of four kinds that depend on a condition, the last column."""
    rng = np.random.default_rng(0)
    heat = rng.uniform(0.5, 2.0, count)
    flag = rng.integers(0, 2, count)
    level = rng.integers(0, 4, count)
    real = rng.normal(size=count) * heat + 3 * flag
    return np.column_stack([flag, level, real, np.exp(real / 4 + level / 3), heat])


def data_of(kind, folder):
    if kind == "lattice":
        return DataConfig(spec="ising:L=4,n=400")
    if kind == "shots":
        path = folder / "shots.npy"
        np.save(path, np.random.default_rng(0).integers(0, 6, (300, 5)))
        return DataConfig(spec=str(path), support="*:categorical(0,1,2,3,4,5)")
    path = folder / "mixed.csv"
    np.savetxt(path, mixed_rows(), delimiter=",", header="flag,level,x,y,heat", comments="")
    return DataConfig(spec=str(path), support="3:positive", condition=("heat",))


def cases():
    mixed = Support.of([Binary(), Real()])
    for name, recipe in RECIPES.items():
        if name in VARIANTS or "rows" not in recipe.accepts:
            continue
        if name in OF_SHOTS:
            yield name, "shots"
            continue
        takes_mixed = unsupported_reason(recipe, mixed, conditional=True) is None
        if takes_mixed:
            yield name, "mixed"
        # Codes alone are another model in a flow, and a lattice is another network than a row in
        # ``pixelcnn`` and ``pixelrnn``; elsewhere mixed columns contain what they show.
        if not takes_mixed or name in ("spline-flow", "realnvp", "pixelcnn", "pixelrnn"):
            yield name, "lattice"


@pytest.mark.parametrize(("name", "kind"), list(cases()))
def test_recipe_fits_loads_samples_and_scores(name, kind, tmp_path):
    options = TINY | SHORT.get(name, {})
    run = fit(data_of(kind, tmp_path), name, out=tmp_path / "run", options=options, quiet=True)
    condition = [1.0] if kind == "mixed" else None
    drawn = run.sample(8, seed=1, condition=condition)
    assert drawn.shape == (8, *run.problem.layout)
    rows = drawn.reshape(8, -1)
    run.problem.support.check(rows)

    again = load(tmp_path / "run")
    assert np.array_equal(again.sample(8, seed=1, condition=condition), drawn)
    assert not np.array_equal(again.sample(8, seed=2, condition=condition), drawn)

    landscape = again.model.landscape() if isinstance(again.model, HasLandscape) else None
    latent = landscape is not None and landscape.generator is not None
    exact_table = isinstance(getattr(again.model, "inner", None), Mixed)
    assert latent == (RECIPES[name].latent_space and not exact_table)

    scores = again.score(drawn, condition, budget=LITTLE)
    if isinstance(again.model, Density):
        assert scores.mean.kind == "exact"
        assert np.allclose(again.log_prob(drawn, condition), scores.rows, rtol=1e-5)
        assert np.allclose(again.energy(drawn, condition), -scores.rows, rtol=1e-5)
    else:
        with pytest.raises(NotNormalized, match="score"):
            again.log_prob(drawn, condition)
    if isinstance(again.model, LatentModel):
        assert scores.mean.kind == "lower bound"
    if not isinstance(again.model, Energy):
        with pytest.raises(NoSuchCapability):
            again.energy(drawn, condition)
    elif scores.mean.kind != "none":
        assert np.all(np.isfinite(again.energy(drawn, condition)))


def test_every_family_fits_every_discrete_and_real_support():
    for support, energy in (
        (Support(((Binary(), 5),)), "rbm"),
        (Support(((Real(), 3),)), "ebm"),
        (Support(((Binary(), 5), (Real(), 3))), "ebm"),
    ):
        chosen = one_per_family(support)
        assert [recipe.name for recipe in chosen if recipe.family == "energy"] == [energy]
        found = [recipe.family for recipe in chosen]
        others = [name for name in found if not FAMILIES[name].simple]
        assert len(others) == len(set(others)) == 5
        assert len(found) - len(others) == 4


def test_a_recipe_that_does_not_fit_says_which_do():
    problem = Problem(support=Support(((Circle(0.0, 1.0), 2),)), layout=(2,), rows=10)
    unfit = [r for r in RECIPES.values() if unsupported_reason(r, problem.support)]
    assert unfit
    with pytest.raises(InputError, match=r"does not fit this data.*choose from"):
        require(unfit[0], problem)
