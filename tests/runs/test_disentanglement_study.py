"""The study of disentanglement: its comparison at matched distortion, on curves that are known."""

import numpy as np
import pytest
from studies import disentanglement as study

SEEDS = 4


def line(recipe, beta, seed, distortion, correlation, distance=0.01):
    return {
        "recipe": recipe, "beta": beta, "seed": seed, "distortion": distortion,
        "divergence": 10.0, "information": 8.0, "total_correlation": correlation,
        "dimension_wise": 0.1, "total_correlation_error": 0.02, "active": 5,
        "prior_p_value": 0.3, "prior_distance": distance, "gap": 0.3, "gap_error": 0.01,
        "gaps": [0.3] * 5, "wall": 30.0,
    }  # fmt: skip


def curve(recipe, factor, first, seed, scatter=0.05):
    """exp(-distortion / 5) times a factor, at four distortions; seeds scatter, recipes together."""
    shift = scatter * np.random.default_rng(seed).normal()
    distortions = first + np.arange(4.0) * 3
    return [
        line(recipe, beta, seed, float(d), float(factor * np.exp(shift - d / 5)))
        for beta, d in zip(study.BETAS[recipe], distortions, strict=True)
    ]


def lines(factor, seeds=SEEDS):
    return [
        each
        for seed in range(seeds)
        for each in curve("vae", 10.0, 6.0, seed)
        + curve("beta-tcvae", 10.0 * factor, 7.0 + 0.1 * seed, seed)
    ]


def test_curves_are_compared_at_distortions_that_both_reach():
    found = study.matched(lines(0.5), "beta-tcvae")
    assert (found.low, found.high) == (pytest.approx(7.3), pytest.approx(15.0))
    at = np.linspace(7.3, 15.0, study.POINTS)
    shifts = [0.05 * np.random.default_rng(s).normal() for s in range(SEEDS)]
    truth = 10 * np.exp(np.array(shifts)[:, None] - at / 5)
    assert np.allclose(found.baseline, truth)  # exact, since the curves are log-linear
    assert np.allclose(found.other, 0.5 * truth)
    assert found.difference == pytest.approx(0.5 * truth.mean())
    assert found.difference > study.ERRORS * found.error


def test_the_same_curve_at_other_weights_is_no_lower():
    """The control: it has less total correlation at every weight, and more distortion."""
    given = lines(1.0)
    each = {name: [n for n in given if n["recipe"] == name] for name in ("vae", "beta-tcvae")}
    means = {name: np.mean([n["total_correlation"] for n in own]) for name, own in each.items()}
    assert means["beta-tcvae"] < 0.85 * means["vae"]
    found = study.matched(given, "beta-tcvae")
    assert abs(found.difference) < 1e-9
    assert found.error >= 0.02 / 2 / SEEDS**0.5


def test_distances_from_the_prior_are_compared_at_the_distortion_of_the_other():
    given = [
        line("vae", beta, seed, d, 1.0, distance=0.1 / d + 0.001 * seed)
        for seed in range(3)
        for beta, d in zip(study.BETAS["vae"], (5.0, 8.0, 10.0, 12.0), strict=True)
    ]
    given += [line("wae-mmd", 0.0, seed, 9.0, 1.0, distance=0.002) for seed in range(3)]
    found = study.nearer(given)
    assert found.difference == pytest.approx((0.1 / 8 + 0.1 / 10) / 2 + 0.001 - 0.002)
    assert found.error == pytest.approx(0.001 / 3**0.5)
    plain = study.nearer(given, 1.0)
    assert plain.difference == pytest.approx(0.1 / 12 + 0.001 - 0.002)
    beyond = [n | {"distortion": 30.0} if n["recipe"] == "wae-mmd" else n for n in given]
    assert study.nearer(beyond) is None


def test_partial_results_make_a_page():
    given = lines(0.5)
    assert study.matched(given[:4], "beta-tcvae") is None
    apart = curve("vae", 1.0, 2.0, 0) + curve("beta-tcvae", 1.0, 20.0, 0)
    assert study.matched(apart, "beta-tcvae") is None
    one = study.matched(lines(0.5, seeds=1), "beta-tcvae")
    assert one.error == pytest.approx(0.02 / 2 * 2**0.5)
    given += [line("wae-mmd", 0.0, s, 7.0 + s, 3.0, 0.002 + 1e-4 * s) for s in range(SEEDS)]
    for part in (given[:1], given[:10], given):
        assert "# Disentanglement" in study.page(part, 10.3)
    whole = study.page(given, 10.3)
    assert "- beta-tcvae: total correlation" in whole
    assert whole.count(": met.") == 3
    assert "- dhsic-vae: no distortions in common" in whole
    assert "missed" in study.page(lines(1.0), 10.3)


def test_recipes_that_are_not_known_are_left_out(monkeypatch, capsys):
    monkeypatch.delitem(study.RECIPES, "factor-vae", raising=False)
    found = study.members(2)
    assert {m.recipe for m in found} == {"vae", "beta-tcvae", "dhsic-vae", "wae-mmd"}
    assert "factor-vae" in capsys.readouterr().out
    assert [m.seed for m in found[:2]] == [0, 1]
    assert {m.recipe for m in study.members(1, "vae")} == {"vae"}
    for member in found:
        options = study.options_of(member)
        assert options.beta == member.beta
        assert (options.strength > 0) == (member.recipe != "vae")
