"""A run on disk: configuration, checkpoints, logs, resumption.

ChainSamples     final states of chains with diagnostics
ChainSettings    kernel, energy and length of chains
compare          fit and compare one recipe of each family, and the baselines
Comparison       the result of `compare`
Completion       draws of unknown entries with their kind and diagnostics
DataConfig       the source of rows and how they are read
DataRecord       the record of a run's data
evaluate         evaluate a run
find_runs        every run in a folder
fit              train a recipe
Fitted           trained modules of one's own
load             open a run
resume           continue after an interruption
Run              a trained model with its record
RunConfig        data, recipe, options, seed
RunDirectory     the files of a run
score            the log-likelihood of rows
Scores           log-likelihood of each row and their mean
SimulatorConfig  how many draws of a simulator, and what to learn
Status           the progress and outcome of a run
TargetConfig     the energy that a run is trained on
"""

from energeia._core.lazy import attach

attach(__name__)
