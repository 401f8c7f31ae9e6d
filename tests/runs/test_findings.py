import msgspec
import numpy as np
import pytest

from energeia.data.readers import Table
from energeia.runs import comparison, runner, sessions
from energeia.runs.opening import open_rows
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.verbs import prepare_session


@pytest.fixture(scope="module")
def table():
    r = np.random.default_rng(0)
    columns = (r.exponential(size=500), r.uniform(0, 360, 500), r.normal(5, 1, 500))
    return Table(np.column_stack(columns), ("t", "phi", "w"), alike=False)


def start(table, recipe, folder):
    """A run that has written its records, as a session before its first round."""
    from energeia.runs.opening import data_config

    where, kept = data_config(table, None, 0)
    session = prepare_session(where, recipe, kept, out=folder)
    runner._write_records(session)
    return session.directory


def test_a_run_says_and_records_what_was_found(table, tmp_path, capsys):
    directory = start(table, "made", tmp_path / "made")
    said = capsys.readouterr().err
    assert "t is positive and skewed: taken as positive; --support t:real undoes it\n" in said
    assert "consider --support w:positive\n" in said
    assert [text.split()[0] for text in directory.data.findings] == ["t", "phi"]
    assert str(directory.support) == "0: positive, 1: circle(0,360), 2: real"


def test_a_run_keeps_the_support_that_it_recorded(table, tmp_path):
    directory = start(table, "made", tmp_path / "made")
    plain = open_rows(msgspec.structs.replace(directory.config().rows, findings=False)).problem
    directory.write("problem.json", plain)  # as a program without this rule would have done
    session = sessions.reopen_session(RunDirectory(directory.path))
    assert str(session.rows.problem.support) == "0-2: real"
    assert session.rows.problem == plain
    assert str(comparison._recorded(tmp_path)) == "0-2: real"
    # The control: without the record the columns are found.
    assert str(open_rows(directory.config().rows).data.support) != "0-2: real"


def test_findings_that_a_recipe_does_not_model_are_undone(table, tmp_path, capsys):
    directory = start(table, "realnvp", tmp_path / "flow")
    assert "realnvp does not model circle columns: phi:real" in capsys.readouterr().err
    assert directory.config().rows.support == "phi:real"
    assert str(directory.support) == "0: positive, 1-2: real"
