"""Types, errors, batching and pytree helpers; imports nothing else of the package."""
