"""Synthetic pages: no model is trained, every field is filled."""

import numpy as np

from energeia.data.sources import open_data
from energeia.estimate import Estimate
from energeia.records import (
    ChainSummary,
    Evaluation,
    LatentSummary,
    LeaderboardRow,
    ObservableRow,
    TwoSample,
)
from energeia.report.content import LatentPicture, ModelPart, Page
from energeia.support import Binary, Real, Support

FAMILIES = {
    "made": ("autoregressive", "exact"),
    "spline-flow": ("flow", "lower bound"),
    "vae": ("latent", "lower bound"),
    "rbm": ("energy", "estimate"),
    "gan": ("adversarial", "none"),
}


def history(rng, recipe):
    rounds = np.arange(200, 4001, 200)
    decay = 3 * np.exp(-rounds / 700) + 80
    lines = []
    for r, value in zip(rounds, decay, strict=True):
        if recipe == "gan":
            pair = {
                "generator_loss": 0.7 + 0.1 * rng.normal(),
                "critic_loss": 0.6 + 0.1 * rng.normal(),
            }
            lines.append({"round": int(r), **pair})
        else:
            line = {
                "round": int(r),
                "model/loss": value + 0.2 * rng.normal(),
                "held_out": value + 1,
            }
            lines.append(line)
    return lines


def two_sample(rng, bad):
    tests = ("classifier AUC", "energy distance", "MMD", "sliced Wasserstein")
    base = (0.5, 0.0, 0.0, 0.01)
    return tuple(
        TwoSample(
            name=name,
            statistic=Estimate(b + bad * 0.1 + 0.001 * rng.normal(), 0.008, "estimate", 2000),
            p_value=0.001 if bad > 0.5 else 0.31,
            reference=Estimate(b + 0.002 * rng.normal(), 0.008, "estimate", 2000),
            reference_p_value=0.62,
        )
        for name, b in zip(tests, base, strict=True)
    )


def latent_summary():
    per_latent = tuple(Estimate(0.4 * j, 0.01, "exact", 360) for j in range(5))
    return LatentSummary(
        divergence=Estimate(4.0, 0.05, "exact", 360), per_latent=per_latent,
        information=Estimate(3.21, 0.04, "estimate", 360),
        total_correlation=Estimate(0.567, 0.03, "estimate", 360),
        dimension_wise=Estimate(0.089, 0.002, "estimate", 360),
        active=(False, True, True, True, True), prior_p_value=0.002, rows=360,
    )  # fmt: skip


def latent_picture(rows):
    """Dimensions that move rows of a synthetic page, in the order of their divergence."""
    rows = np.asarray(rows[:32], np.float64).reshape(min(len(rows), 32), -1)
    positions = np.linspace(-2.5, 2.5, 11)
    direction = np.random.default_rng(6).normal(size=(4, 1, rows.shape[1]))
    return LatentPicture(
        rows=rows, reconstructions=0.9 * rows, dimensions=np.array([4, 3, 2, 1]),
        positions=positions,
        traversals=rows[0] + 0.4 * np.std(rows) * positions[:, None] * direction,
    )  # fmt: skip


def model(rng, recipe, samples, level, exact=None, bad=0.2):
    family, kind = FAMILIES[recipe]
    score = (
        Estimate.none("a generator without noise has no density")
        if kind == "none"
        else Estimate(level, 0.35, kind, 360)
    )
    tests = two_sample(rng, bad)
    observables = ()
    if exact is not None:
        observables = (
            ObservableRow(
                name="energy per site", unit="J",
                model=Estimate(-1.44 + 0.02 * bad, 0.004, "estimate", 4000),
                data=Estimate(-1.4355, 0.002, "estimate", 20000), exact=Estimate.exact(-1.4364),
            ),
            ObservableRow(
                name="|m|", unit="1", model=Estimate(0.76, 0.003, "estimate", 4000),
                data=Estimate(0.7551, 0.001, "estimate", 20000), exact=Estimate.exact(0.7549),
            ),
        )  # fmt: skip
    evaluation = Evaluation(
        log_likelihood=score,
        entropy=exact,
        divergence=Estimate(0.024, 0.002, "exact", 5000) if exact and kind == "exact" else None,
        two_sample=tests,
        coverage=Estimate(0.91 - 0.3 * bad, 0.01, "estimate", 360),
        coverage_reference=Estimate(0.93, 0.01, "estimate", 360),
        memorization=Estimate(0.51, 0.02, "estimate", 360),
        observables=observables,
        log_partition=(
            Estimate(59.91, 0.02, "lower bound", 100), Estimate(60.12, 0.03, "estimate", 100)
        ) if recipe == "rbm" else None,
        chains=ChainSummary(
            kernel="block Gibbs", acceptance=1.0, r_hat=1.013, ess=812.0,
            autocorrelation_time=39.4, steps=1000, chains=64, least_acceptance=0.987,
            still_chains=3,
        ) if recipe == "rbm" else None,
        warnings=("R-hat is above 1.01: run longer chains",) if recipe == "rbm" else (),
        latent=latent_summary() if recipe == "vae" else None,
    )  # fmt: skip
    row = LeaderboardRow(
        recipe=recipe, family=family, run=f"runs/{recipe}", log_likelihood=score,
        two_sample={t.name: t.statistic for t in tests[:2]}, seconds=30 + 10 * rng.random(),
        compile_seconds=4.2, samples_per_second=float(rng.integers(100, 90_000)),
        parameters=int(rng.integers(10_000, 300_000)),
    )  # fmt: skip
    return ModelPart(
        row=row, evaluation=evaluation, history=history(rng, recipe), samples=samples,
        citation="Authors (year), Title, Journal",
        latent=latent_picture(samples) if recipe == "vae" else None,
    )  # fmt: skip


def page(data, models, layout, support, **more):
    record = {
        "spec": more.pop("spec"), "sha256": "ab" * 32, "rows": 20000, "train": 16000,
        "valid": 2000, "test": 2000, "seed": 0,
    }  # fmt: skip
    environment = {
        "command": ["energeia", "compare", record["spec"], "--seed", "0"],
        "energeia": "0.1.0", "python": "3.11.7", "device": "cpu", "packages": {"jax": "0.10.2"},
    }  # fmt: skip
    return Page(
        models=models, support=support, layout=layout, held_out=data, data=record,
        environment=environment, **more,
    )  # fmt: skip


def ising_page():
    rng = np.random.default_rng(0)
    field = np.random.default_rng(4).normal(size=(400, 8, 8))
    for axis in (1, 2):  # neighbors alike, as at the critical temperature
        field = sum(np.roll(field, shift, axis) for shift in (-1, 0, 1))
    spins = np.sign(field).astype(np.float32)
    exact = Estimate.exact(18.05)
    levels = {"made": -18.08, "spline-flow": -19.6, "vae": -18.9, "rbm": -18.4, "gan": 0.0}
    models = [
        model(rng, name, np.where(rng.random(spins.shape) < 0.08 * (i + 1), -1, 1) * spins, level,
              exact, bad=0.1 if name == "made" else 0.8)
        for i, (name, level) in enumerate(levels.items())
    ]  # fmt: skip
    return page(
        spins, models, (8, 8), Support(((Binary((-1.0, 1.0)), 64),)),
        spec="ising:L=8,beta=0.44068679", warnings=("12 rows repeat <b>an earlier</b> row",),
    )  # fmt: skip


def digits_page():
    rng = np.random.default_rng(1)
    data = open_data("digits")
    levels = {"vae": -81.8, "spline-flow": -83.1, "made": -89.6, "rbm": -120.0, "gan": 0.0}

    def blurred():
        noise = rng.normal(size=data.rows.shape)
        return np.clip(np.round(rng.permutation(data.rows) + noise), 0, 16)

    models = [model(rng, name, blurred(), level) for name, level in levels.items()]
    return page(data.rows, models, (8, 8), data.support, spec="digits")


def plane_page():
    rng = np.random.default_rng(2)
    angle = rng.uniform(0, 2 * np.pi, 8000)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.choice([1.0, 2.0], (8000, 1))
    rows = ring + 0.08 * rng.normal(size=(8000, 2))
    models = [
        model(rng, name, rows + w * rng.normal(size=rows.shape), v, Estimate.exact(2.39))
        for name, v, w in (("spline-flow", -2.40, 0.02), ("vae", -2.6, 0.1), ("gan", 0, 0.2))
    ]
    return page(rows, models, (2,), Support(((Real(), 2),)), spec="circles")


def table_page():
    rng = np.random.default_rng(3)
    data = open_data("breast-cancer")
    keep = [0, 1, 2, 3, 4, 5, 10, 20, 21, 22]
    rows = data.rows[:, keep]
    models = [
        model(rng, name, rng.permutation(rows) * (1 + w * rng.normal(size=(569, 10))), v)
        for name, v, w in (("made", 12.0, 0.02), ("spline-flow", 12.4, 0.05), ("vae", 9.0, 0.2))
    ]  # fmt: skip
    names = tuple(data.columns[i] for i in keep)
    return page(rows, models, (10,), data.support.select(keep), spec="a.csv", columns=names)


PAGES = {"ising": ising_page, "digits": digits_page, "plane": plane_page, "table": table_page}
