"""Evaluation of models by their capabilities (density, samples, energy).

BoundSettings             chains and temperatures of each row
certify                   check that a model is what its log-probability says
chain_report              diagnostics of chains at a model's energy
classifier_test           the classifier two-sample test
ClassifierResult          AUC of each classifier
complete_rows             draws of the unknown part of rows given the known one
CompletedRows             those draws with their diagnostics
CompletionSettings        proposals or chains for each row
divergence                KL(data || model) from paired terms
draw                      independent samples of a model
evaluate                  measure a model or a run
evaluate_in_detail        ``evaluate`` with samples and log-probabilities
EvaluationBudget          sizes of an evaluation
EvaluationDetails         an evaluation with its samples and log-probabilities
Given                     draws and log-probabilities as users get them
InformationGap            how much one latent dimension says of each factor
independence_chain        a Metropolis chain of independent proposals
IndependenceChain         where it stands after each
LandscapeScan             energies on planes
latent_bounds             log p(x) from both sides by annealing over z
LatentBounds              those bounds with the gap between them
LatentReport              parts of the divergence of latent vectors
latent_report             what the latent vectors of rows hold
LatentScan                reconstructions, and rows along latent dimensions
log_likelihood            exact, a bound, an estimate, or none
LogLikelihood             log-likelihood of rows with its kind
LogZ                      what a method says of log Z
log_z_of                  log Z of a target
LogZSettings              what is spent on it
Mask                      values of some entries of rows
measure                   an observable with its error
mode_report               number, weights and widths of modes
ModeReport                statistics of samples over known modes
mutual_information_gap    that of latent vectors and known factors
PreparedData              rows prepared for tests
Query                     what is asked of a model: a mask, a condition
reweight                  log Z, ESS and means by a model's exact weights
Reweighted                draws with log-weights against an energy
scan_landscape            evaluate an energy model on planes
scan_latents              decode rows and single latent dimensions
solver_check              what a finer solver does to a continuous flow
summarize_latents         ``latent_report`` as a record
tail_audit                held-out rows and samples in the tails
TimedSamples              samples with timings
"""

from energeia._core.lazy import attach

attach(__name__)
