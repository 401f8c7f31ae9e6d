"""Readers, named sources, splits with provenance.

ColumnRange          neighboring columns of one kind
ColumnTail           a column with a heavy tail
Dataset              rows with their support, layout and provenance
effective_number     (sum w)^2 / sum w^2 of weights
Finding              a column's support that was found from its values
inspect              description of data, and which recipes apply
Inspection           the result of `inspect`
LocalWeights         weights that a loss can have, of held-out rows too
NAMED                the named sources
NamedSource          one entry of NAMED
nonnegative_weights  weights that a loss can have
open_data            open a file or a named source
open_like            open rows for a trained model
open_target          a named target
Provenance           the origin of rows
read                 read a file of numbers
read_shots           read shots
READERS              readers by file extension
RecipeApplicability  whether a recipe fits, with the reason
save_shots           write shots
Selection            some rows of an array too large to copy
Shots                measurement outcomes of qubits
Simulator            a prior and a simulator, whose draws are kept
SIMULATORS           the named simulators
Source               a distribution that rows are drawn from
Split                training, validation and test parts
split                split rows reproducibly
Sprites              images of one shape, with their factors
Table                rows as a file stores them
TARGETS              the named targets
"""

from energeia._core.lazy import attach

attach(__name__)
