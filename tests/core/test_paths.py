"""Pipes and devices are refused before anything waits for them."""

import os

import pytest

from energeia._core.errors import InputError
from energeia.data.sources import open_data
from energeia.physics.quantum.mps_files import load_mps
from energeia.physics.quantum.povm import povm_named
from energeia.recipes.catalogue import RECIPES
from energeia.runs.storage.config import options_file

READERS = {
    "a.npy": lambda path: open_data(str(path)),
    "a.npz": load_mps,
    "b.npy": lambda path: povm_named(str(path)),
    "a.toml": lambda path: options_file(path, RECIPES["made"].options),
}


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_no_file(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="is a pipe, a socket or a device"):
        READERS[name](tmp_path / name)
