"""Pauli strings, and the Hamiltonians of open spin chains as sums of them. Needs no JAX.

Conventions, in Pauli matrices (S = sigma / 2), open ends, i over the N - 1 bonds or the N sites:

    tfim        H = -J sum Z_i Z_{i+1} - h sum X_i
    xxz         H =  J sum (X_i X_{i+1} + Y_i Y_{i+1} + Delta Z_i Z_{i+1}) - h sum Z_i
    heisenberg  H =  J sum (X_i X_{i+1} + Y_i Y_{i+1} + Z_i Z_{i+1}) - h sum Z_i

so J > 0 is ferromagnetic for ``tfim`` and antiferromagnetic for the others.
"""

import re

import msgspec

from energeia._core.errors import InputError, nearest
from energeia._core.specs import Parameter, parse_parameters


class PauliString(msgspec.Struct, frozen=True):
    """``coefficient`` times a product of Pauli matrices on different sites.

    >>> print(PauliString(-1.0, {0: "Z", 8: "Z"}), PauliString.parse("0.5 X3").factors)
    -1 Z0 Z8 {3: 'X'}
    """

    coefficient: float
    factors: dict[int, str]
    """Site (from 0) to ``X``, ``Y`` or ``Z``."""

    @classmethod
    def parse(cls, text: str) -> "PauliString":
        """Read ``"Z0 Z8"`` or ``"-0.5 X3 Y4"``.

        Raises:
            InputError: if a word is neither a leading number nor a Pauli matrix with its site, or
                a site is named twice.
        """
        words = text.split()
        try:
            coefficient, rest = float(words[0]), words[1:]
        except (ValueError, IndexError):
            coefficient, rest = 1.0, words
        found = [re.fullmatch(r"([XYZ])(\d+)", word) for word in rest]
        factors = {int(match[2]): match[1] for match in found if match}
        if len(factors) != len(rest):
            raise InputError(
                f"{text!r} is not a Pauli string: write X, Y or Z with the site, each site once, "
                "as in '0.5 Z0 Z8'"
            )
        return cls(coefficient, factors)

    @property
    def weight(self) -> int:
        """On how many sites it acts."""
        return len(self.factors)

    def __str__(self) -> str:
        factors = " ".join(f"{name}{site}" for site, name in sorted(self.factors.items()))
        return f"{self.coefficient:g} {factors}".rstrip()


class SpinChain(msgspec.Struct, frozen=True):
    """An open chain: coefficients of the nearest-neighbor products P_i P_{i+1} and the fields P_i.

    >>> print(*SpinChain(3, {"Z": -1.0}, {"X": -0.5}).terms, sep="; ")
    -1 Z0 Z1; -1 Z1 Z2; -0.5 X0; -0.5 X1; -0.5 X2
    """

    n_sites: int
    bond: dict[str, float]
    field: dict[str, float]

    @property
    def terms(self) -> tuple[PauliString, ...]:
        """The Hamiltonian as a sum of Pauli strings, those with coefficient zero left out."""
        bonds = [
            PauliString(c, {i: name, i + 1: name})
            for name, c in self.bond.items()
            for i in range(self.n_sites - 1)
        ]
        fields = [
            PauliString(c, {i: name}) for name, c in self.field.items() for i in range(self.n_sites)
        ]
        return tuple(term for term in (*bonds, *fields) if term.coefficient)


_UNSET = Parameter(int, 0)
_ONE, _ZERO = Parameter(float, 1.0), Parameter(float, 0.0)
CHAINS: dict[str, dict[str, Parameter]] = {
    "tfim": {"N": _UNSET, "J": _ONE, "h": _ONE},
    "xxz": {"N": _UNSET, "J": _ONE, "Delta": _ONE, "h": _ZERO},
    "heisenberg": {"N": _UNSET, "J": _ONE, "h": _ZERO},
}
"""The chains that have a name, with their parameters."""


def spin_chain(spec: str, n_sites: int | None = None) -> SpinChain:
    """The chain named by ``tfim:N=50,J=1,h=1``; ``n_sites`` is that of a state or of shots.

    Raises:
        InputError: for an unknown chain or parameter, for fewer than two sites, or where the
            number of sites is missing or is not ``n_sites``.

    >>> spin_chain("xxz:N=4,Delta=0.5").bond
    {'X': 1.0, 'Y': 1.0, 'Z': 0.5}
    """
    name = spec.partition(":")[0]
    if name not in CHAINS:
        raise InputError(f"spin chain {name!r} is not known: {nearest(name, CHAINS)}")
    given = parse_parameters("spin chain", spec, CHAINS[name])
    count = _sites(spec, given["N"], n_sites)
    if name == "tfim":
        return SpinChain(count, {"Z": -given["J"]}, {"X": -given["h"]})
    J, delta = given["J"], given.get("Delta", 1.0)
    return SpinChain(count, {"X": J, "Y": J, "Z": J * delta}, {"Z": -given["h"]})


def hamiltonian(spec: str, n_sites: int | None = None) -> tuple[PauliString, ...]:
    """The terms of the chain that ``spin_chain`` reads.

    Raises:
        InputError: as ``spin_chain``.

    >>> len(hamiltonian("tfim:J=1,h=1", n_sites=50))
    99
    """
    return spin_chain(spec, n_sites).terms


def _sites(spec: str, written: int, n_sites: int | None) -> int:
    if written and n_sites and written != n_sites:
        raise InputError(
            f"{spec} is a Hamiltonian on {written} sites where there are {n_sites}: "
            f"write N={n_sites} or leave N out"
        )
    count = n_sites or written
    if count < 2:
        name = spec.partition(":")[0]
        raise InputError(
            f"{spec} has {count or 'no number of'} sites where two or more were wanted: "
            f"write {name}:N=50"
        )
    return count
