"""Models with exact answers, observables, symmetries, quantum states.

AngleMagnetization      |m|^power of angles
BinderCumulant          1 - <m^4> / (3 <m^2>^2)
BondAngles              cosines and currents along one axis
ClockSolution           exact averages of the XY model by quadrature
ColumnMoment            means and variances of columns
CorrelationLength       second-moment correlation length
Derived                 a function of means
edwards_anderson        a glass with random couplings
EnergyPerSite           E / (beta N)
FieldCorrelation        mean product of a field at two sites
FieldSolution           exact averages of a small phi^4 lattice
FieldSquare             mean square of a field
FieldSusceptibility     N m^2 of a field
Flip                    x -> total - x
free_field_observables  observables of a free field, with exact values
FreeField               a Gaussian scalar field on a periodic square lattice
gauge_observables       observables of a gauge field, with exact values
gauge_transform         the same links in another gauge
GaugeSolution           exact averages by characters
GaugeField              a velocity of links that commutes with gauge transformations
GlassLattice            a coupling on every bond, solved exactly
ground_state            the ground state by DMRG
GroundState             a variational ground state
hamiltonian             the terms of a chain
Helicity                helicity modulus
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
phi_four_observables    observables of a phi^4 field, with exact values
PhiFour                 the phi^4 field on a periodic square lattice
PlaneRotations          rotations of the plane
Plaquette               mean cos of the plaquettes
plaquettes              sums of links around the plaquettes
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
StructureFactor         |Fourier mode|^2 of a field
Susceptibility          susceptibility
symmetry_group          the group of named symmetries
SymmetryGroup           a finite group of volume-preserving maps
TopologicalCharge       Q^power of a gauge field
U1Gauge                 compact U(1) gauge theory on a periodic square lattice
wilson_loop             its exact mean
WilsonLoop              cos of the links around a rectangle
XY                      the XY model on a periodic square lattice
xy_observables          observables of an XY lattice, with exact values
"""

from energeia._core.lazy import attach

attach(__name__)
