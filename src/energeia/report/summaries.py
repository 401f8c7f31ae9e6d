"""Text of the page: what each kind of number means, and a summary of the results."""

import math

from energeia.estimate import Estimate
from energeia.recipes.options.stack import STACK
from energeia.records import CertificateLine, LeaderboardRow
from energeia.report.content import ModelPart, Page
from energeia.report.numbers import number, place
from energeia.runs.leaderboard import FEW, TIE, best_baseline, is_baseline, nats_behind

LABELS = (
    (
        "exact",
        r"\log\,q(x)",
        "The normalized log-probability itself, averaged over held-out rows. The error is that of "
        "the average.",
    ),
    (
        "lower bound",
        r"\mathbb{E}\;\log\,\frac{1}{K}\sum_{k=1}^{K}\frac{p(x,z_k)}{q(z_k|x)}\;\leq\;\log\,p(x)",
        "The truth is at least this. Two lower bounds do not rank two models.",
    ),
    (
        "upper bound",
        r"\log\,p(x)\;\leq\;\ldots",
        "The truth is at most this.",
    ),
    (
        "estimate",
        r"-E(x)-\log\,\hat{Z}",
        "Neither a bound nor exact: an annealed estimate of the partition function enters, and "
        "its error bar covers only the regions that the chains visited.",
    ),
    (
        "none",
        "",
        "The model cannot give this number. It is not zero, and it is not a failure.",
    ),
)

ALIKE = 0.55
"""A classifier AUC up to this much, errors aside, is called hardly distinguishable from data."""


def summary_sentences(page: Page) -> list[str]:
    """A summary of the results in a few sentences, all from the tables below."""
    rows = [model.row for model in page.models]
    return [
        *_failures(page.models),
        *_recommended(rows),
        *_likelihood(page.models),
        *_baseline(rows),
        *_two_sample(page.models),
        *_cost(rows),
    ]


def _failures(models: list[ModelPart]) -> list[str]:
    """Certificates with a line that failed: what follows may then mean nothing."""
    return [
        f"The certificate of {model.title} failed: "
        f"{_join([_line(line) for line in model.certificate.failures])}."
        for model in models
        if model.certificate is not None and not model.certificate.passed
    ]


def _line(line: CertificateLine) -> str:
    measured = "no finite number" if line.measured is None else f"{line.measured:.3g}"
    return f"{line.name} ({measured}, limit {line.limit:.3g})"


def _recommended(rows: list[LeaderboardRow]) -> list[str]:
    """Which model to use, why, and whether it beats the best baseline."""
    chosen = next((row for row in rows if row.recommended), None)
    if chosen is None or chosen.validation is None:
        return []
    why = f"the highest log-likelihood of {chosen.validation.n:,} validation rows, or the quickest "
    why += f"model within {TIE} nats of it"
    if chosen.recipe == STACK and (chosen.validation.n or 0) < FEW:
        why = f"a mixture of the exact models, of which {chosen.validation.n} validation rows say "
        why += "too little to choose one"
    text = f"Use {chosen.recipe}: {why}. Test rows, which had no part in the choice, give "
    text += f"{number(chosen.log_likelihood)} nats per row"
    simple = best_baseline(rows)
    if simple is None or simple is chosen:
        return [text + "."]
    if is_baseline(chosen):
        return [f"{text}; it is a baseline itself."]
    gap = number(chosen.log_likelihood - simple.log_likelihood)
    return [
        f"{text}, {gap} above {simple.recipe}, the best baseline (errors taken as independent)."
    ]


def _likelihood(models: list[ModelPart]) -> list[str]:
    exact = _of_kind(models, "exact")
    bounds = _of_kind(models, "lower bound")
    sentences = []
    if exact:
        best = exact[0]
        text = f"Best exact log-likelihood: {best.title}, {_nats(best)}"
        if len(exact) > 1:
            gap = best.row.log_likelihood - exact[1].row.log_likelihood
            text += f"; {_ahead(gap)} {exact[1].title}"
        sentences.append(text + ".")
        if bounds and _value(bounds[0]) > _value(best):
            text = f"The lower bound of {bounds[0].title}, {_nats(bounds[0])}"
            sentences.append(f"{text}, already lies above it.")
    elif bounds:
        sentences.append(f"Highest lower bound on the log-likelihood: {bounds[0].title}, "
                    f"{_nats(bounds[0])}.")  # fmt: skip
    for model in models:
        found = model.evaluation
        if found and found.entropy is not None and found.entropy.value is not None:
            best_possible = -1.0 * found.entropy
            sentences.append(
                f"No model can do better than {number(best_possible)} nats, minus the exact "
                "entropy of the source."
            )
            break
    return sentences


def _baseline(rows: list[LeaderboardRow]) -> list[str]:
    """Which models a simple one beats."""
    baseline = best_baseline(rows)
    if baseline is None:
        return []
    behind = {row.recipe: nats_behind(row, baseline) for row in rows}
    losing = [f"{name} ({nats:.3g} nats per row)" for name, nats in behind.items() if nats]
    if not losing:
        return []
    return [f"Below {baseline.recipe}, the best baseline, by more than two errors: "
            f"{_join(losing)}."]  # fmt: skip


def _two_sample(models: list[ModelPart]) -> list[str]:
    compared = [m for m in models if _auc(m.row) is not None]
    if not compared:
        return []
    hard = [m for m in compared if (_auc(m.row) or 1.0) - 2 * _auc_error(m.row) <= ALIKE]
    if hard:
        names = _join([m.title for m in hard])
        return [f"A classifier hardly distinguishes samples of {names} from held-out data (AUC at "
                f"most {ALIKE} within two errors; 0.5 is chance)."]  # fmt: skip
    best = min(compared, key=lambda m: _auc(m.row) or 1.0)
    return [f"A classifier distinguishes every model from held-out data; least easily "
            f"{best.title}, AUC {number(_auc_estimate(best.row))} (0.5 is chance)."]  # fmt: skip


def _cost(rows: list[LeaderboardRow]) -> list[str]:
    timed = [r for r in rows if r.seconds is not None]
    if len(timed) < 2:
        return []
    quick = min(timed, key=lambda r: r.seconds or math.inf)
    slow = max(timed, key=lambda r: r.seconds or 0.0)
    return [f"Training took from {quick.seconds:.0f} s ({quick.recipe}) to {slow.seconds:.0f} s "
            f"({slow.recipe}), without compile time."]  # fmt: skip


def ranked(models: list[ModelPart]) -> list[ModelPart]:
    """Exact values and lower bounds first, then estimates, then no likelihood."""
    return sorted(models, key=lambda m: place(m.row))


def _of_kind(models: list[ModelPart], kind: str) -> list[ModelPart]:
    of_kind = [m for m in models if m.row.log_likelihood.kind == kind]
    return ranked([m for m in of_kind if _value(m) > -math.inf])


def _value(model: ModelPart) -> float:
    estimate = model.row.log_likelihood
    return estimate.value if estimate.value is not None and estimate.finite else -math.inf


def _nats(model: ModelPart) -> str:
    return f"{number(model.row.log_likelihood)} nats per row"


def _ahead(gap: Estimate) -> str:
    if gap.stderr is None:
        return f"ahead by {number(gap)}, whose error is not known, of"
    if gap.stderr and abs(gap.value or 0.0) < 2 * gap.stderr:
        return "within two errors of"
    return f"ahead by {number(gap)} (errors taken as independent) of"


def _auc_estimate(row: LeaderboardRow) -> Estimate | None:
    found = [e for name, e in row.two_sample.items() if "auc" in name.lower()]
    return found[0] if found and found[0].finite else None


def _auc(row: LeaderboardRow) -> float | None:
    found = _auc_estimate(row)
    return None if found is None else found.value


def _auc_error(row: LeaderboardRow) -> float:
    found = _auc_estimate(row)
    return 0.0 if found is None else (found.stderr or 0.0)


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
