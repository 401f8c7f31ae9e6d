import io

import msgspec
from rich.console import Console

from energeia.estimate import Estimate
from energeia.report.page import reference_row
from energeia.report.tables import print_leaderboard

from .examples import ising_page


def printed(width=140, terminal=False, changed=None, **options):
    page = ising_page()
    console = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=terminal
    )  # fmt: skip
    rows = [msgspec.structs.replace(m.row, **changed or {}) for m in page.models]
    print_leaderboard(rows, console=console, **options)
    return console.file.getvalue()


def test_rows_stand_by_what_is_attained():
    text = printed(reference=reference_row(ising_page().models), entropy=Estimate.exact(18.05))
    lines = text.splitlines()
    order = [line.split()[0] for line in lines if line and line.split()[0] in
             ("made", "rbm", "vae", "spline-flow", "gan", "data")]  # fmt: skip
    assert order == ["made", "vae", "spline-flow", "rbm", "gan", "data"]
    assert "−18.05" in text
    assert "exact" in text
    assert "gan: a generator without noise has no density" in text


def test_without_reference_there_is_no_last_row():
    assert "data against data" not in printed()


def test_nothing_is_cut_in_a_narrow_terminal_or_in_a_file():
    for options in ({"width": 80, "terminal": True}, {"width": 80}):
        text = printed(reference=reference_row(ising_page().models), **options)
        assert "…" not in text
        assert "lower bound" in text
        assert "0.512 ± 0.008" in text
        assert ("autoregressive" in text) is not options.get("terminal", False)


def test_the_spread_over_seeds_is_beside_the_likelihood_and_is_not_cut():
    for options in ({"width": 80, "terminal": True}, {"width": 140}):
        text = printed(changed={"spread": 0.052, "seeds": 3}, **options)
        assert "…" not in text
        assert "seeds ± 0.052" in text
    assert "seeds" not in printed()
