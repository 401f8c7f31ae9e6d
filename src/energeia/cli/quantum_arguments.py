"""The arguments of the commands about quantum states. Needs no JAX."""

from typing import Annotated, Literal

import msgspec
from tyro.conf import Positional, arg

from energeia._core.ranges import Count, Scale, Share
from energeia.cli.common import Common, CommonArguments


class TomographyArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Reconstruct a quantum state from shots with a network and baselines; write a report."""

    shots: Annotated[Positional[str], arg(metavar="SHOTS")]
    """A file of shots: outcomes, bases and signs, counts (.npz, .npy, .csv, .h5, .json)."""
    povm: str = ""
    """Measurement: pauli-4, pauli-6, tetrahedral or a .npy file of effects; default: as stored."""
    truth: str = ""
    """The state behind the shots, a matrix-product state in a .npz file."""
    noise: Share = 0.0
    """Strength of local depolarizing noise on the truth, 0 to 1."""
    hamiltonian: str = ""
    """A spin chain whose energy is estimated, such as tfim:J=1,h=1."""
    observables: tuple[str, ...] = ()
    """Sums of Pauli strings, each in quotes, such as "Z0 Z8" "0.5 X0 + 0.5 X1"."""
    correlator: Literal["X", "Y", "Z"] = "Z"
    """The Pauli matrix whose correlations are plotted against distance."""
    models: tuple[str, ...] = ()
    """Recipes to fit instead of the default network and baselines."""
    seeds: Count = 1
    """Number of training seeds for each network and Born machine."""
    scale: Scale = 1.0
    """Factor on the rounds of every recipe."""
    samples: Count = 50_000
    """Number of outcome strings sampled from each model for its evaluation."""
    first: Literal[0, 1] | None = None
    """The lowest outcome code of integer rows, if the file does not state it."""
    bit_order: Literal["left", "right"] | None = None
    """End of the strings of a counts file at which qubit 0 is."""
    out: Annotated[str, arg(aliases=["-o"])] = ""
    """Folder of the runs and the report; a new one under runs/ by default."""
    resume: bool = False
    """Continue in --out: finished runs are kept, interrupted ones continue."""
    common: CommonArguments = Common()


class MeasureArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Measure every site of a matrix-product state; write exactly sampled shots to a file."""

    state: Annotated[Positional[str], arg(metavar="STATE")]
    """A .npz file with one array (left, d, right) for each site."""
    povm: str = "pauli-4"
    """pauli-4 (bases and signs are kept), pauli-6, tetrahedral, trine, or a file of effects."""
    shots: Count = 60_000
    """Number of shots."""
    noise: Share = 0.0
    """Strength of local depolarizing noise, 0 to 1."""
    out: Annotated[str, arg(aliases=["-o"])] = "shots.npz"
    """The .npz file to write."""
    common: CommonArguments = Common()


class GroundStateArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Find the ground state of an open spin chain by DMRG (needs energeia[quantum])."""

    chain: Annotated[Positional[str], arg(metavar="CHAIN")]
    """tfim:N=50,J=1,h=1, or xxz (J, Delta, h), or heisenberg (J, h)."""
    bond: Count = 64
    """The largest bond dimension."""
    out: Annotated[str, arg(aliases=["-o"])] = "mps.npz"
    """The .npz file to write."""
    common: CommonArguments = Common()
