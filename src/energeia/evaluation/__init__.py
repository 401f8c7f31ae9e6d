"""What can be measured of a model, asked for by capability.

chain_report              diagnosis of chains at a model's energy
classifier_test           the classifier two-sample test
ClassifierResult          AUC of each classifier
divergence                KL(data || model) from paired terms
draw                      independent samples of a model
TimedSamples                     samples and their cost
evaluate                  measure a model or a run
evaluate_in_detail        the same with samples and log-probabilities
EvaluationBudget          sizes of an evaluation
EvaluationDetails         an evaluation with what it was made from
importance_log_partition  log Z by a game's generator
LandscapeScan             energies on planes
log_likelihood            exact, a bound, an estimate, or none
LogLikelihood             log-likelihood of rows with its kind
measure                   an observable with its error
mode_report               count and measure the modes reached
ModeReport                how samples fall on modes
PreparedData              rows prepared for tests
scan_landscape            scan an energy model
"""

from energeia._core.lazy import attach

attach(__name__)
