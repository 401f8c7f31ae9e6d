"""StackedMNIST: random digits as the channels of one image, 10^n modes.

Metz et al. 2017, arXiv:1611.02163, section 3.3.1, with three digits.
"""

import numpy as np

from energeia._core.errors import InputError
from energeia.data.checks import require_memory
from energeia.data.named import bundled
from energeia.data.readers import Table

MOST_DIGITS = 4


def stacked(
    images: np.ndarray, digits: int, count: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """``count`` stacks of ``digits`` images each, and the indices of their images.

    Shapes ``(count, height, width, digits)`` and ``(count, digits)``; images are drawn with
    replacement.

    Raises:
        InputError: for other than 1 to 4 digits, or no stack.

    >>> stacked(np.zeros((5, 28, 28)), 3, 2)[0].shape
    (2, 28, 28, 3)
    """
    if not 1 <= digits <= MOST_DIGITS or count < 1:
        raise InputError(
            f"{count} stacks of {digits} digits were asked for: ask for at least one stack of 1 "
            f"to {MOST_DIGITS} digits"
        )
    index = np.random.default_rng(seed).integers(len(images), size=(count, digits))
    return np.moveaxis(np.asarray(images)[index], 1, -1), index


def stacked_mnist(name: str, part: str, digits: int, n: int, seed: int) -> Table:
    """The source ``stacked-mnist``: ``n`` stacks of MNIST images, levels 0 to 255."""
    images = bundled.mnist("mnist", part).values
    require_memory(name, n, (images[0].size * max(digits, 1),), images.itemsize)
    return Table(stacked(images, digits, n, seed)[0], None, alike=True)
