"""Types, errors, batching and pytree helpers. Knows only JAX."""
