"""Readers, named sources, splits with provenance.

ColumnRange          neighboring columns of one kind
Dataset              rows with their support, layout and provenance
inspect              what data are, and which recipes apply
Inspection           what `inspect` finds
NAMED                the named sources
NamedSource          one entry of NAMED
open_data            open a file or a named source
open_like            open rows for a trained model
Provenance           where rows came from
read                 read a file of numbers
read_shots           read shots
READERS              readers by ending of file
RecipeApplicability  whether a recipe fits, and why not
save_shots           write shots
Selection            some rows of an array too large to copy
Shots                measurement outcomes of qubits
Source               what draws rows and knows their distribution
Split                training, validation and test parts
split                split rows, the same way for the same seed
Table                rows as a file stores them
"""

from energeia._core.lazy import attach

attach(__name__)
