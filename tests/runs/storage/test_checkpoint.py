"""Checkpoints: whole or absent, refused when altered, the previous one used."""

import contextlib
import errno
import logging
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import CorruptRun, InputError
from energeia.runs.storage import checkpoint, files
from energeia.runs.storage.files import whole, write_whole

TREE = {"state": {"w": jnp.arange(6.0).reshape(2, 3), "key": jax.random.key(5), "n": jnp.int32(3)}}


def header(number):
    return {"round": number, "mode": "scan", "best_loss": None, "best_round": 0, "misses": 0}


def test_round_trip_keeps_types_and_keys(tmp_path):
    checkpoint.save(tmp_path, TREE, header(10))
    saved = checkpoint.load_last(tmp_path)
    template = jax.eval_shape(lambda: TREE)
    back = checkpoint.restore(template["state"], saved, "state.")
    assert np.array_equal(back["w"], TREE["state"]["w"])
    assert back["n"].dtype == jnp.int32
    assert jnp.array_equal(
        jax.random.key_data(back["key"]), jax.random.key_data(TREE["state"]["key"])
    )


def test_only_the_last_two_are_kept(tmp_path):
    for number in (10, 20, 30):
        checkpoint.save(tmp_path, TREE, header(number))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "000000020.json", "000000020.safetensors", "000000030.json", "000000030.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "header"])
def test_a_damaged_checkpoint_is_named_and_the_previous_used(tmp_path, damage, caplog):
    for number in (10, 20):
        checkpoint.save(tmp_path, TREE, header(number))
    tensors = tmp_path / "000000020.safetensors"
    content = tensors.read_bytes()
    match damage:
        case "truncate":
            tensors.write_bytes(content[:-7])
        case "flip":
            tensors.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "remove":
            tensors.unlink()
        case "header":
            (tmp_path / "000000020.json").write_bytes(b'{"round": 2')
    with caplog.at_level(logging.WARNING, "energeia"):
        assert checkpoint.load_last(tmp_path).header.round == 10
    assert "000000020" in caplog.text


def test_no_whole_checkpoint_is_an_error(tmp_path):
    checkpoint.save(tmp_path, TREE, header(10))
    (tmp_path / "000000010.safetensors").write_bytes(b"")
    with pytest.raises(CorruptRun, match="000000010"):
        checkpoint.load_last(tmp_path)


def test_a_tree_of_another_shape_is_refused(tmp_path):
    checkpoint.save(tmp_path, TREE, header(10))
    saved = checkpoint.load_last(tmp_path)
    with pytest.raises(CorruptRun, match="has shape"):
        checkpoint.restore({"w": jnp.zeros(2)}, saved, "state.")
    with pytest.raises(CorruptRun, match="is missing"):
        checkpoint.restore({"other": jnp.zeros(2)}, saved, "state.")


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "record.json"
    write_whole(path, "old")
    with contextlib.suppress(RuntimeError), whole(path) as stream:
        stream.write(b"half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    real = os.fsync

    def full(handle):
        real(handle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left.*free some space"):
        write_whole(tmp_path / "x", "content")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "free some space"), (errno.EACCES, "that you may write to"),
     (errno.EROFS, "that you may write to"), (errno.ENAMETOOLONG, "a shorter name"),
     (errno.ENOENT, "that is there")],
)  # fmt: skip
def test_the_reason_why_a_file_cannot_be_written_is_the_true_one(
    tmp_path, monkeypatch, number, said
):
    def refuse(path, mode):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "disk", files.Disk(open=refuse))
    with pytest.raises(InputError) as problem:
        write_whole(tmp_path / "x", "content")
    assert os.strerror(number) in str(problem.value)
    assert said in str(problem.value)
    assert ("free some space" in str(problem.value)) == (number == errno.ENOSPC)
