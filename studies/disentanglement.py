"""Total correlation of autoencoders at matched distortion, on images whose factors are known.

    python -m studies.disentanglement                  # all of it; finished members are kept
    python -m studies.disentanglement --only beta-tcvae --seeds 1
    python -m studies.disentanglement --table          # the page alone

The images are ``data.Sprites``. Every recipe is trained at four weights beta on the divergence; the
strength of a penalty is in proportion to beta. ``wae-mmd`` has no such weight and is trained once.
Members of a seed have the same rows.

All images that there are, about 39,000, make up q(z): total correlation and the distance from the
prior are those of the aggregated posterior itself, not of the clumps of a sample. Each total
correlation is a function of the distortion, log-linear between the four values, and is compared
with that of ``vae`` at the distortions that both reach, paired over seeds. A recipe that this
version does not have is left out. Results are kept in ``studies/disentanglement.jsonl``.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import tyro

from energeia._core.batching import map_rows, split_keys
from energeia.data import Sprites
from energeia.data.named.sprites import FACTORS
from energeia.evaluation.disentanglement import mutual_information_gap
from energeia.evaluation.latents import MOST_ROWS, latent_report
from energeia.models.encoding import VaeEncoder, encoder_of
from energeia.recipes.catalogue import RECIPES, find
from energeia.runs.loading import load
from energeia.runs.opening import open_rows
from energeia.runs.run import Run
from energeia.runs.runner import run_session
from energeia.runs.sessions import new_session
from energeia.runs.storage.config import DataConfig, RunConfig, changed_options

HERE = Path(__file__)
LINES, TABLE = HERE.with_suffix(".jsonl"), HERE.with_suffix(".md")
BASELINE, NEAR_PRIOR = "vae", "wae-mmd"
PENALIZED = {"beta-tcvae": 5.0, "factor-vae": 5.0, "dhsic-vae": 1000.0}
"""Strength of the penalty over the weight of the divergence."""
_WEIGHTS, _WEAK = (0.125, 0.25, 0.5, 1.0), (0.03, 0.06, 0.125, 0.25)
BETAS = {
    "vae": _WEIGHTS, "beta-tcvae": _WEAK, "factor-vae": _WEAK, "dhsic-vae": _WEIGHTS,
    "wae-mmd": (0.0,),
}  # fmt: skip
"""Weights of the divergence, such that distortions overlap. On dSprites they are 1 and more, but
its images have sixteen times as many pixels to reconstruct."""
MMD_STRENGTH = 20.0
"""Of the discrepancy in ``wae-mmd``, in nats per row."""
SEEDS, ROWS = 4, 30_000
OPTIONS: dict[str, Any] = {
    "latent": 6, "width": 128, "depth": 2,
    "optimization": {"learning_rate": 2e-3},
    "training": {"rounds": 4000, "batch": 128, "check_every": 1000, "patience": 0},
}  # fmt: skip
REPORTED, ENCODED = MOST_ROWS, 10_000
"""Latent vectors of the total correlation, and of the distortion and the information gap."""
ERRORS, POINTS = 4.0, 5
Line = dict[str, Any]


class Member(NamedTuple):
    """One training."""

    recipe: str
    beta: float
    """Weight of the divergence; of ``wae-mmd`` zero."""
    seed: int


def members(seeds: int, only: str = "") -> list[Member]:
    """What is to be trained, of recipes that are known; seeds of one recipe follow each other,
    since they share a compiled program."""
    plan = [(name, beta) for name, weights in BETAS.items() for beta in weights]
    wanted = only.split(",") if only else [name for name, _ in plan]
    unknown = sorted({name for name, _ in plan if name not in RECIPES})
    if unknown:
        print(f"not known, left out: {', '.join(unknown)}")
    return [
        Member(name, beta, seed)
        for name, beta in plan
        for seed in range(seeds)
        if name in wanted and name not in unknown
    ]


def options_of(member: Member) -> Any:
    """The recipe's options, with the weight and the strength that is in proportion to it."""
    given = OPTIONS | {"beta": member.beta}
    if member.recipe == NEAR_PRIOR:
        given |= {"strength": MMD_STRENGTH}
    elif member.recipe in PENALIZED:
        given |= {"strength": member.beta * PENALIZED[member.recipe]}
    return changed_options(find(member.recipe).options(), given, member.recipe)


def measured(member: Member, source: Sprites) -> Line:
    """Train one member and measure it."""
    start = time.perf_counter()
    config = DataConfig(spec=f"sprites:n={ROWS}", seed=member.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        options = options_of(member)
        run_config = RunConfig(recipe=member.recipe, data=config, options=options, seed=member.seed)
        run_session(new_session(path, run_config, open_rows(config), quiet=True))
        run = load(path)
    encoder = encoder_of(run.standardized_model)
    assert isinstance(encoder, VaeEncoder)
    few, _ = source.labeled(1000 + member.seed, REPORTED)
    many, factors = source.labeled(2000 + member.seed, ENCODED)
    report = latent_report(jax.random.key(member.seed), encoder, few, aggregate=source.grid[0])
    gap = mutual_information_gap(run.encode(many, seed=member.seed), factors)
    distortion = distortions(run, many, member.seed)
    terms = ("divergence", "information", "total_correlation", "dimension_wise")
    return member._asdict() | {
        "distortion": float(distortion.mean()),
        "distortion_error": float(distortion.std() / ENCODED**0.5),
        **{name: getattr(report, name).value for name in terms},
        "total_correlation_error": report.total_correlation.stderr,
        "active": sum(report.active),
        "prior_p_value": report.prior_p_value, "prior_distance": report.prior_distance,
        "gap": gap.gap.value, "gap_error": gap.gap.stderr,
        "gaps": [each.value for each in gap.per_factor],
        "wall": time.perf_counter() - start,
    }  # fmt: skip


def distortions(run: Run, x: np.ndarray, seed: int) -> np.ndarray:
    """-log p(x|z) of each row at one z ~ q(z|x), in nats."""
    keys = np.asarray(jax.random.key_data(split_keys(jax.random.key(seed), len(x))))
    return -map_rows(_log_likelihoods, keys, np.float32(x), carry=run.standardized_model)


def _log_likelihoods(model: Any, keys: jax.Array, x: jax.Array) -> jax.Array:
    def one(key: jax.Array, row: jax.Array) -> jax.Array:
        y, log_det = model.units.encode(row)
        return model.inner.terms(jax.random.wrap_key_data(key), y).log_likelihood + log_det

    return jax.vmap(one)(keys, x)


class Compared(NamedTuple):
    """Total correlation of ``vae`` less that of another recipe at common distortions."""

    low: float
    high: float
    """The range of distortions that both recipes reach for every seed."""
    baseline: np.ndarray
    other: np.ndarray
    """Total correlations, shape ``(seeds, POINTS)``, at evenly spaced distortions in the range."""
    error: float
    """Of the mean difference: the scatter over seeds, or the errors of the total correlations if
    these are larger, or there is one seed."""

    @property
    def difference(self) -> float:
        """The mean over seeds and points."""
        return float(np.mean(self.baseline - self.other))


def matched(lines: list[Line], recipe: str) -> Compared | None:
    """The comparison of a recipe with ``vae``; None without seeds or distortions in common."""
    curves = {name: _curves(lines, name) for name in (BASELINE, recipe)}
    seeds = sorted(set(curves[BASELINE]) & set(curves[recipe]))
    used = [curves[name][seed] for name in curves for seed in seeds]
    if not used:
        return None
    low, high = max(c[0][0] for c in used), min(c[0][-1] for c in used)
    if low >= high:
        return None
    at = np.linspace(low, high, POINTS)
    first, second = (
        np.array([_interpolated(curves[name][seed], at) for seed in seeds])
        for name in (BASELINE, recipe)
    )
    errors = [np.sqrt(np.mean(np.square(e)) / len(e)) for _, _, e in used]
    error = float(np.sqrt(np.sum(np.square(errors))) / len(seeds))
    if len(seeds) > 1:
        each = np.mean(first - second, axis=1)
        error = max(error, float(np.std(each, ddof=1) / len(seeds) ** 0.5))
    return Compared(low, high, first, second, error)


def _interpolated(curve: tuple[np.ndarray, np.ndarray, np.ndarray], at: np.ndarray) -> np.ndarray:
    distortion, value, _ = curve
    return np.exp(np.interp(at, distortion, np.log(value)))


def _curves(lines: list[Line], recipe: str) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Distortions in order, total correlations and their errors, of seeds with all weights.

    A total correlation below its error is taken to be that error, whose logarithm exists.
    """
    own = [line for line in lines if line["recipe"] == recipe]
    found = {}
    for seed in {line["seed"] for line in own}:
        of_seed = sorted((n for n in own if n["seed"] == seed), key=lambda n: n["distortion"])
        if len(of_seed) == len(BETAS[recipe]):
            error = np.array([n["total_correlation_error"] for n in of_seed])
            value = np.array([n["total_correlation"] for n in of_seed])
            distortion = np.array([n["distortion"] for n in of_seed])
            found[seed] = (distortion, np.maximum(value, error), error)
    return found


class Nearer(NamedTuple):
    """Energy distances from the prior of ``vae`` less those of ``wae-mmd``."""

    difference: float
    error: float
    """The scatter over seeds."""
    seeds: int


def nearer(lines: list[Line], beta: float | None = None) -> Nearer | None:
    """How much nearer to the prior q(z) of ``wae-mmd`` is than that of ``vae`` with ``beta``, or
    without it at the distortion of ``wae-mmd``, between two weights linearly; seeds at which
    ``vae`` does not reach that are left out. None with fewer than two seeds."""
    each = []
    for line in (n for n in lines if n["recipe"] == NEAR_PRIOR):
        vae = [n for n in lines if (n["recipe"], n["seed"]) == (BASELINE, line["seed"])]
        vae = sorted(vae, key=lambda n: n["distortion"])
        if beta is not None:
            found = [n["prior_distance"] for n in vae if n["beta"] == beta]
        else:
            at, of = [n["distortion"] for n in vae], [n["prior_distance"] for n in vae]
            inside = bool(vae) and at[0] <= line["distortion"] <= at[-1]
            found = [float(np.interp(line["distortion"], at, of))] if inside else []
        each += [value - line["prior_distance"] for value in found]
    if len(each) < 2:
        return None
    return Nearer(float(np.mean(each)), float(np.std(each, ddof=1) / len(each) ** 0.5), len(each))


def page(lines: list[Line], entropy: float) -> str:
    """Both tables and what is required."""
    text = [
        "# Disentanglement\n",
        f"`python -m studies.disentanglement`: {len(lines)} members, "
        f"{sum(line['wall'] for line in lines) / 60:.0f} minutes in all. Source "
        f"`sprites:n={ROWS}`, latent vectors of {OPTIONS['latent']} dimensions, dense networks of "
        f"{OPTIONS['depth']} x {OPTIONS['width']}, {OPTIONS['training']['rounds']} rounds of "
        f"{OPTIONS['training']['batch']}; the strength of a penalty is beta times "
        f"{', '.join(f'{ratio:g} ({name})' for name, ratio in PENALIZED.items())}. "
        "Means over seeds with the errors of these means; nats per image. Distortion plus rate is "
        f"at least the entropy of the images, {entropy:.2f}. The mutual information gap (MIG) is "
        f"that of {ENCODED:,} images, its factors {', '.join(FACTORS)}; squares and ellipses have "
        "no angle up to quarter and half turns, which the gap of the angle counts as missed. "
        "Distance: energy distance of q(z) from the prior, unbiased; p: the least of its p-values "
        "over seeds.\n",
        "| recipe | beta | seeds | distortion | rate | information | total correlation "
        f"| dimension-wise | active | MIG | {' | '.join(FACTORS)} | distance | p |",
        "|---|" + "--:|" * (12 + len(FACTORS)),
    ]
    keys = dict.fromkeys((line["recipe"], line["beta"]) for line in lines)
    order = list(BETAS)
    for recipe, beta in sorted(keys, key=lambda key: (order.index(key[0]), key[1])):
        own = [n for n in lines if (n["recipe"], n["beta"]) == (recipe, beta)]
        text.append(f"| {recipe} | {beta:g} | {len(own)} | {_row(own)} |")
    return "\n".join([*text, "", *_matched_table(lines), *_required(lines), ""])


def _row(own: list[Line]) -> str:
    def mean(name: str, digits: int) -> str:
        values = np.array([line[name] for line in own])
        if len(values) == 1:
            return f"{values[0]:.{digits}f}"
        return f"{values.mean():.{digits}f} ± {values.std(ddof=1) / len(own) ** 0.5:.{digits}f}"

    cells = [mean("distortion", 2), mean("divergence", 2), mean("information", 2)]
    cells += [mean("total_correlation", 3), mean("dimension_wise", 3)]
    cells += [f"{np.mean([line['active'] for line in own]):.1f}", mean("gap", 3)]
    cells += [f"{v:.2f}" for v in np.mean([line["gaps"] for line in own], axis=0)]
    cells += [mean("prior_distance", 4), f"{min(line['prior_p_value'] for line in own):.3f}"]
    return " | ".join(cells)


def _matched_table(lines: list[Line]) -> list[str]:
    text = [
        f"Total correlation at {POINTS} distortions that both reach, `vae` / recipe, means over "
        "seeds.\n",
        "| recipe | distortions | seeds |" + " |" * POINTS,
        "|---|---|--:|" + "---|" * POINTS,
    ]
    for recipe in PENALIZED:
        found = matched(lines, recipe)
        if found is not None:
            pairs = zip(found.baseline.mean(axis=0), found.other.mean(axis=0), strict=True)
            cells = " | ".join(f"{a:.3f} / {b:.3f}" for a, b in pairs)
            span = f"{found.low:.1f} to {found.high:.1f}"
            text.append(f"| {recipe} | {span} | {len(found.baseline)} | {cells} |")
    return [*text, ""]


def _required(lines: list[Line]) -> list[str]:
    text = []
    for recipe in PENALIZED:
        found = matched(lines, recipe)
        if found is None:
            text.append(f"- {recipe}: no distortions in common with `vae` yet.")
            continue
        text.append(
            f"- {recipe}: total correlation {found.difference:.3f} ± {found.error:.3f} below that "
            f"of `vae` at matched distortion, {_verdict(found.difference, found.error)}."
        )
    for where, found in (("matched distortion", nearer(lines)), ("beta 1", nearer(lines, 1.0))):
        if found is not None:
            text.append(
                f"- {NEAR_PRIOR}: q(z) nearer to the prior than that of `vae` with {where} by "
                f"{found.difference:.4f} ± {found.error:.4f} of energy distance, {found.seeds} "
                f"seeds: {_verdict(found.difference, found.error)}."
            )
    return text


def _verdict(difference: float, error: float) -> str:
    met = "met" if difference > ERRORS * error else "missed"
    return f"{difference / error:.1f} errors, more than {ERRORS:g} are required: {met}"


def main(seeds: int = SEEDS, only: str = "", table: bool = False) -> None:
    """Train and measure what is missing, then write the page."""
    source = Sprites()
    assert source.entropy is not None
    lines = [json.loads(text) for text in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(line["recipe"], line["beta"], line["seed"]) for line in lines}
    with tempfile.TemporaryDirectory() as cache:
        jax.config.update("jax_compilation_cache_dir", cache)
        for member in members(seeds, only):
            if tuple(member) in done or table:
                continue
            lines.append(measured(member, source))
            with LINES.open("a") as file:
                file.write(json.dumps(lines[-1]) + "\n")
            print(json.dumps(lines[-1]), flush=True)
    TABLE.write_text(page(lines, source.entropy), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
