"""The commands ``recipes`` and ``sources`` say all that there is, in words and as JSON."""

import json
import re

import msgspec
import pytest

from energeia.cli.catalog import field_docs, option_lines
from energeia.cli.main import main
from energeia.data import NAMED
from energeia.recipes import RECIPES
from energeia.recipes.options.citations import bibtex


def printed(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(list(words))
    out, err = capsys.readouterr()
    assert end.value.code == (2 if err else 0), err
    return out or err


def test_every_recipe_is_listed_with_its_facts(capsys):
    listed = json.loads(printed(capsys, "recipes", "--json"))["recipes"]
    assert {fact["name"] for fact in listed} == set(RECIPES)
    assert all(fact["likelihood"] and fact["cost"] and fact["columns"] for fact in listed)
    text = printed(capsys, "recipes")
    assert all(name in text for name in RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_every_option_has_its_default_and_its_docstring(name):
    lines = {line["name"]: line for line in option_lines(RECIPES[name].options)}
    assert all(line["help"] for line in lines.values())
    rounds = RECIPES[name].options().training.rounds
    assert lines["training.rounds"]["default"] == rounds


def test_a_recipe_is_told_with_options_and_papers(capsys):
    told = json.loads(printed(capsys, "recipes", "wgan-gp", "--json"))
    options = {option["name"]: option for option in told["options"]}
    assert options["critic-moves"]["default"] == 5
    assert options["critic.beta2"]["default"] == 0.9
    assert "1704.00028" in told["bibtex"]
    text = printed(capsys, "recipes", "wgan-gp")
    assert "--critic.beta2" in text
    assert "@misc{gulrajani2017," in text


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_the_papers_are_those_of_the_citation(name):
    entries, citation = bibtex(name), RECIPES[name].citation
    cited = set(re.findall(r"arXiv:([\d.]+\d)", citation))
    assert cited <= set(re.findall(r"eprint = {([\d.]+)}", entries))
    years = set(re.findall(r"\b(?:19|20)\d\d\b", re.sub(r"arXiv:[\d.]+", "", citation)))
    assert years == set(re.findall(r"year = {(\d+)}", entries))
    assert entries.count("{") == entries.count("}")


def test_sources_are_listed_and_told(capsys):
    listed = json.loads(printed(capsys, "sources", "--json"))["sources"]
    assert {fact["name"] for fact in listed} == set(NAMED)
    assert json.loads(printed(capsys, "sources", "ising", "--json"))["parameters"]["L"] == 8
    assert "L=8" in printed(capsys, "sources", "ising")


def test_a_misspelled_name_names_its_neighbor(capsys):
    assert "did you mean 'made'" in printed(capsys, "recipes", "mad")
    assert "did you mean 'moons'" in printed(capsys, "sources", "moon")


def test_the_docstring_of_a_field_is_that_of_the_nearest_class():
    class First(msgspec.Struct):
        """First."""

        a: int = 1
        """one"""
        b: int = 2

    class Second(First):
        """Second."""

        a: int = 3
        """three
        lines"""

    assert field_docs(First) == {"a": "one"}
    assert field_docs(Second) == {"a": "three lines"}
