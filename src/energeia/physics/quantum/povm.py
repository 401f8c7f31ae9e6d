"""Measurements of one site (POVMs): effects, dual frames, outcome conventions. Host, float64.

A measurement is a set of positive effects M_a with sum_a M_a = I; outcome a has probability
p_a = tr(M_a rho). A string of outcomes comes from the same measurement at every site.
"""

import zipfile
from pathlib import Path

import equinox as eqx
import numpy as np
from jaxtyping import Complex, Int

from energeia._core.errors import InputError, nearest
from energeia._core.paths import refuse_special_file

PAULI = {
    "I": np.eye(2, dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.array([[1, 0], [0, -1]], dtype=complex),
}
"""The Pauli matrices; Z is diagonal and Z|0> = +|0>."""

PAULI_6_TO_4 = (1, 3, 2, 3, 0, 3)
"""The ``pauli-4`` outcome of each ``pauli-6`` outcome."""

_TOLERANCE = 1e-9


class Povm(eqx.Module):
    """A measurement of one site of dimension d, with A outcomes.

    Informational completeness is the rank of the span of the effects being d^2; an invertible
    overlap matrix is neither necessary (``pauli-6``) nor sufficient (``trine``) for it.

    >>> pauli_6().complete, trine().complete, trine().rank
    (True, False, 3)
    """

    name: str = eqx.field(static=True)
    effects: Complex[np.ndarray, "A d d"]
    labels: tuple[str, ...] = eqx.field(static=True)
    """The meaning of each outcome, in the order of the outcome codes 0 .. A-1."""

    @property
    def n_outcomes(self) -> int:
        """The number of outcomes, A."""
        return self.effects.shape[0]

    @property
    def dimension(self) -> int:
        """The dimension of the site, d."""
        return self.effects.shape[1]

    @property
    def _frame(self) -> Complex[np.ndarray, "A dd"]:
        """The matrix F of p = F vec(rho), row-major vec."""
        return np.swapaxes(self.effects, 1, 2).reshape(self.n_outcomes, -1)

    @property
    def _singular_values(self) -> np.ndarray:
        found = np.linalg.svd(self._frame, compute_uv=False)
        return found[found > _TOLERANCE * found[0]]

    @property
    def rank(self) -> int:
        """The dimension of the span of the effects."""
        return len(self._singular_values)

    @property
    def complete(self) -> bool:
        """Whether the effects span all operators, so that outcomes determine the state."""
        return self.rank == self.dimension**2

    @property
    def conditioning(self) -> float:
        """The ratio of the extreme nonzero singular values of the frame; 1 is a tight frame."""
        return float(self._singular_values[0] / self._singular_values[-1])

    @property
    def dual(self) -> Complex[np.ndarray, "A d d"]:
        """The canonical dual frame D_a, by pseudo-inverse: rho = sum_a tr(M_a rho) D_a on the span.

        >>> rho = np.array([[0.8, 0.1 - 0.2j], [0.1 + 0.2j, 0.2]])
        >>> p = np.einsum("aij,ji->a", pauli_4().effects, rho)
        >>> bool(np.allclose(np.einsum("a,aij->ij", p, pauli_4().dual), rho))
        True
        """
        inverse = np.linalg.pinv(self._frame, rcond=_TOLERANCE)
        return inverse.T.reshape(self.effects.shape)

    def coefficients(self, operator: Complex[np.ndarray, "d d"]) -> np.ndarray:
        """c_a = tr(D_a O), shape ``(A,)``, so that <O> = sum_a c_a p_a; real for Hermitian O.

        Raises:
            InputError: if the operator is not of the site's dimension, or outside the span.

        >>> pauli_6().coefficients(PAULI["Z"]).round(6).tolist()
        [0.0, 0.0, 0.0, 0.0, 3.0, -3.0]
        """
        operator = np.asarray(operator)
        if operator.shape != self.effects.shape[1:]:
            raise InputError(
                f"an operator of shape {operator.shape} was given where {self.name} measures sites "
                f"of dimension {self.dimension}: give a {self.dimension} x {self.dimension} matrix"
            )
        found = np.einsum("aij,ji->a", self.dual, operator)
        gap = np.abs(np.einsum("a,aij->ij", found, self.effects) - operator).max()
        if gap > 1e-7 * max(1.0, float(np.abs(operator).max())):
            raise InputError(
                f"the operator lies outside the span of {self.name} (distance {gap:.2g}), so its "
                "outcomes do not determine it: measure with an informationally complete set such "
                "as pauli-4"
            )
        hermitian = np.allclose(operator, operator.conj().T, atol=1e-12)
        # The + 0.0 turns -0.0 into 0.0.
        return found.real.round(15) + 0.0 if hermitian else found

    def depolarized(self, p: float) -> "Povm":
        """(1 - p) M + p tr(M)/d I: local depolarizing noise of strength p, Heisenberg picture.

        Measuring these effects on a state is measuring M on the state with noise.

        Raises:
            InputError: if p is outside [0, 1].
        """
        check_noise(p)
        if p == 0:
            return self
        traces = np.einsum("aii->a", self.effects)[:, None, None] / self.dimension
        effects = (1 - p) * self.effects + p * traces * np.eye(self.dimension)
        return Povm(f"{self.name}, depolarized by {p:g}", effects, self.labels)

    def refined(self) -> tuple[Complex[np.ndarray, "K d"], Int[np.ndarray, " K"]]:
        """Vectors e of the rank-one effects |e><e| that make up this measurement, and their
        outcomes.

        An effect is the sum of its eigenvectors' projectors times their eigenvalues, so drawing
        among all of these projectors and keeping only the outcome draws from the measurement.

        >>> vectors, outcome = pauli_4().refined()
        >>> vectors.shape, outcome.tolist()
        ((5, 2), [0, 1, 2, 3, 3])
        """
        values, vectors = np.linalg.eigh(self.effects)
        outcome, index = np.nonzero(values > 1e-12)
        return vectors[outcome, :, index] * np.sqrt(values[outcome, index])[:, None], outcome


def check_noise(p: float) -> None:
    """Raise for a strength of depolarizing noise outside [0, 1].

    Raises:
        InputError: naming the strength.
    """
    if not 0 <= p <= 1:
        raise InputError(
            f"depolarizing noise of strength {p:g} was asked for: give a number from 0 to 1"
        )


def require_complete(povm: Povm) -> None:
    """Raise for a measurement that does not determine the state.

    Raises:
        InputError: if the effects do not span all operators.
    """
    if not povm.complete:
        raise InputError(
            f"{povm.name} is not informationally complete (its effects span {povm.rank} of "
            f"{povm.dimension**2} dimensions), and a state cannot be reconstructed from it: "
            "measure with pauli-4, pauli-6 or tetrahedral"
        )


def _along(directions: np.ndarray, weight: float) -> np.ndarray:
    """The effects weight/2 (I + n.sigma) of Bloch vectors n."""
    sigma = np.stack([PAULI["X"], PAULI["Y"], PAULI["Z"]])
    return weight / 2 * (np.eye(2) + np.einsum("ai,ijk->ajk", directions, sigma))


def pauli_6() -> Povm:
    """One of the bases X, Y, Z at random and its sign; outcome = 2 basis + bit, bit 0 is +1."""
    axes = np.repeat(np.eye(3), 2, axis=0) * np.array([1, -1] * 3)[:, None]
    return user_povm(_along(axes, 1 / 3), "pauli-6", ("X+", "X-", "Y+", "Y-", "Z+", "Z-"))


def pauli_4() -> Povm:
    """0 = Z+, 1 = X+, 2 = Y+, each 1/3 of its projector, 3 = the rest (arXiv:1810.10584)."""
    plus = _along(np.eye(3)[[2, 0, 1]], 1 / 3)
    effects = np.concatenate([plus, np.eye(2) - plus.sum(0, keepdims=True)])
    return user_povm(effects, "pauli-4", ("Z+", "X+", "Y+", "-"))


def tetrahedral() -> Povm:
    """Four effects (I + s.sigma)/4 with s at the corners of a tetrahedron, the first along +Z."""
    a, b = np.sqrt(2), np.sqrt(6)
    corners = np.array([[0, 0, 3], [2 * a, 0, -1], [-a, b, -1], [-a, -b, -1]]) / 3
    return user_povm(_along(corners, 1 / 2), "tetrahedral", ("s0", "s1", "s2", "s3"))


def trine() -> Povm:
    """Three effects (I + s.sigma)/3 at 0, 120, 240 degrees from +Z towards +X; not complete."""
    angles = 2 * np.pi * np.arange(3) / 3
    corners = np.stack([np.sin(angles), np.zeros(3), np.cos(angles)], axis=1)
    return user_povm(_along(corners, 2 / 3), "trine", ("0", "120", "240"))


def user_povm(
    effects: Complex[np.ndarray, "A d d"], name: str, labels: tuple[str, ...] = ()
) -> Povm:
    """A measurement from its effects, in the order of the outcomes; labels default to 0, 1, ...

    Raises:
        InputError: if the effects are not finite, square, Hermitian and positive, with sum I.
    """
    effects = np.asarray(effects)
    if effects.ndim != 3 or effects.shape[1] != effects.shape[2] or len(effects) < 2:
        raise InputError(
            f"effects of shape {effects.shape} were given for {name!r} where (outcomes, d, d) was "
            "wanted, with two outcomes or more: stack one d x d matrix for each outcome"
        )
    if effects.dtype.kind not in "iufc" or not np.all(np.isfinite(effects)):
        raise InputError(f"the effects of {name!r} are not all finite numbers: write them again")
    effects = effects.astype(np.complex128)
    skew = np.abs(effects - np.swapaxes(effects, 1, 2).conj()).max(axis=(1, 2))
    if skew.max() > 1e-7:
        raise InputError(
            f"effect {skew.argmax()} of {name!r} differs from its adjoint by {skew.max():.2g}: "
            "effects are Hermitian matrices"
        )
    effects = (effects + np.swapaxes(effects, 1, 2).conj()) / 2
    least = np.linalg.eigvalsh(effects)[:, 0]
    if least.min() < -1e-7:
        raise InputError(
            f"effect {least.argmin()} of {name!r} has the eigenvalue {least.min():.3g}: "
            "effects have no negative eigenvalue"
        )
    gap = np.abs(effects.sum(0) - np.eye(effects.shape[1])).max()
    if gap > 1e-7:
        raise InputError(
            f"the effects of {name!r} sum to the identity only to within {gap:.2g}: "
            "add the missing effect or rescale them"
        )
    return Povm(name, effects, labels or tuple(str(a) for a in range(len(effects))))


POVMS = {
    "pauli-4": pauli_4,
    "pauli-6": pauli_6,
    "tetrahedral": tetrahedral,
    "trine": trine,
}
"""The measurements that have a name."""


def povm_named(name: str) -> Povm:
    """A measurement by its name, or from a ``.npy`` or ``.npz`` file of effects ``(A, d, d)``.

    Raises:
        InputError: for an unknown name, or a file that holds no measurement.

    >>> povm_named("tetrahedral").labels
    ('s0', 's1', 's2', 's3')
    """
    if name in POVMS:
        return POVMS[name]()
    path = Path(name)
    if path.suffix not in (".npy", ".npz"):
        raise InputError(
            f"measurement {name!r} is not known: {nearest(name, POVMS)}, or give a .npy file of "
            "effects"
        )
    refuse_special_file(path)
    try:
        loaded = np.load(path, allow_pickle=False)
        effects = loaded["effects"] if path.suffix == ".npz" else loaded
    except (OSError, ValueError, OverflowError, KeyError, zipfile.BadZipFile) as problem:
        raise InputError(
            f"{path} could not be read as effects ({problem}): save an array of shape "
            "(outcomes, d, d), under the key 'effects' in a .npz file"
        ) from None
    return user_povm(np.asarray(effects), path.stem)


def relabel(outcomes: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Outcomes in another order of codes: old code a becomes ``order[a]``.

    >>> relabel(np.array([[0, 1, 3]]), (3, 2, 1, 0)).tolist()
    [[3, 2, 0]]
    """
    return np.asarray(order, dtype=np.uint8)[outcomes]


def merge_to_pauli_4(outcomes: np.ndarray) -> np.ndarray:
    """The ``pauli-4`` outcomes of ``pauli-6`` outcomes; information about the basis is lost.

    >>> merge_to_pauli_4(np.array([0, 1, 2, 3, 4, 5])).tolist()
    [1, 3, 2, 3, 0, 3]
    """
    return relabel(outcomes, PAULI_6_TO_4)
