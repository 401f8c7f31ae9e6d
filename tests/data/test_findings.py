import numpy as np
import pytest
from sklearn import datasets

from energeia.data import inspect, open_data
from energeia.data.findings import find, sentences
from energeia.data.inference import infer, summarize
from energeia.data.readers import Table
from energeia.support import parse

ROWS, TRIALS = 400, 20
POSITIVE = {
    "exponential": lambda r, n: r.exponential(size=n),
    "gamma": lambda r, n: 1e-20 * r.gamma(2.0, size=n),
    "log-normal": lambda r, n: r.lognormal(0.0, 0.5, n),
    "wide log-normal": lambda r, n: 1e30 * r.lognormal(0.0, 2.0, n),
}
BOUNDED = {
    "interval(0,1)": lambda r, n: r.beta(0.5, 0.5, n),
    "interval(-1,1)": lambda r, n: r.uniform(-1, 1, n),
    "interval(0,100)": lambda r, n: r.uniform(0, 100, n),
    "circle(0,360)": lambda r, n: np.degrees(r.vonmises(0.0, 1.0, n)) % 360,
    "circle(-3.141592653589793,3.141592653589793)": lambda r, n: r.uniform(-np.pi, np.pi, n),
}
EDGES = {
    "above(1)": lambda r, n: 1.0 + r.pareto(1.5, n),
    "above(20)": lambda r, n: 20.0 * (1.0 + r.pareto(3.0, n)),
    "above(1000)": lambda r, n: 1000.0 + r.exponential(size=n),
    "above(-5)": lambda r, n: -5.0 + r.gamma(0.7, size=n),
}
COUNTS = {
    "poisson": lambda r, n: r.poisson(4.0, n),
    "geometric": lambda r, n: r.geometric(0.2, n),
    "overdispersed": lambda r, n: r.negative_binomial(1.0, 0.1, n),
}
WHOLE = {
    "a die": lambda r, n: r.integers(1, 7, n),
    "hours": lambda r, n: r.integers(0, 24, n),
    "a scale": lambda r, n: r.binomial(10, 0.6, n),
    "signed": lambda r, n: r.poisson(4.0, n) - 3,
    "far from zero": lambda r, n: 70 + r.poisson(9.0, n),
}
PLAIN = {
    "normal far from zero": lambda r, n: r.normal(5.0, 1.0, n),
    "skewed far from zero": lambda r, n: 1000.0 + r.gamma(3.0, size=n),
    "an edge that is not round": lambda r, n: 1000.123456 + r.exponential(size=n),
    "one glitch": lambda r, n: np.append(r.normal(10.0, 1.0, n - 1), 1e6),
    "uniform": lambda r, n: r.uniform(0.0, 7.0, n),
    "normal in (0, 1)": lambda r, n: r.normal(0.5, 0.12, n),
    "normal close to 1": lambda r, n: r.normal(0.9, 0.03, n),
    "a clipped angle": lambda r, n: np.clip(r.normal(180.0, 90.0, n), 0.0, 359.9),
    "an angle of one side": lambda r, n: r.vonmises(0.0, 8.0, n),
}


def found(values):
    summary = summarize(values)
    support = infer(summary, alike=False)
    return [f.support for f in find(values, summary, support, ("x",))[1]] or ["real"]


def share(make, kind):
    """How often a kind is found in columns of independent rows."""
    each = (found(make(np.random.default_rng(seed), ROWS)[:, None]) for seed in range(TRIALS))
    return np.mean([answer == [kind] for answer in each])


@pytest.mark.parametrize("name", POSITIVE)
def test_skewed_positive_columns_are_positive(name):
    assert share(POSITIVE[name], "positive") >= 0.9


@pytest.mark.parametrize("kind", BOUNDED)
def test_whole_turns_and_dense_ends_are_found(kind):
    assert share(BOUNDED[kind], kind) >= 0.9


@pytest.mark.parametrize("kind", EDGES)
def test_skewed_columns_that_are_dense_from_a_round_number_on_are_above_it(kind):
    assert share(EDGES[kind], kind) >= 0.9


@pytest.mark.parametrize("name", PLAIN)
def test_columns_without_evidence_stay_real(name):
    assert share(PLAIN[name], "real") >= 0.95


@pytest.mark.parametrize("name", COUNTS)
def test_whole_numbers_that_become_rare_are_counts_without_a_highest_value(name):
    for seed in range(TRIALS):
        values = COUNTS[name](np.random.default_rng(seed), ROWS)[:, None].astype(float)
        largest, low = int(values.max()), int(values.min() if name == "geometric" else 0)
        assert found(values) == [f"integer({low},{2 * largest + 10},{largest})"]


@pytest.mark.parametrize("name", WHOLE)
def test_other_whole_numbers_end_where_they_end(name):
    assert share(lambda r, n: WHOLE[name](r, n).astype(float), "real") >= 0.9


def test_what_is_said_of_a_count_can_be_undone():
    values = np.random.default_rng(0).poisson(3.0, (500, 1)).astype(float)
    data = open_data(Table(values, ("n",), alike=False))
    largest = int(values.max())
    (said,) = sentences(data.findings, data.columns)
    assert said.endswith(f'--support "n:integer(0,{largest})" undoes it')
    again = open_data(Table(values, ("n",), alike=False), support=f"n:count({largest})")
    assert again.support == data.support
    assert again.support.contains(values + largest).all()


def test_few_rows_are_no_evidence():
    assert found(np.random.default_rng(0).exponential(size=(99, 1))) == ["real"]


def test_measured_columns():
    wine = datasets.load_wine()
    data = open_data(Table(wine.data, tuple(wine.feature_names), False))
    assert [f.name for f in data.findings] == ["malic_acid", "color_intensity", "proline"]
    iris = datasets.load_iris()
    assert not open_data(Table(iris.data, tuple(iris.feature_names), False)).findings


def table(names=("t", "phi: a", "w")):
    r = np.random.default_rng(0)
    columns = (r.exponential(size=500), r.uniform(0, 360, 500), r.normal(5, 1, 500))
    return Table(np.column_stack(columns), names, alike=False)


def test_a_declaration_keeps_the_findings_of_other_columns():
    assert str(open_data(table()).support) == "0: positive, 1: circle(0,360), 2: real"
    data = open_data(table(), support="t:real; w:positive")
    assert str(data.support) == "0: real, 1: circle(0,360), 2: positive"
    assert [f.name for f in data.findings] == ["phi: a"]
    assert data.suggestions == ()
    assert str(open_data(table(), findings=False).support) == "0-2: real"
    assert str(open_data(table(), support=parse("*:real", data.support)).support) == "0-2: real"


def test_what_is_said_can_be_copied():
    data = open_data(table())
    first, second = sentences(data.findings, data.columns)
    assert first == "t is positive and skewed: taken as positive; --support t:real undoes it"
    assert second.endswith("""taken as circle(0,360); --support "'phi: a':real" undoes it""")
    assert data.suggestions == ("w:positive",)
    everything = inspect(table(), findings=False).suggestions
    assert everything == ("t:positive; w:positive", "'phi: a':circle(0,360)")
    again = open_data(table(), support="; ".join(everything))
    assert str(again.support) == "0: positive, 1: circle(0,360), 2: positive"


def test_columns_of_equal_names_are_given_by_number():
    data = open_data(table(("t", "t", "0-1")))
    assert data.suggestions == ("'0-1':positive",)
    assert "--support 0:real undoes it" in sentences(data.findings, data.columns)[0]


def test_images_and_named_sources_are_left_alone():
    x = np.random.default_rng(0).exponential(size=(300, 36))
    assert str(open_data(x[:, :4]).support) == "0-3: positive"
    assert str(open_data(x).support) == "0-35: real"
    assert str(open_data(x[:, :4].reshape(-1, 2, 2)).support) == "0-3: real"
    assert not open_data("breast-cancer").findings
    assert not open_data("breast-cancer").suggestions


def test_parts_of_a_composition_are_left_alone():
    x = np.random.default_rng(0).dirichlet([1, 2, 3], 300)
    data = open_data(x)
    assert not data.findings
    assert data.suggestions == ("0-2:simplex(2)",)


def test_one_value_outside_refutes_a_bound():
    r = np.random.default_rng(0)
    for make in (POSITIVE["exponential"], BOUNDED["interval(0,1)"], BOUNDED["circle(0,360)"]):
        values = make(r, 50_000)
        values[1] = -1e-9  # a row that is not among those looked at
        assert found(values[:, None]) == ["real"]
