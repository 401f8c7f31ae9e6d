"""Settings of every test: compile fast, since each test compiles more than it computes."""

import jax

jax.config.update("jax_disable_most_optimizations", True)
