"""A run on disk: configuration, checkpoints, ledgers, resumption.

ChainSamples   ends of chains with their diagnosis
ChainSettings  kernel, energy and length of chains
compare        one recipe of each family, side by side
Comparison     what `compare` found
DataConfig     where rows come from and how they are read
DataRecord     which data a run saw
evaluate       measure a model or a run
find_runs      every run in a folder
fit            train a recipe
load           open a run
resume         go on after an interruption
Run            a trained model with its record
RunConfig      data, recipe, options, seed
RunDirectory   the files of a run
Scores         log-likelihood of each row and their mean
Status         how far a run got
"""

from energeia._core.lazy import attach

attach(__name__)
