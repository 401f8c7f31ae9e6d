"""Matrix-product states in files and from other libraries. Pickles are never loaded."""

import re
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from energeia._core.errors import InputError
from energeia._core.paths import refuse_special_file
from energeia.physics.quantum.mps import MatrixProductState, matrix_product_state


def save_mps(file: Path | str | IO[bytes], state: MatrixProductState) -> None:
    """Write one array ``A0``, ``A1``, ... of shape ``(left, d, right)`` a site, as ``.npz``."""
    np.savez(file, **{f"A{i}": tensor for i, tensor in enumerate(state.sites())})  # pyright: ignore[reportArgumentType]


def load_mps(path: Path | str) -> MatrixProductState:
    """Read a ``.npz`` with one array a site, in the order of the numbers that end their names.

    ``save_mps`` writes such files, and so does ``numpy.savez(path, *tensors)``. Axes are
    ``(left, d, right)``; the state is normalized and brought to canonical form.

    Raises:
        InputError: if the file cannot be read or its arrays are not a state.
    """
    path = Path(path)
    refuse_special_file(path)
    try:
        with np.load(path, allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, OverflowError, AttributeError, zipfile.BadZipFile) as problem:
        raise InputError(
            f"{path} could not be read as a matrix-product state ({problem}): give a .npz file "
            "with one array (left, d, right) for each site"
        ) from None
    numbers = {name: re.search(r"(\d+)$", name) for name in arrays}
    order = sorted((int(found[1]), name) for name, found in numbers.items() if found)
    if not order or len(order) != len(arrays):
        raise InputError(
            f"{path} holds the arrays {', '.join(arrays) or 'none'} where one for each site was "
            "wanted: name them A0, A1, ... in the order of the chain"
        )
    try:
        return matrix_product_state([arrays[name] for _, name in order])
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None


def from_quimb(state: Any) -> MatrixProductState:
    """A state from a ``quimb.tensor.MatrixProductState`` with open ends.

    Raises:
        InputError: for a periodic state.
    """
    if getattr(state, "cyclic", False):
        raise InputError("the quimb state is periodic where open ends were wanted: cut it first")
    given = state.copy()
    given.permute_arrays("lpr")
    return matrix_product_state([np.asarray(array) for array in given.arrays])


def from_tenpy(state: Any) -> MatrixProductState:
    """A state from a finite ``tenpy.networks.mps.MPS``; tenpy orders spin-1/2 as its site does.

    Without conserved charges ``SpinHalfSite`` has up first, which is Z = +1 first; with them the
    basis of each site is put back into that order.

    Raises:
        InputError: for an infinite or segment state.
    """
    if state.bc != "finite":
        raise InputError(
            f"the tenpy state has {state.bc} boundary conditions where a finite chain was wanted: "
            "give a state with bc='finite'"
        )
    tensors = []
    for i, site in enumerate(state.sites):
        tensor = state.get_B(i).transpose(["vL", "p", "vR"]).to_ndarray()
        # A site with charges sorts its basis; ``perm`` is that sorting.
        tensors.append(tensor[:, np.argsort(site.perm), :])
    return matrix_product_state(tensors)
