"""Ground states of open spin chains by DMRG, and exact energies of free-fermion chains."""

import importlib.util
import logging
import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import svdvals

from energeia._core.errors import InputError
from energeia.physics.quantum.mps import MatrixProductState
from energeia.physics.quantum.mps_files import from_tenpy
from energeia.physics.quantum.mps_local import expectation_of_sum
from energeia.physics.quantum.pauli import SpinChain

_SEED = 0
_BASIS = {"X": "Sigmax", "Y": "Sigmay", "Z": "Sigmaz"}


class GroundState(NamedTuple):
    """A variational ground state of a chain."""

    state: MatrixProductState
    energy: float
    """Its energy, computed from the state: an upper bound of the ground energy."""
    exact: float | None
    """The exact ground energy; None where it is not known in closed form."""
    sweeps: int
    converged: bool
    """Whether the energy changed by less than 1e-9 of itself in the last sweep."""


def free_fermion_energy(chain: SpinChain) -> float | None:
    """The exact ground energy of an open transverse-field Ising chain; None for other chains.

    A Jordan-Wigner transformation makes H = -J sum Z Z - h sum X one of free fermions, with
    energies 2 sigma for the singular values sigma of the bidiagonal matrix of h on and J above its
    diagonal; the vacuum has E = -sum sigma (Lieb, Schultz and Mattis 1961; Pfeuty 1970).

    >>> from energeia.physics.quantum.pauli import spin_chain
    >>> round(free_fermion_energy(spin_chain("tfim:N=2,J=1,h=1")), 12) == -round(5**0.5, 12)
    True
    """
    if set(chain.bond) != {"Z"} or set(chain.field) != {"X"}:
        return None
    fields = np.full(chain.n_sites, chain.field["X"])
    bonds = np.full(chain.n_sites - 1, chain.bond["Z"])
    return -float(np.sum(svdvals(np.diag(fields) + np.diag(bonds, 1))))


def ground_state(chain: SpinChain, bond: int = 64, max_sweeps: int = 40) -> GroundState:
    """The ground state by two-site DMRG (White 1992), bond dimension at most ``bond``.

    Starts from a fixed random product state, which has no symmetry; where the ground space is
    degenerate, one of its states is found. Schmidt values below 1e-8 are truncated. Needs TeNPy,
    the extra ``energeia[quantum]``.

    Raises:
        InputError: if TeNPy is not installed, or the bond dimension is below 2.
    """
    if importlib.util.find_spec("tenpy") is None:
        raise InputError(
            "tenpy is not installed, which finds ground states: pip install 'energeia[quantum]'"
        )
    if bond < 2:
        raise InputError(f"a bond dimension of {bond} was asked for: the least is 2")
    from tenpy.algorithms.dmrg import TwoSiteDMRGEngine
    from tenpy.networks.mps import MPS
    from threadpoolctl import threadpool_limits

    options = {
        "mixer": None,
        "max_E_err": 1e-11,
        "max_S_err": 1e-6,
        "N_sweeps_check": 1,
        "min_sweeps": 4,
        "max_sweeps": max_sweeps,
        "chi_list": {0: min(8, bond), 2: bond},
        "trunc_params": {"svd_min": 1e-8},
    }
    # One thread: matrices this small are several times slower on two that share a busy machine.
    with warnings.catch_warnings(), threadpool_limits(1):
        # TeNPy's deprecation warnings do not concern users of this function.
        warnings.simplefilter("ignore")
        logging.getLogger("tenpy").setLevel(logging.ERROR)
        model = _model(chain)
        directions = np.random.default_rng(_SEED).normal(size=(chain.n_sites, 2))
        psi = MPS.from_product_state(model.lat.mps_sites(), list(directions), bc="finite")
        engine = TwoSiteDMRGEngine(psi, model, options)
        engine.run()
    before, after = engine.sweep_stats["E"][-2:]
    state = from_tenpy(psi)
    energy = expectation_of_sum(state, chain.terms)
    converged = bool(abs(after - before) < 1e-9 * max(1.0, abs(energy)))
    return GroundState(state, energy, free_fermion_energy(chain), engine.sweeps, converged)


def _model(chain: SpinChain) -> Any:
    """The chain as a TeNPy model; real wherever the Hamiltonian is."""
    from tenpy.models.lattice import Chain
    from tenpy.models.model import CouplingModel, MPOModel
    from tenpy.networks.site import SpinHalfSite

    lattice = Chain(chain.n_sites, SpinHalfSite(conserve="None"), bc="open", bc_MPS="finite")
    made = CouplingModel(lattice)
    for name, field in chain.field.items():
        made.add_onsite(field, 0, _BASIS[name])
    x, y, z = (chain.bond.get(name, 0.0) for name in "XYZ")
    # X X + Y Y = 2 (S+ S- + h.c.) and X X - Y Y = 2 (S+ S+ + h.c.), real where Y Y is not.
    made.add_coupling(x + y, 0, "Sp", 0, "Sm", 1, plus_hc=True)
    made.add_coupling(x - y, 0, "Sp", 0, "Sp", 1, plus_hc=True)
    made.add_coupling(z, 0, "Sigmaz", 0, "Sigmaz", 1)
    return MPOModel(lattice, made.calc_H_MPO())
