"""Runs on an energy without rows: named, from Python, imported, with conditions, resumed."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import dblquad
from studies.faults import FailingDisk, Operation, PowerCut, power_cut
from studies.kills import content

import energeia
from energeia._core.precision import use_precision
from energeia.data.named.targets import open_target
from energeia.energies.function import energy
from energeia.energies.target import condition_ranges, target_of
from energeia.errors import InputError
from energeia.runs.storage import files
from energeia.runs.storage.config import TargetConfig
from energeia.runs.storage.directory import RunDirectory

SHORT = {"rounds": 8, "check_every": 2, "checkpoint_every": 2, "batch": 64, "mode": "step"}
SMALL = {"layers": 2, "width": 8, "depth": 1, "training": SHORT}
"""For what a run does, whatever it learns."""

LEARNING = {"depth": 1, "optimization": {"learning_rate": 0.02}}


def learning(rounds, **options):
    """The options of a small network that learns fast, checked once."""
    training = {"rounds": rounds, "check_every": rounds, "batch": 256}
    return {**LEARNING, **options, "training": training}


def tilted(x):
    return 2.0 * jnp.sum((x**2 - 1) ** 2) + 0.3 * x[0]


@pytest.fixture(scope="module")
def lattice(tmp_path_factory):
    """made on the energy of a 3x3 lattice."""
    options = learning(150, width=32, orders=1)
    out = tmp_path_factory.mktemp("targets") / "lattice"
    return energeia.fit(
        "ising:L=3,beta=0.3", "made", subject="target", out=out, options=options, quiet=True
    )


@pytest.fixture(scope="module")
def wells(tmp_path_factory):
    """A flow on an energy that is a Python function, and that function's energy."""
    target = energy(tilted, 2)
    out = tmp_path_factory.mktemp("targets") / "wells"
    options = learning(200, layers=2, bins=8, width=16)
    return energeia.fit(target, "spline-flow", out=out, options=options, quiet=True), target


def test_a_lattice_is_learned_from_its_energy_alone(lattice):
    target = open_target("ising:L=3,beta=0.3")
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=9)))
    minus_e = -np.asarray(jax.jit(jax.vmap(target.energy.energy))(states), np.float64)
    exact = np.exp(minus_e - np.logaddexp.reduce(minus_e))
    model = np.exp(np.asarray(lattice.log_prob(states), np.float64))
    distance = 0.5 * np.abs(model - exact).sum()
    assert distance < 0.02
    # The control: independent spins of the right (vanishing) magnetization.
    assert 0.5 * np.abs(np.full(512, 1 / 512) - exact).sum() > 0.2

    (row,) = lattice.evaluate().target
    assert row.exact_log_partition == pytest.approx(np.logaddexp.reduce(minus_e))
    error = row.log_partition.stderr
    assert abs(row.log_partition.value - row.exact_log_partition) < 4 * error
    assert error < 0.01
    assert row.divergence.value < 0.01
    energies = next(mean for mean in row.observables if mean.name == "energy per site")
    assert abs(energies.model.value - energies.exact.value) < 4 * energies.model.stderr


def test_a_python_function_is_a_target(wells):
    run, target = wells
    found = run.evaluate()
    (row,) = found.target
    z, _ = dblquad(lambda y, x: np.exp(-float(_plain(x, y))), -4, 4, -4, 4)
    assert abs(row.log_partition.value - np.log(z)) < 4 * row.log_partition.stderr
    assert row.log_partition.stderr < 0.01
    assert row.exact_log_partition is None
    assert found.log_likelihood.kind == "none"
    assert any("mode that it lost" in text for text in found.warnings)
    # In another program the run is sampled without its energy, and evaluated only with it.
    again = energeia.load(run.path)
    assert again.sample(5).shape == (5, 2)
    with pytest.raises(InputError, match="hand it in again"):
        again.evaluate()
    assert energeia.evaluate(run.path, target=target).target[0].free_energy.finite


def _plain(x, y):
    return 2.0 * ((x**2 - 1) ** 2 + (y**2 - 1) ** 2) + 0.3 * x


def test_a_wrong_energy_gives_another_log_z(wells):
    run, _ = wells
    shifted = energy(lambda x: tilted(x) + 0.5, 2)
    right, wrong = (
        energeia.evaluate(run, target=t).target[0].log_partition for t in (run.target, shifted)
    )
    assert right.value - wrong.value == pytest.approx(0.5, abs=1e-3)


def test_a_resumed_run_has_the_same_bytes(tmp_path, monkeypatch):
    def fit(path, disk):
        monkeypatch.setattr(files, "disk", disk)
        return energeia.fit("double-well", "realnvp", out=path, options=SMALL, quiet=True)

    recorder = FailingDisk()
    fit(tmp_path / "whole", recorder.disk())
    point = Operation("write", "000000006.json")
    moment = recorder.operations.index(point) + 1
    with pytest.raises(PowerCut):
        fit(tmp_path / "run", FailingDisk(moment, power_cut).disk())
    monkeypatch.setattr(files, "disk", FailingDisk().disk())
    assert RunDirectory(tmp_path / "run").rounds_kept[-1] == 4
    energeia.resume(tmp_path / "run", quiet=True)
    assert content(tmp_path / "run") == content(tmp_path / "whole")


def test_one_model_serves_a_range_of_barriers(tmp_path):
    options = learning(400, layers=2, bins=8, width=16)
    run = energeia.fit(
        "double-well:height=1..3", "spline-flow", out=tmp_path / "run", options=options, quiet=True
    )
    rows = run.evaluate().target
    assert [row.condition["height"] for row in rows] == [1.0, 1.5, 2.0, 2.5, 3.0]
    for row in rows:
        assert abs(row.log_partition.value - row.exact_log_partition) < 4 * row.log_partition.stderr
        assert row.log_partition.stderr < 0.02
    values = [row.exact_log_partition for row in rows]
    assert max(values) - min(values) > 0.5  # one number for all would miss by this
    # The model takes the condition in the user's units, and knows where it was trained.
    x = run.sample(2000, condition=3.0)
    assert x.shape == (2000, 2)
    inside, outside = (run.log_prob([[0.0, 0.0]], condition=h)[0] for h in (1.0, 3.0))
    assert inside > outside + 1.0  # the barrier is at the origin


def test_a_target_of_an_own_energy_with_conditions(tmp_path):
    ring = energy(lambda x, c: 4 * (jnp.linalg.norm(x) - c[0]) ** 2, 2, condition_shape=1)
    with pytest.raises(InputError, match="without their ranges"):
        target_of(ring)
    base = target_of(energy(lambda x: jnp.sum(x**2), 2))
    target = base._replace(energy=ring, conditions=condition_ranges(radius=(1.0, 2.0)))
    run = energeia.fit(target, "realnvp", out=tmp_path / "run", options=SMALL, quiet=True)
    assert run.sample(3, condition=1.5).shape == (3, 2)
    assert len(run.evaluate().target) == 5


def test_code_is_imported_only_where_that_is_said(tmp_path, monkeypatch):
    (tmp_path / "own_energies.py").write_text(
        "import energeia, jax.numpy as jnp\n"
        "well = energeia.energy(lambda x: jnp.sum((x**2 - 1) ** 2), 2)\n"
        "number = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    refused = TargetConfig(spec="own_energies:well")
    with pytest.raises(InputError, match="add --allow-import"):
        energeia.fit(refused, "realnvp", out=tmp_path / "no", options=SMALL, quiet=True)
    assert not (tmp_path / "no").exists()
    run = energeia.fit(
        refused, "realnvp", out=tmp_path / "run", options=SMALL, allow_import=True, quiet=True
    )
    assert run.config.target.allow_import
    with pytest.raises(InputError, match="add --allow-import"):
        run.evaluate()
    assert run.evaluate(allow_import=True).target
    for spec, problem in (
        ("own_energies:none", "cannot be imported"),
        ("own_energies:number", "int"),
    ):
        with pytest.raises(InputError, match=problem):
            energeia.fit(
                TargetConfig(spec=spec),
                "realnvp",
                out=tmp_path / "x",
                allow_import=True,
                quiet=True,
            )


@pytest.mark.parametrize(
    ("recipe", "spec", "reason"),
    [
        ("vae", "double-well", "trains on rows, not on a target"),
        ("spline-flow", "ising:L=2", "which discrete columns do not allow"),
    ],
)
def test_recipes_say_what_they_train_on(tmp_path, recipe, spec, reason):
    with pytest.raises(InputError, match=reason):
        energeia.fit(spec, recipe, subject="target", out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("double-wel", "neither a file"),
        ("double-well:hight=2", "no parameter 'hight'"),
        ("double-well:height=-1", "above 0"),
        ("double-well:height=3..1", "the lower first"),
        ("double-well:d=1..2", "whole number"),
    ],
)
def test_wrong_names_and_parameters_are_one_sentence(tmp_path, spec, reason):
    with pytest.raises(InputError, match=reason):
        energeia.fit(spec, "realnvp", out=tmp_path / "run", quiet=True)


def test_rows_of_a_target_alone_are_refused(tmp_path, wells):
    with pytest.raises(InputError, match="has no rows"):
        energeia.fit("funnel", "realnvp", subject="rows", out=tmp_path / "run", quiet=True)
    with pytest.raises(InputError, match="without rows to compare"):
        wells[0].evaluate("moons")


def test_a_started_model_covers_what_the_target_says():
    wide = open_target("gmm40")
    rows = wide.initial_rows(0, 4000)
    assert np.allclose(rows.std(axis=0), 25.0, rtol=0.1)
    spins = open_target("ising:L=2").initial_rows(0, 4000)
    assert set(np.unique(spins)) == {-1.0, 1.0}
    assert np.abs(spins.mean(axis=0)).max() < 0.1


@eqx.filter_jit
def round_trip_errors(bijection, v):
    """The largest errors of coordinates and of the two log-determinants."""
    z, there = jax.vmap(bijection.forward)(v)
    back, home = jax.vmap(bijection.inverse)(z)
    return jnp.max(jnp.abs(back - v)), jnp.max(jnp.abs(there + home))


def test_float64_is_kept_in_a_round_trip(tmp_path):
    run = energeia.fit(
        "banana", "realnvp", out=tmp_path / "run", options=SMALL, precision=64, quiet=True
    )
    bijection = run.standardized_model.inner.bijection
    v = np.random.default_rng(0).normal(size=(200, 2))
    with use_precision(64):
        assert max(round_trip_errors(bijection, v)) < 1e-12
    low = jax.tree.map(
        lambda leaf: leaf.astype(np.float32) if leaf.dtype == np.float64 else leaf,
        jax.tree.map(np.asarray, bijection),
    )
    # The control: float32 does not reach it.
    assert round_trip_errors(low, v.astype(np.float32))[0] > 1e-9
