"""The errors a user meets; the command line prints each as one sentence. Needs no JAX.

EnergeiaError      base of all of them
InputError         a value handed in cannot be used (a ``ValueError``)
NotNormalized      log p was requested of an energy known up to a constant (a ``TypeError``)
NoSuchCapability   a model was asked for what its kind cannot give (a ``TypeError``)
TrainingFailed     training met a value that is not finite (an ``ArithmeticError``)
ChainsStuck        no chain moved, or chains diverged (an ``ArithmeticError``)
CorruptRun         a file of a run is missing or damaged (an ``OSError``)
"""

from energeia._core.errors import (
    ChainsStuck,
    CorruptRun,
    EnergeiaError,
    InputError,
    NoSuchCapability,
    NotNormalized,
    TrainingFailed,
)

__all__ = [
    "ChainsStuck",
    "CorruptRun",
    "EnergeiaError",
    "InputError",
    "NoSuchCapability",
    "NotNormalized",
    "TrainingFailed",
]
