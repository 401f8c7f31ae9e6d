"""One compiled loop for one and for many players.

BestSoFar         what early stopping remembers
evaluated_arrays  the averaged arrays, or the last
Game              an objective and its players
initial_state     the state before the first round
Optimization      settings of one optimizer
optimizer         Adam with a schedule, a clip and weight decay
Player            some modules and the optimizer that moves them
projected         keep parameters in a box
State             what a chunk of rounds carries
train             train to the end, nothing on disk
Trained           trained modules and their history
Training          rounds, batches, checks
training_chunks   train chunk by chunk
TrainingProgress  what is known between two chunks
"""

from energeia._core.lazy import attach

attach(__name__)
