"""The page of a tomography, made from its record alone."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

import jinja2
import msgspec
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from energeia._core.errors import CorruptRun
from energeia.estimate import Estimate
from energeia.report.numbers import amount, number
from energeia.report.style import DATA, INK, KINDS, MODELS, MUTED, RULE, WIDTH, rc, svg
from energeia.runs.storage.files import write_whole
from energeia.tomography_records import StateRecord, Tomography

_HERE = Path(__file__).parent


class Column(NamedTuple):
    """One quantity of the table: its heading, its unit, and each state's number."""

    name: str
    unit: str
    cells: tuple[Estimate | None, ...]

    @property
    def known(self) -> bool:
        """Whether any state has it."""
        return any(cell is not None for cell in self.cells)


def read_tomography(path: str | Path) -> Tomography:
    """The record of a tomography's folder.

    Raises:
        CorruptRun: if it is missing or damaged.
    """
    file = Path(path) / "tomography.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Tomography)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as problem:
        raise CorruptRun(f"{file} cannot be read ({problem}): run the tomography again") from None


def write_tomography(found: Tomography, path: str | Path) -> list[Path]:
    """Write the page, and ``tomography.csv`` in the same folder; each is written atomically.

    Raises:
        InputError: if the folder cannot be written or the disk is full.
    """
    path = Path(path)
    files = {path: render(found), path.with_name("tomography.csv"): table_csv(found)}
    for each, content in files.items():
        write_whole(each, content)
    return list(files)


def render(found: Tomography) -> str:
    """The page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"number": number, "amount": amount, "signs": _signs}
    return environment.get_template("tomography.html").render(
        found=found,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        columns=columns(found),
        kinds=KINDS,
        correlations=correlations(found),
        observables=list(enumerate(found.observables)),
        warnings=warnings(found),
    )


def warnings(found: Tomography) -> list[tuple[str, str]]:
    """Each warning once, with the names of the states that it is about."""
    about: dict[str, list[str]] = {text: [] for text in found.warnings}
    for state in found.states:
        for text in state.warnings:
            about.setdefault(text, []).append(state.name)
    return [(", ".join(names), text) for text, names in about.items()]


def _signs(text: str) -> str:
    return text.replace("+-", "±")


def columns(found: Tomography) -> list[Column]:
    """The columns of the table for which any state has a number."""
    far = found.long_distance
    states = found.states

    def of(name: str, unit: str, field: str) -> Column:
        return Column(name, unit, tuple(getattr(s, field) for s in states))

    distance = found.distances[far] if found.distances else 0
    pair = f"⟨{found.letter}{found.letter}⟩ at distance {distance}"
    block = f"sites {found.block[0]}–{found.block[-1]}" if found.block else ""
    every = [
        of("KL(P ‖ Q)", "nats a shot", "kl"),
        of("held-out NLL", "nats a shot", "nll"),
        of("NLL excess", "nats, paired", "nll_excess"),
        of("classical fidelity", "", "classical_fidelity"),
        of("E_Q[P/Q]", "1 is expected", "ratio"),
        Column(pair, "", tuple(s.correlations[far] if s.correlations else None for s in states)),
        of("energy", found.hamiltonian, "energy"),
        of("smallest eigenvalue", "of pairs", "smallest_eigenvalue"),
        of("purity", block, "purity"),
        of("Rényi-2", f"nats, {block}", "renyi_2"),
        of("quantum fidelity", "", "quantum_fidelity"),
    ]
    return [column for column in every if column.known]


def table_csv(found: Tomography) -> str:
    """The table with one line per state, every number with its error and its kind."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    shown = columns(found)
    heads = [h for c in shown for h in (c.name, f"{c.name} stderr", f"{c.name} kind")]
    writer.writerow(["state", "source", "seconds", *heads])
    for index, state in enumerate(found.states):
        cells = [cell for c in shown for cell in _plain(c.cells[index])]
        writer.writerow([state.name, state.source, state.seconds, *cells])
    return buffer.getvalue()


def _plain(cell: Estimate | None) -> tuple[float | None, float | None, str]:
    return (None, None, "") if cell is None else (cell.value, cell.stderr, cell.kind)


def correlations(found: Tomography) -> Markup | None:
    """Correlators against distance, and their differences from the truth, or from the shots."""
    if not found.distances:
        return None
    known = [s for s in found.states if s.source == "truth"]
    reference = (known or list(found.states))[0]
    with rc():
        figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        zero = _values(reference)
        for index, state in enumerate(found.states):
            _draw(left, found, state, index, 0.0)
            _draw(right, found, state, index, zero)
        left.set_title(f"⟨{found.letter}ᵢ {found.letter}ᵢ₊ᵣ⟩, mean over pairs", loc="left")
        right.set_title(f"minus that of the {reference.name}", loc="left")
        for axes in (left, right):
            axes.set_xlabel("distance r")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(color=RULE, linewidth=0.5)
            axes.set_axisbelow(True)
        _limit(right, found, zero)
        left.legend(loc="best", labelcolor=MUTED)
    return svg(figure, "correlations", "Correlators against distance, of shots, truth and models")


def _draw(
    axes: Axes, found: Tomography, state: StateRecord, index: int, zero: float | np.ndarray
) -> None:
    color = {"truth": INK, "shots": DATA}.get(state.source, MODELS[index % len(MODELS)])
    values, errors = _values(state) - zero, _errors(state)
    if state.source == "truth":
        axes.plot(found.distances, values, color=color, linewidth=1.4, label=state.name, zorder=4)
        return
    # Shifted, so that error bars do not overlap.
    place = np.asarray(found.distances) + 0.06 * (index - len(found.states) / 2)
    axes.errorbar(
        place, values, errors, color=color, label=state.name, linewidth=0.9, markersize=3.5,
        marker="o" if state.source != "matrix-product" else "s",
        linestyle="none" if state.source == "shots" else "-", zorder=3,
    )  # fmt: skip


def _limit(axes: Axes, found: Tomography, zero: np.ndarray) -> None:
    """Axis limits from the errors of the shots, so that noise is recognizable as such."""
    widest = max((float(np.max(np.abs(_values(s) - zero))) for s in found.states), default=0.0)
    noise = 4.0 * float(np.max(_errors(found.states[0]), initial=0.0))
    height = max(noise, min(1.05 * widest, 10.0 * noise or widest)) or 1.0
    axes.set_ylim(-height, height)


def _values(state: StateRecord) -> np.ndarray:
    return np.array([np.nan if e.value is None else e.value for e in state.correlations])


def _errors(state: StateRecord) -> np.ndarray:
    return np.array([e.stderr or 0.0 for e in state.correlations])
