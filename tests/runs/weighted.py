"""Weighted samples of a known planar density, positive and signed, with draws of the density."""

import numpy as np
from scipy.stats import multivariate_normal

MODES = (([-1.5, 0.0], [[0.25, 0.0], [0.0, 0.25]]), ([1.5, 1.0], [[0.3, 0.2], [0.2, 0.3]]))
BROAD = ([0.0, 0.5], [[3.0, 0.0], [0.0, 1.5]])
NEGATIVE = ([0.0, 0.5], [[1.5, 0.0], [0.0, 1.0]])


def log_truth(x):
    """log p(x) of two equal normals, in nats."""
    return np.logaddexp(*(multivariate_normal(*mode).logpdf(x) for mode in MODES)) - np.log(2)


def truth(rng, n):
    """Draws of p."""
    first, second = (rng.multivariate_normal(*mode, n) for mode in MODES)
    return np.where(rng.uniform(size=(n, 1)) < 0.5, first, second)


def importance(rng, n):
    """Draws of a broad normal q with weights p / q."""
    x = rng.multivariate_normal(*BROAD, n)
    return x, np.exp(log_truth(x) - multivariate_normal(*BROAD).logpdf(x))


def signed(rng, n):
    """A fifth of the rows have weight -1 and come from r, the others from (3 p + r) / 4: the
    weighted density 0.8 (3 p + r) / 4 - 0.2 r is 0.6 p, as in samples of MC@NLO."""
    kind = rng.choice(3, size=n, p=[0.2, 0.2, 0.6])
    cancelled = rng.multivariate_normal(*NEGATIVE, n)
    x = np.where(kind[:, None] == 2, truth(rng, n), cancelled)
    return x, np.where(kind == 0, -1.0, 1.0)


def without_weights(sample):
    """The log-density, in nats, of the rows of ``importance`` or ``signed`` whatever they weigh."""
    if sample is importance:
        return multivariate_normal(*BROAD).logpdf
    other = multivariate_normal(*NEGATIVE).logpdf
    return lambda x: np.logaddexp(np.log(0.6) + log_truth(x), np.log(0.4) + other(x))


def divergence(log_prob, rng, n=3000):
    """KL(p || model) in nats from draws of p, with its error."""
    x = truth(rng, n)
    apart = log_truth(x) - log_prob(x)
    return float(apart.mean()), float(apart.std() / np.sqrt(n))
