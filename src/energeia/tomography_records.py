"""Records of quantum tomography, as stored on disk and read by reports. Needs no JAX."""

from typing import Literal

import msgspec

from energeia.estimate import Estimate


class StateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates of a quantum state from one source: the shots, the exact state, or a model."""

    name: str
    """``shots``, ``truth``, or the recipe with its seed where there are several."""
    source: Literal["shots", "truth", "network", "baseline", "matrix-product"]
    run: str = ""
    """Folder of the run, for a model."""
    nll: Estimate | None = None
    """Mean of -log Q over held-out shots, in nats a shot."""
    nll_excess: Estimate | None = None
    """``nll`` minus that of the best model, paired shot by shot; None for the best."""
    kl: Estimate | None = None
    """KL(P || Q) in nats from paired log-ratios, where the truth is known."""
    classical_fidelity: Estimate | None = None
    ratio: Estimate | None = None
    """E_Q[P / Q], which is one unless something is wrong."""
    quantum_fidelity: Estimate | None = None
    correlations: tuple[Estimate, ...] = ()
    """At the distances of the tomography."""
    energy: Estimate | None = None
    """In the unit of the Hamiltonian's couplings, of the whole chain."""
    observables: tuple[Estimate, ...] = ()
    smallest_eigenvalue: Estimate | None = None
    """The lowest of all density matrices of neighboring sites, in standard errors below zero."""
    lowest_block: tuple[int, ...] = ()
    """The sites of that density matrix."""
    purity: Estimate | None = None
    """tr(rho^2) of the block of the tomography."""
    renyi_2: Estimate | None = None
    seconds: float | None = None
    """Training time, compile time apart."""
    samples: int = 0
    """Number of strings that the observables were averaged over; 0 where they are exact."""
    warnings: tuple[str, ...] = ()


class Tomography(msgspec.Struct, frozen=True, kw_only=True):
    """Shots, the models fitted to them and the truth where known, side by side."""

    shots: str
    """The file."""
    n_shots: int
    qubits: int
    povm: str
    truth: str = ""
    hamiltonian: str = ""
    ground_energy: Estimate | None = None
    """The exact lowest energy, where it is known: no state lies below."""
    letter: str = "Z"
    distances: tuple[int, ...] = ()
    observables: tuple[str, ...] = ()
    """Names of the sums of Pauli strings, in the order of the records."""
    block: tuple[int, ...] = ()
    """The sites whose purity is measured."""
    states: tuple[StateRecord, ...] = ()
    """Shots first, then the truth where known, then models."""
    conclusions: tuple[str, ...] = ()
    """What the table shows, as sentences."""
    warnings: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[StateRecord, ...]:
        """The fitted models."""
        return tuple(s for s in self.states if s.source not in ("shots", "truth"))

    @property
    def long_distance(self) -> int:
        """The distance whose correlator the table shows, as a position in ``distances``: 8 or the
        largest below it."""
        return max((i for i, r in enumerate(self.distances) if r <= 8), default=0)
