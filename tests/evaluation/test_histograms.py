"""Divergences of histograms from uniform, with errors that repetitions show."""

import numpy as np

from energeia.evaluation.histograms import debiased, kl_to_uniform


def repeated(p, draws, count=400):
    generator = np.random.default_rng(0)
    found = [kl_to_uniform(generator.multinomial(draws, p)) for _ in range(count)]
    return np.array([debiased(f, len(p)).value for f in found]), [f.stderr for f in found]


def test_the_error_of_a_divergence_is_its_scatter_at_uniform_and_away_from_it():
    uniform = np.full(20, 1 / 20)
    tilted = np.arange(1.0, 21.0) / 210
    for p, truth in ((uniform, 0.0), (tilted, float(np.sum(tilted * np.log(20 * tilted))))):
        values, errors = repeated(p, 2000)
        # At uniform the first order is that of the noise, sqrt(2) times the scatter.
        assert 0.6 < values.std() / np.mean(errors) < 1.1
        assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(values)) + 1e-4


def test_an_even_histogram_has_an_error():
    assert kl_to_uniform(np.full(4, 25)).stderr > 0.01
