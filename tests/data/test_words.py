import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.cli.using import write_blocks
from energeia.data import inspect, open_data, open_like, read
from energeia.runs import fit

COLORS = ("red", "-", 'dark "blue", or so', "none")


def write(path, colors, numbers):
    quoted = ['"' + word.replace('"', '""') + '"' for word in colors]
    lines = [f"{a},{word}" for a, word in zip(numbers, quoted, strict=True)]
    path.write_text("a,color\n" + "\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    return write(tmp_path / "x.csv", rng.choice(COLORS, 200), rng.normal(size=200))


class Frame:
    """What is used of a data frame."""

    def __init__(self, **columns):
        self.inner, self.columns = columns, list(columns)

    def __getitem__(self, name):
        return self.inner[name]

    def to_numpy(self):
        raise NotImplementedError


def test_a_column_of_words_is_categorical(file):
    data = open_data(file)
    assert str(data.support) == "0: real, 1: categorical(0,1,2,3)"
    assert data.words == (("color", tuple(sorted(COLORS))),)
    found = inspect(file)
    assert found.words == data.words
    frame = Frame(a=np.arange(6) / 7, b=np.array(["u", None, "v", "u", "v", "u"], object))
    data = open_data(frame, drop_bad_rows=True)
    assert data.words == (("b", ("u", "v")),)
    assert data.rows[:, 1].tolist() == [0, 1, 0, 1, 0]
    with pytest.raises(InputError, match="6 different words in 6 rows"):
        open_data(Frame(a=np.arange(6) / 7, b=np.array(list("uvwxyz"))))


def test_samples_are_written_as_words_and_read_with_the_same_codes(file, tmp_path):
    run = fit(
        file, "made", out=tmp_path / "run", quiet=True,
        options={"width": 8, "training": {"rounds": 2, "check_every": 1}},
    )  # fmt: skip
    x = run.sample(200)
    out = tmp_path / "samples.csv"
    write_blocks(out, 200, iter([x[:90], x[90:]]), run.columns, run.problem.words, quiet=True)
    assert out.read_text().startswith("a,color\n")
    assert {word for _, found in read(str(out)).words for word in found} == set(COLORS)
    again = open_like(str(out), run.problem.support, run.problem.layout, words=run.problem.words)
    np.testing.assert_array_equal(again.rows, x)
    # A file of fewer words has other codes of its own.
    few = write(tmp_path / "few.csv", ["red", "red"], [0.5, 0.25])
    assert read(few).values[:, 1].tolist() == [0, 0]
    again = open_like(few, run.problem.support, run.problem.layout, words=run.problem.words)
    assert again.rows[:, 1].tolist() == [3, 3]
    strange = write(tmp_path / "strange.csv", ["green", "red"], [0.5, 0.25])
    with pytest.raises(InputError, match="'green', which the run has not seen"):
        open_like(strange, run.problem.support, run.problem.layout, words=run.problem.words)


def test_a_word_among_numbers_is_refused_as_before(tmp_path):
    with pytest.raises(InputError, match=r"line 3, column 1 \(color\) holds 'red'"):
        read(write(tmp_path / "x.csv", ["1", "red"], [1, 2]))
