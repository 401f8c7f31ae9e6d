"""Configurations: spelled out, read back, unknown names refused with their neighbor."""

import pytest

from energeia._core.errors import InputError
from energeia.recipes.catalogue import RECIPES
from energeia.runs.storage.config import (
    DataConfig,
    RunConfig,
    build_options,
    from_toml,
    options_file,
    to_toml,
)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_written_and_read_back(name):
    options = build_options(RECIPES[name].options, {"training": {"rounds": 7}})
    config = RunConfig(recipe=name, data=DataConfig(spec="x.npy", seed=3), options=options, seed=5)
    assert from_toml(to_toml(config), "config.toml") == config


def test_what_is_left_out_keeps_the_recipes_default():
    kind = RECIPES["made"].options
    changed = build_options(kind, {"training": {"rounds": 7}})
    assert changed.training.rounds == 7
    assert changed.training.average == kind().training.average


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"widht": 3}, "did you mean 'width'"),
        ({"training": {"round": 3}}, "did you mean 'rounds'"),
        ({"training": {"rounds": "many"}}, "rounds"),
        ({"training": {"rounds": 0}}, r"training\.rounds was given 0: it must be at least 1"),
        ({"width": -3}, "width was given -3"),
    ],
)
def test_unknown_or_wrong_options_are_refused(raw, said):
    with pytest.raises(InputError, match=said):
        build_options(RECIPES["made"].options, raw)


def test_options_in_another_encoding_are_refused(tmp_path):
    (tmp_path / "a.toml").write_bytes("width = 3\n".encode("utf-16"))
    with pytest.raises(InputError, match="is not text"):
        options_file(tmp_path / "a.toml", RECIPES["made"].options)


def test_broken_toml_names_the_line():
    with pytest.raises(InputError, match="not valid TOML"):
        from_toml("recipe = ", "config.toml")
    with pytest.raises(InputError, match="did you mean 'made'"):
        from_toml('recipe = "mad"', "config.toml")


def test_a_configuration_out_of_range_cannot_be_made():
    kind = RECIPES["made"].options
    with pytest.raises(InputError, match="depth was given 0"):
        RunConfig(recipe="made", data=DataConfig(spec="x.npy"), options=kind(depth=0))
    with pytest.raises(InputError, match="seed was given -1"):
        RunConfig(recipe="made", data=DataConfig(spec="x.npy"), options=kind(), seed=-1)
    with pytest.raises(InputError, match="fractions was given nan"):
        DataConfig(spec="x.npy", fractions=(0.5, float("nan"), 0.5))
