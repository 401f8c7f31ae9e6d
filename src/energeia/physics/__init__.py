"""Models with exact answers, observables, symmetries, quantum states.

ColumnMoment          means and variances of columns
Derived               a function of means
ground_state          the ground state by DMRG
GroundState           a variational ground state
hamiltonian           the terms of a chain
Ising                 the Ising model on a periodic square lattice
ising_observables     observables of a lattice, with exact values
IsingEnergy           energy per site
IsingSolution         exact averages by transfer matrix
LocallyDepolarized    a state after local depolarizing noise
MagnetizationPower    |m|^power
matrix_product_state  a checked, normalized state from arrays
MatrixProductState    a pure state
MeasuredState         the exact distribution of outcomes
PauliString           a coefficient times Pauli matrices
Povm                  a measurement of one site
povm_named            a measurement by name or from a file
SpecificHeat          specific heat per site
spin_chain            the chain named by a text
SpinChain             an open chain with its couplings
Squared               the square of an observable
Susceptibility        susceptibility
symmetry_group        the group of named symmetries
SymmetryGroup         flips, point operations and shifts of a lattice
"""

from energeia._core.lazy import attach

attach(__name__)
