"""Settings of every test: compile fast, since each test compiles more than it computes."""

import gc

import jax

jax.config.update("jax_disable_most_optimizations", True)

# Collecting a heap that only grows is a fifth of the time.
gc.set_threshold(200_000, 100, 100)
