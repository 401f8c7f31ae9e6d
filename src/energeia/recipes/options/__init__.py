"""The options of each recipe, readable without JAX."""
