"""Type aliases shared by every package."""

from typing import TypeAlias

from jaxtyping import Array, Float, Key

PRNGKey: TypeAlias = Key[Array, ""]
"""One typed key, ``jax.random.key(seed)``; raw ``uint32`` keys are refused by JAX's own checks."""

Scalar: TypeAlias = Float[Array, ""]
"""One real number; log-probabilities and energies are in nats."""
