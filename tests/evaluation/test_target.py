"""A model against an energy whose log Z is known: what the model misses is said."""

import itertools

import jax.numpy as jnp
import numpy as np

from energeia.data.named.targets import open_target
from energeia.energies import NormalMixture
from energeia.evaluation.target import evaluate_target

WELLS = np.array(list(itertools.product([-1.0, 1.0], repeat=2)))


def evaluated(wells):
    target = open_target("double-well")
    model = NormalMixture(jnp.asarray(wells), 0.3)
    return evaluate_target(model, target, target.energy, draws=4000).evaluation


def test_the_share_of_the_target_that_a_model_misses_is_said():
    # By symmetry in x1, the wells at x1 = -1 hold one half.
    found = evaluated(WELLS[WELLS[:, 1] > 0])
    (said,) = [text for text in found.warnings if "errors below its exact value" in text]
    share = float(said.split("about ")[1].split("%")[0]) / 100
    (row,) = found.target
    # d share = (1 - share) d log Z; percents are rounded.
    assert abs(share - 0.5) < 4 * 0.5 * row.log_partition.stderr + 0.005
    assert row.log_partition.stderr < 0.05
    # The weights alone do not know it.
    assert row.effective_fraction > 0.3


def test_of_the_target_itself_it_is_not_said():
    target = open_target("gmm40")
    found = evaluate_target(target.energy, target, target.energy, draws=1000).evaluation
    assert found.target[0].log_partition.stderr < 1e-6
    assert not [text for text in found.warnings if "exact value" in text]


def test_of_a_model_of_all_modes_it_is_not_said():
    found = evaluated(WELLS)
    (row,) = found.target
    assert abs(row.log_partition.value - row.exact_log_partition) < 4 * row.log_partition.stderr
    assert row.log_partition.stderr < 0.05
    assert not [text for text in found.warnings if "exact value" in text]


def test_the_chain_of_draws_stands_beside_their_weights():
    (row,) = evaluated(WELLS).target
    assert 0.3 < row.acceptance < 1
    assert row.longest_rejection >= 1
    assert sum(row.weight_counts) == 4000
    assert len(row.weight_edges) == len(row.weight_counts) + 1
    for mean in row.observables:
        error = np.hypot(mean.chain.stderr, mean.model.stderr)
        assert abs(mean.chain.value - mean.model.value) < 4.5 * error
    # The control: plain means of the draws are others.
    assert any(abs(m.data.value - m.model.value) > 4.5 * m.data.stderr for m in row.observables)
