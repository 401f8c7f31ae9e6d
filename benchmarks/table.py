"""Answers of the contenders as Markdown."""

from statistics import median

from benchmarks.rows import Row

Results = dict[str, dict[str, list[dict]]]
"""Row, contender, one answer a repeat."""

AIM = 2.0
OURS = "energeia"


def page(rows: list[Row], results: Results, machine: list[str], settings: str) -> str:
    """The whole of ``results.md``."""
    head = [
        "# energeia beside its peers",
        "",
        "Written by `make bench`: " + settings + ". Per second: the median over repeats and, in "
        "brackets, the lowest and highest. Ratio: energeia's median over the peer's, above 1 where "
        "energeia is faster. First call: seconds of the first call less those of a later one, "
        "mostly compilation; it is in none of the rates. Memory: the peak of the whole process, "
        "libraries included. The floor is what prototypes reached; the aim is twice the best "
        "peer.",
        "",
        *[f"- {line}" for line in machine],
        "",
        *summary(rows, results),
    ]
    return "\n".join(head) + "\n" + "\n".join(section(row, results[row.name]) for row in rows)


def summary(rows: list[Row], results: Results) -> list[str]:
    """One line a row and measure: the best peer, and whether floor and aim are met."""
    lines = ["| row | measure | best peer | ratio | floors met | aim (2x) met |"]
    lines.append("|---|---|---|---|---|---|")
    for row in rows:
        found = results[row.name]
        for measure in measures(found):
            ratios = {peer: ratio(found, measure, peer) for peer in row.contenders[1:]}
            known = {peer: value for peer, value in ratios.items() if value is not None}
            if not known:
                continue
            best = min(known, key=lambda peer: known[peer])
            met = floors_met(row, known) if measure == measures(found)[0] else ""
            aim = "yes" if known[best] >= AIM else "no"
            lines.append(f"| {row.name} | {measure} | {best} | {known[best]:.2f} | {met} | {aim} |")
    return lines


def floors_met(row: Row, ratios: dict[str, float]) -> str:
    if not row.floors:
        return ""
    missed = [p for p, floor in row.floors.items() if p in ratios and ratios[p] < floor]
    return f"no: {', '.join(missed)}" if missed else "yes"


def section(row: Row, found: dict[str, list[dict]]) -> str:
    """The table of one row."""
    lines = [f"\n## {row.name}\n", f"{row.what}.\n"]
    lines.append("| measure | contender | per second | ratio | floor | first call, s |")
    lines.append("|---|---|---|---|---|---|")
    for number, measure in enumerate(measures(found)):
        for name in row.contenders:
            floor = row.floors.get(name) if number == 0 else None
            lines.append(line(found, measure, name, floor))
    lines += ["\n| contender | peak memory, MB | parameters |", "|---|---|---|"]
    for name in row.contenders:
        memory = middle(found[name], "peak_mb")
        count = middle(found[name], "parameters")
        lines.append(f"| {name} | {number_of(memory)} | {number_of(count)} |")
    return "\n".join(lines) + "\n"


def line(found: dict[str, list[dict]], measure: str, name: str, floor: float | None) -> str:
    rates = [answer["rates"][measure] for answer in found[name]]
    if not rates:
        return f"| {measure} | {name} | failed | | | |"
    speeds = [rate["per_second"] for rate in rates]
    speed = f"{number_of(median(speeds))} ({number_of(min(speeds))}-{number_of(max(speeds))})"
    versus = ratio(found, measure, name)
    shown = "" if name == OURS or versus is None else f"{versus:.2f}"
    least = "" if floor is None else f"{floor:g}"
    extra = median(rate["first_call_extra"] for rate in rates)
    return f"| {measure} | {name} | {speed} | {shown} | {least} | {extra:.1f} |"


def measures(found: dict[str, list[dict]]) -> list[str]:
    """What was measured, in order."""
    return list(dict.fromkeys(m for answers in found.values() for a in answers for m in a["rates"]))


def ratio(found: dict[str, list[dict]], measure: str, peer: str) -> float | None:
    """energeia's median rate over a peer's; None where one has no answer."""
    if not found[OURS] or not found[peer]:
        return None
    ours, theirs = (
        median(answer["rates"][measure]["per_second"] for answer in found[name])
        for name in (OURS, peer)
    )
    return ours / theirs


def middle(answers: list[dict], name: str) -> float | None:
    return median(answer[name] for answer in answers) if answers else None


def number_of(value: float | None) -> str:
    """Three digits, and separators where they are many."""
    if not value:
        return ""
    return f"{value:.3g}" if value < 1000 else f"{round(value):,}"
