"""Fourier features: sines and cosines with which a small network resolves fine structure."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def fourier_features(x: Float[Array, " d"], octaves: int) -> Float[Array, " f"]:
    """sin(2^k x) and cos(2^k x) for k = 0 .. octaves - 1, shape ``(2 * octaves * d,)``.

    Every frequency is a whole number, so the features of an angle are periodic. Higher
    octaves come from the double-angle formulas: one sine and one cosine per number.
    Source: Tancik et al. 2020, "Fourier features let networks learn high frequency functions".

    >>> import jax.numpy as jnp
    >>> fourier_features(jnp.array([0.0, 0.5]), 2).shape
    (8,)
    """
    if octaves == 0:
        return x[:0]
    sine, cosine = jnp.sin(x), jnp.cos(x)
    features = [sine, cosine]
    for _ in range(octaves - 1):
        sine, cosine = 2.0 * sine * cosine, 1.0 - 2.0 * sine**2
        features += [sine, cosine]
    return jnp.concatenate(features)
