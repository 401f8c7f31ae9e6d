"""Matrix-product states of an open chain: canonical form and constructors.

    psi(s_1 .. s_N) = A_1[0, s_1, :] A_2[:, s_2, :] ... A_N[:, s_N, 0]

kept right-canonical, sum_{s,r} A[l, s, r] A*[l', s, r] = delta_{l l'}, and of norm one. The algebra
of a single state is done in float64 on the host: local quantities are in ``mps_local``, strings of
outcomes in ``mps_outcomes``, files and other libraries in ``mps_files``.
"""

from collections.abc import Sequence
from itertools import pairwise

import equinox as eqx
import numpy as np
from jaxtyping import Shaped

from energeia._core.errors import InputError
from energeia.physics.quantum.povm import check_noise


class MatrixProductState(eqx.Module):
    """A pure state; build it with ``matrix_product_state``, which checks and normalizes.

    >>> state = ghz(5)
    >>> state.n_sites, state.bond, state.dimension, state.real
    (5, 2, 2, True)
    """

    tensors: Shaped[np.ndarray, "N D d D"]
    """Real or complex, padded with zeros to a common bond D; the outer bonds are index 0."""
    bonds: tuple[int, ...] = eqx.field(static=True)
    """The N + 1 bond dimensions before padding, the outer ones 1."""

    @property
    def n_sites(self) -> int:
        """The number of sites, N."""
        return self.tensors.shape[0]

    @property
    def bond(self) -> int:
        """The largest bond dimension, D."""
        return self.tensors.shape[1]

    @property
    def dimension(self) -> int:
        """The dimension of a site, d."""
        return self.tensors.shape[2]

    @property
    def real(self) -> bool:
        """Whether all amplitudes are real."""
        return not np.iscomplexobj(self.tensors)

    def sites(self) -> list[np.ndarray]:
        """The tensors without padding, each of shape ``(left, d, right)``."""
        cut = zip(self.tensors, self.bonds[:-1], self.bonds[1:], strict=True)
        return [tensor[:left, :, :right] for tensor, left, right in cut]


class LocallyDepolarized(eqx.Module):
    """A state after depolarizing noise, rho -> (1 - p) rho + p I/d, on each of its sites."""

    state: MatrixProductState
    p: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        check_noise(self.p)


State = MatrixProductState | LocallyDepolarized


def matrix_product_state(tensors: Sequence[np.ndarray]) -> MatrixProductState:
    """A state from one array ``(left, d, right)`` a site, brought to canonical form and norm one.

    Any gauge and norm are allowed; real tensors stay real. The end tensors may leave out their
    outer bond of one.

    Raises:
        InputError: if bonds do not match, the outer ones are not 1, a number is not finite, or
            the state has no norm.

    >>> matrix_product_state([np.array([[[3.0], [4.0]]])]).tensors.ravel().round(12).tolist()
    [0.6, 0.8]
    """
    arrays = _checked(tensors)
    rest = np.ones((1, 1))
    right = []
    for site in range(len(arrays) - 1, -1, -1):
        whole = np.tensordot(arrays[site], rest, axes=1)
        left, d, bond = whole.shape
        size = np.linalg.norm(whole)
        # An exactly orthogonal contraction leaves rounding error of this relative size behind.
        if size <= 1e-14 * np.linalg.norm(arrays[site]):
            raise InputError(
                f"the state has norm zero at site {site}, where a state to normalize was wanted: "
                "check the tensors"
            )
        q, r = np.linalg.qr(whole.reshape(left, d * bond).conj().T / size)
        right.append(q.conj().T.reshape(-1, d, bond))
        rest = r.conj().T
    right[-1] = right[-1] * (rest[0, 0] / abs(rest[0, 0]))
    return _padded(right[::-1])


def _checked(tensors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Three-dimensional float64 or complex128 arrays whose bonds fit.

    Raises:
        InputError: see ``matrix_product_state``.
    """
    arrays = [np.asarray(t) for t in tensors]
    if not arrays:
        raise InputError("no tensors were given where one for each site was wanted: give some")
    if len(arrays) > 1:
        arrays[0] = arrays[0][None] if arrays[0].ndim == 2 else arrays[0]
        arrays[-1] = arrays[-1][..., None] if arrays[-1].ndim == 2 else arrays[-1]
    for site, array in enumerate(arrays):
        if array.ndim != 3 or array.dtype.kind not in "iufc" or 0 in array.shape:
            raise InputError(
                f"the tensor of site {site} has shape {array.shape} and type {array.dtype}, where "
                "numbers of shape (left bond, site, right bond) were wanted: reorder its axes"
            )
        if not np.all(np.isfinite(array)):
            raise InputError(
                f"the tensor of site {site} holds NaN or infinity where amplitudes were wanted: "
                "write the state again"
            )
        if array.shape[1] != arrays[0].shape[1]:
            raise InputError(
                f"site {site} has dimension {array.shape[1]} where site 0 has "
                f"{arrays[0].shape[1]}: all sites have one dimension, axes are (left, site, right)"
            )
        before = arrays[site - 1].shape[2] if site else 1
        if array.shape[0] != before:
            raise InputError(
                f"bond {site} is {before} on its left and {array.shape[0]} on its right: "
                "neighboring tensors share a bond of one size, and the outer bonds are 1"
            )
    if arrays[-1].shape[2] != 1:
        raise InputError(
            f"the last tensor ends in a bond of {arrays[-1].shape[2]} where an open chain ends "
            "in 1: periodic states are not matrix-product states of an open chain"
        )
    kind = np.complex128 if any(map(np.iscomplexobj, arrays)) else np.float64
    return [array.astype(kind) for array in arrays]


def _padded(arrays: Sequence[np.ndarray]) -> MatrixProductState:
    bonds = (1, *(array.shape[2] for array in arrays))
    D = max(bonds)
    tensors = np.zeros((len(arrays), D, arrays[0].shape[1], D), dtype=arrays[0].dtype)
    for site, array in enumerate(arrays):
        tensors[site, : array.shape[0], :, : array.shape[2]] = array
    return MatrixProductState(tensors, bonds)


def ghz(n_sites: int, phase: float = 0.0) -> MatrixProductState:
    """(|0..0> + exp(i phase)|1..1>) / sqrt 2; the phases 0 and pi are real and orthogonal.

    Raises:
        InputError: for fewer than two sites.
    """
    if n_sites < 2:
        raise InputError(f"a GHZ state of {n_sites} sites was asked for: it has two sites or more")
    factor = np.exp(1j * phase)
    factor = factor.real if abs(factor.imag) < 1e-15 else factor
    bulk = np.zeros((2, 2, 2))
    bulk[0, 0, 0] = bulk[1, 1, 1] = 1.0
    last = np.stack([bulk[0, :, 0], bulk[1, :, 1] * factor])
    return matrix_product_state([np.eye(2)[None], *[bulk] * (n_sites - 2), last[..., None]])


def product(vectors: Shaped[np.ndarray, "N d"]) -> MatrixProductState:
    """The product of one vector a site, each normalized."""
    return matrix_product_state([np.asarray(v)[None, :, None] for v in vectors])


def random(
    seed: int | np.random.Generator, n_sites: int, bond: int, d: int = 2, real: bool = False
) -> MatrixProductState:
    """Gaussian tensors of one bond dimension, smaller near the ends, normalized."""
    rng = np.random.default_rng(seed)
    edges = [min(bond, d ** min(i, n_sites - i)) for i in range(n_sites + 1)]
    shapes = [(left, d, right) for left, right in pairwise(edges)]
    draws = [rng.normal(size=s) + (0 if real else 1j * rng.normal(size=s)) for s in shapes]
    return matrix_product_state(draws)
