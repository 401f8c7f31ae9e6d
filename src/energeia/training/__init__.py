"""The compiled training loop, for one or several players.

BestSoFar         the state of early stopping
ConditionsOnly    in the place of training rows: ranges of conditions
evaluated_arrays  the averaged arrays, or the last
Game              an objective and its players
initial_state     the state before the first round
Optimization      settings of one optimizer
optimizer         Adam with schedule, clipping and weight decay
Player            the modules it trains and its optimizer
projected         clip parameters to an interval
State             the arrays carried by training
train             train without writing to disk
Trained           trained modules and their history
Training          rounds, batches, checks
training_chunks   train chunk by chunk
TrainingProgress  the state of training after a chunk
"""

from energeia._core.lazy import attach

attach(__name__)
