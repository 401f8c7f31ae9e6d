"""The mutual information gap against closed forms and quadrature."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from energeia.errors import InputError
from energeia.evaluation.disentanglement import mutual_information_gap

VALUES, ROWS = 5, 20_000


def information(sigma):
    """I(v + sigma e; v) for v uniform on 0 .. VALUES - 1 and normal e, in nats."""

    def term(z):
        p = np.mean(norm.pdf(z, np.arange(VALUES), sigma))
        return -p * np.log(p)

    entropy = quad(term, -8 * sigma, VALUES - 1 + 8 * sigma, limit=200)[0]
    return entropy - 0.5 * np.log(2 * np.pi * np.e * sigma**2)


def rows(seed, factors=2):
    rng = np.random.default_rng(seed)
    return rng, rng.integers(VALUES, size=(ROWS, factors))


def test_latents_that_are_factors_with_noise_have_the_gap_of_the_quadrature():
    rng, v = rows(1)
    sigma = np.array([0.3, 0.5])
    z = np.concatenate([v + sigma * rng.normal(size=v.shape), rng.normal(size=(ROWS, 3))], axis=1)
    found = mutual_information_gap(z, v, bins=50)
    truth = np.array([information(s) for s in sigma])
    assert np.allclose(found.entropy, np.log(VALUES), atol=1e-3)
    assert np.allclose(np.diagonal(found.information), truth, atol=0.02)
    assert np.allclose(found.information[2:], 0.0, atol=0.01)
    for gap, wanted in zip(found.per_factor, truth / np.log(VALUES), strict=True):
        assert abs(gap.value - wanted) < 4 * gap.stderr + 0.01
        assert 0 < gap.stderr < 0.01
    assert found.gap.value == pytest.approx(np.mean([g.value for g in found.per_factor]))


def test_rotated_latents_have_no_gap():
    """Both say as much of each factor, which together they say as before."""
    rng, v = rows(2)
    z = v + 0.3 * rng.normal(size=v.shape)
    turned = z @ np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
    assert mutual_information_gap(z, v).gap.value > 0.8
    found = mutual_information_gap(turned, v)
    assert found.gap.value < 4 * found.gap.stderr + 0.01
    assert np.min(found.information) > 0.3


def test_the_error_is_the_scatter_of_other_rows():
    found = []
    for seed in range(30):
        rng, v = rows(100 + seed, 1)
        v = v[:2000]
        z = np.concatenate([v + 0.5 * rng.normal(size=v.shape), rng.normal(size=v.shape)], axis=1)
        found.append(mutual_information_gap(z, v).gap)
    scatter = np.std([g.value for g in found], ddof=1)
    assert 0.6 < np.mean([g.stderr for g in found]) / scatter < 1.6


def test_it_knows_no_order_of_values_and_no_scale_of_latents():
    rng, v = rows(3)
    z = v + 0.3 * rng.normal(size=v.shape)
    first = mutual_information_gap(z, v).gap
    again = mutual_information_gap(np.exp(3 * z), np.array([7, 1, 4, 9, 2])[v]).gap
    assert again.value == pytest.approx(first.value, abs=1e-9)
    # Latent vectors of few different values have few bins.
    coarse = mutual_information_gap(np.column_stack([v[:, 0], v[:, 0] // 4]), v[:, :1])
    assert coarse.information[0, 0] == pytest.approx(coarse.entropy[0], abs=1e-3)


@pytest.mark.parametrize(
    ("z", "v", "said"),
    [
        (np.zeros((99, 2)), np.zeros((99, 1), int), "at least 100 rows"),
        (np.zeros((200, 2)), np.zeros((300, 1), int), "as many rows"),
        (np.zeros((200, 1)), np.arange(200)[:, None], "two latent dimensions"),
        (np.zeros((200, 2)), np.zeros((200, 1), int), "factor 0 has the same value"),
    ],
)
def test_what_has_no_gap_is_refused(z, v, said):
    with pytest.raises(InputError, match=said):
        mutual_information_gap(z, v)
