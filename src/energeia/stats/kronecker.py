"""One matrix applied to every axis of a tensor: sums over all outcome strings in few products.

NumPy in float64 on the host.
"""

import numpy as np
from jaxtyping import Inexact


def on_every_axis(
    matrix: Inexact[np.ndarray, "out in"], tensor: Inexact[np.ndarray, " all"], axes: int
) -> Inexact[np.ndarray, " all_out"]:
    """(M x M x ... x M) t for a tensor of ``in ** axes`` numbers, first axis slowest.

    Costs ``axes`` matrix products in the place of one of size out^axes by in^axes.

    >>> import numpy as np
    >>> m, t = np.array([[1.0, 2.0], [0.0, 1.0]]), np.arange(4.0)
    >>> bool(np.allclose(on_every_axis(m, t, 2), np.kron(m, m) @ t))
    True
    """
    for _ in range(axes):
        # Each step moves the first axis to the end: after the last step the order is restored.
        tensor = (matrix @ tensor.reshape(matrix.shape[1], -1)).T
    return np.ascontiguousarray(tensor).reshape(-1)


def histogram(codes: Inexact[np.ndarray, "n k"], size: int) -> Inexact[np.ndarray, " all"]:
    """How often each of the ``size ** k`` strings occurs, first column slowest.

    >>> import numpy as np
    >>> histogram(np.array([[0, 1], [1, 1], [1, 1]]), 2).tolist()
    [0.0, 1.0, 0.0, 2.0]
    """
    rows = np.asarray(codes, dtype=np.int64)
    index = rows @ size ** np.arange(rows.shape[1] - 1, -1, -1, dtype=np.int64)
    return np.bincount(index, minlength=size ** rows.shape[1]).astype(np.float64)
