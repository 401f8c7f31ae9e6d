"""Models with exact answers, observables, symmetries, quantum states.

BinderCumulant          1 - <m^4> / (3 <m^2>^2)
ColumnMoment            means and variances of columns
Derived                 a function of means
edwards_anderson        a glass with random couplings
EnergyPerSite           E / (beta N)
FieldCorrelation        mean product of a field at two sites
FieldSusceptibility     N m^2 of a field
Flip                    x -> total - x
free_field_observables  observables of a free field, with exact values
FreeField               a Gaussian scalar field on a periodic square lattice
GlassLattice            a coupling on every bond, solved exactly
ground_state            the ground state by DMRG
GroundState             a variational ground state
hamiltonian             the terms of a chain
InFrame                 the same maps of standardized columns
Ising                   the Ising model on a periodic square lattice
ising_observables       observables of a lattice, with exact values
IsingEnergy             energy per site
IsingSolution           exact averages by transfer matrix
lattice_group           shifts and point operations of a lattice
LatticeGroup            made by `lattice_group`
LocallyDepolarized      a state after local depolarizing noise
MagnetizationPower      |m|^power
matrix_product_state    a checked, normalized state from arrays
MatrixProductState      a pure state
MeasuredState           the exact distribution of outcomes
PauliString             a coefficient times Pauli matrices
PlaneRotations          rotations of the plane
Potts                   the Potts model on a periodic square lattice
potts_observables       observables of a Potts lattice, with exact values
PottsOrder              |m|^2 of colors
PottsSolution           exact averages by transfer matrix
Povm                    a measurement of one site
povm_named              a measurement by name or from a file
Product                 the maps of two groups that commute
register_symmetry       a map of one's own by name
SpecificHeat            specific heat per site
spin_chain              the chain named by a text
SpinChain               an open chain with its couplings
Squared                 the square of an observable
Susceptibility          susceptibility
symmetry_group          the group of named symmetries
SymmetryGroup           a finite group of volume-preserving maps
"""

from energeia._core.lazy import attach

attach(__name__)
