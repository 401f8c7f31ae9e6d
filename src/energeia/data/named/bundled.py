"""Real data sets: scikit-learn's bundled sets, and MNIST from a folder. Needs no JAX."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets

from energeia._core.errors import InputError, nearest
from energeia.data import readers
from energeia.data.readers import Table

FOLDER = "ENERGEIA_DATA"
"""The environment variable that names the folder of larger data sets."""


def digits(name: str) -> Table:
    """1,797 handwritten digits, 8x8, levels 0 to 16 (UCI; scikit-learn's ``load_digits``)."""
    bunch: Any = datasets.load_digits()
    return Table(bunch["images"].astype(np.uint8), None, alike=True)


_TABLES = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast-cancer": datasets.load_breast_cancer,
}


def table(name: str, labels: int) -> Table:
    """A table of scikit-learn; ``labels=1`` adds the class as the last column, ``class``."""
    bunch: Any = _TABLES[name]()
    names = tuple(str(n).replace(" (cm)", "") for n in bunch["feature_names"])
    if not labels:
        return Table(bunch["data"], names, alike=False)
    values = np.column_stack([bunch["data"], bunch["target"]])
    return Table(values, (*names, "class"), alike=False)


_MNIST = {"train": "train-images-idx3-ubyte.gz", "test": "t10k-images-idx3-ubyte.gz"}


def mnist(name: str, part: str) -> Table:
    """MNIST images, 28x28, levels 0 to 255: ``part=train`` (60,000) or ``part=test`` (10,000)."""
    if part not in _MNIST:
        raise InputError(f"mnist has no part {part!r}: {nearest(part, _MNIST)}")
    return readers.read(str(_folder(name) / "mnist" / _MNIST[part]))


def mnist_labels(part: str) -> np.ndarray:
    """The digit of each image of ``mnist``, shape ``(n,)``."""
    name = _MNIST[part].replace("images-idx3", "labels-idx1")
    return readers.read(str(_folder("mnist") / "mnist" / name)).values.ravel().astype(int)


def binarized_mnist(name: str, part: str) -> Table:
    """One fixed binarization of MNIST: ``part=train`` (50,000), ``valid`` or ``test``."""
    found = readers.read(f"{_folder(name) / 'binarized_mnist.npz'}:{part}")
    return found._replace(values=found.values.reshape(-1, 28, 28))


def _folder(name: str) -> Path:
    folder = os.environ.get(FOLDER)
    if not folder:
        raise InputError(
            f"{name!r} is read from a folder that the environment variable {FOLDER} names, and it "
            f"is not set: set {FOLDER} to the folder that holds it, or give a file"
        )
    if not Path(folder).is_dir():
        raise InputError(f"{FOLDER} names {folder}, which is not a folder: correct it")
    return Path(folder)
