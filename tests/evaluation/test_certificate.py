"""Exact models pass; a broken one fails by the line that is about what is broken."""

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest
from tests.evaluation.certified import CONTINUOUS, MIXED, Biased, Scaled, Stretched, built, subject
from tests.evaluation.certified import rows as rows_of
from tests.evaluation.models import Factor, Implicit, Quadratic

from energeia._core.errors import InputError
from energeia._core.precision import use_precision
from energeia.bijections.elementwise import Affine
from energeia.bijections.spline import Spline
from energeia.distributions.gaussian import StandardNormal
from energeia.evaluation.certificate import importance, invariance, leaks, quadrature
from energeia.evaluation.certificate.certify import EXACTNESS, Given, certify
from energeia.evaluation.certificate.chart import chart_of, chart_refusal
from energeia.evaluation.certificate.determinants import determinant_lines
from energeia.evaluation.certificate.hard_points import hard_point_lines
from energeia.evaluation.certificate.maps import maps_of
from energeia.evaluation.certificate.round_trip import round_trip_lines
from energeia.evaluation.certificate.splines import knots
from energeia.evaluation.certificate.subject import Subject, widened
from energeia.models.flow import Flow
from energeia.records import Certificate
from energeia.support import Binary, Interval, Positive, Real, Simplex, Sphere, Support

REALS = Support.of([Real(), Real()])
NORMAL = np.random.default_rng(0).normal(size=(400, 4))


def lines_of(found):
    return {line.name: line.status for line in found.lines}


@pytest.fixture
def small(monkeypatch):
    """Fewer nodes, weights and draws: the programs are the same."""
    monkeypatch.setattr(quadrature, "_GRIDS", (2**12, 2**14))
    monkeypatch.setattr(importance, "_DRAWS", 2**12)
    monkeypatch.setattr(importance, "_COMPONENTS", 2)
    monkeypatch.setattr(invariance, "_DRAWS", 512)


@pytest.mark.parametrize(
    ("recipe", "support", "options"),
    [
        ("mixture", MIXED, {"components": 2}),
        ("made", MIXED, {"width": 12, "orders": 1}),
        ("spline-flow", CONTINUOUS, {"layers": 2, "width": 8}),
        ("realnvp", MIXED, {"layers": 2, "width": 8}),
        ("gaussian", Support.of([Positive()]), {}),
    ],
)
def test_exact_models_pass(recipe, support, options, small):
    x = rows_of(support)
    noise = 0.1 if "width" in options else 0.0  # shares of a mixture have to add up to one
    found = certify(built(recipe, support, x, noise, **options), support, x)
    assert found.passed, found.failures
    assert found.kind == "exact"
    names = lines_of(found)
    integrals = {names[quadrature.NAME], names.get(importance.NAME)}
    assert "passed" in integrals
    assert names[invariance.NAME] == names["log-determinant of units"] == "passed"
    expected = "passed" if "layers" in options else "not applicable"
    assert names["log-determinant of the flow"] == expected
    assert names["round trip of the flow, 32 bits"] == expected
    assert msgspec.json.decode(msgspec.json.encode(found), type=Certificate) == found


def broken_flow(factor):
    scale = jnp.log(jnp.array([2.0, 0.7]))
    return Flow(StandardNormal((2,)), Stretched(Affine(jnp.zeros(2), scale), factor))


@pytest.mark.parametrize(("factor", "status"), [(1.0, "passed"), (1.01, "failed")])
def test_a_wrong_log_determinant_fails(factor, status):
    with use_precision(64):
        parts = maps_of(subject(broken_flow(factor), REALS, NORMAL[:, :2]))
        lines = {line.name: line for line in determinant_lines(parts) + round_trip_lines(parts)}
    assert lines["log-determinant of the flow"].status == status
    assert lines["round trip of the flow, 64 bits"].status == "passed"


@pytest.mark.parametrize(("mass", "status"), [(1.0, "passed"), (1.01, "failed")])
def test_quadrature_finds_a_density_of_another_mass(mass, status):
    with use_precision(64):
        of = subject(Scaled(mass=mass), REALS, NORMAL[:, :2])
        line = quadrature.quadrature_line(of, chart_of(of), "")
    assert line.status == status
    assert abs(line.measured - (mass - 1)) < 1e-8


def test_importance_sampling_finds_a_density_of_another_mass(small):
    support = Support.of([Real()] * 4)
    with use_precision(64):
        found = {}
        for mass in (jnp.ones(()), jnp.full((), 1.1)):  # arrays, which share their programs
            of = subject(Scaled(mass=mass, shape=(4,)), support, NORMAL)
            found[round(float(mass), 6)] = importance.importance_line(of, chart_of(of), "").status
    assert found == {1.0: "passed", 1.1: "failed"}


def test_weights_of_few_draws_prove_nothing():
    weights = np.r_[np.full(50, 1.0), np.full(10_000, 1e-9)]
    assert importance._of_weights(weights).status == "not applicable"
    assert importance._of_weights(np.r_[weights, np.nan]).status == "failed"


@pytest.mark.parametrize(("sd", "status"), [(1.0, "passed"), (1.2, "failed")])
def test_a_sampler_of_another_width_fails(sd, status):
    with use_precision(64):
        of = subject(Scaled(sd=sd), REALS, NORMAL[:, :2])
        line = invariance.invariance_line(of, chart_of(of), "")
    assert line.status == status


@pytest.mark.parametrize(("drawn", "status"), [(0.5, "passed"), (0.6, "failed")])
def test_a_sampler_of_other_codes_fails(drawn, status):
    support = Support.of([Binary()] * 3)
    with use_precision(64):
        of = subject(Biased(drawn), support, (NORMAL[:, :3] > 0) * 1.0)
        line = invariance.invariance_line(of, chart_of(of), "")
        whole = quadrature.quadrature_line(of, chart_of(of), "")
    assert line.status == status
    assert whole.status == "passed"


def test_a_density_that_leaves_its_support_fails():
    support = Support.of([Positive(), Real()])
    x = np.abs(NORMAL[:, :2])
    with use_precision(64):
        of = subject(Scaled(), support, x)
        lines = [leaks.inside_line(support, of.draws), *hard_point_lines(of)]
    assert [line.status for line in lines] == ["failed"] * 3
    assert 1800 < lines[0].measured < 2300


def test_compositions_and_directions_have_maps_that_are_checked():
    parts = np.random.default_rng(0).dirichlet([2.0, 3.0, 4.0], 100)
    support = Support.of([Simplex(2)])
    model = built("gaussian", support, parts, 0.0)
    vectors = NORMAL[:, :3] / np.linalg.norm(NORMAL[:, :3], axis=1, keepdims=True)
    sphere = Support.of([Sphere(2)])
    flow = built("spline-flow", sphere, vectors, 0.1, layers=2, width=8)
    with use_precision(64):
        of = Subject(widened(model), support, parts, None, None, parts, None)
        assert determinant_lines(maps_of(of))[0].status == "passed"
        of = Subject(widened(flow), sphere, vectors, None, None, vectors, None)
        found = lines_of(Certificate(kind="exact", lines=tuple(round_trip_lines(maps_of(of)))))
    assert found["round trip of the flow, 64 bits"] == "passed"


def test_a_sampler_of_values_without_density_fails():
    with use_precision(64):
        of = subject(Biased(), Support.of([Binary()] * 3), (NORMAL[:, :3] > 0) * 1.0)
        wrong = of._replace(draws=of.draws + 0.25)
        assert leaks.finite_line(of).status == "passed"
        assert leaks.finite_line(wrong).measured == len(of.draws)


@pytest.mark.parametrize(
    ("model", "kind", "said"),
    [(Factor(), "lower bound", "a bound"), (Implicit(), "none", "implicit"),
     (Quadratic(), "estimate", "log Z")],
)  # fmt: skip
def test_models_without_an_exact_density_say_so(model, kind, said):
    width = model.shape[0]
    found = certify(model, Support.of([Real()] * width), NORMAL[:, :width])
    assert found.kind == kind
    assert found.passed
    (line,) = [line for line in found.lines if line.name == EXACTNESS]
    assert line.status == "not applicable"
    assert said in line.note


def test_draws_that_lie_at_the_ends_of_an_interval_are_not_integrated():
    support = Support.of([Interval(0.0, 1.0)])
    with use_precision(64):
        of = Subject(Scaled(), support, rows_of(support), None, None, rows_of(support), None)
        assert chart_refusal(of, chart_of(of)) == ""
        ends = of._replace(draws=np.full((100, 1), np.nextafter(1.0, 0.0)))
        assert "100.00% of the draws" in chart_refusal(ends, chart_of(of))


def test_rows_of_another_width_are_refused():
    with pytest.raises(InputError, match="8 or more of 2 columns"):
        certify(Scaled(), REALS, NORMAL, given=Given())


def test_knots_of_splines_are_found():
    spline = Spline(bins=4)
    raw = jax.random.normal(jax.random.key(0), (spline.parameters(False),))
    inner = knots(spline, raw)[1:-1]
    slope = jax.vmap(jax.grad(jax.grad(lambda x: spline.forward(x[None], raw[None])[0][0])))
    before, after = slope(inner - 1e-3), slope(inner + 1e-3)
    between = slope(inner + 2e-3)
    # The second derivative jumps at a knot and nowhere else.
    assert np.all(np.abs(after - before) > 5 * np.abs(between - after))
