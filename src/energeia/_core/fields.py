"""Optional fields of a batch of rows, and how messages call them. Needs no JAX."""

OPTIONAL_FIELDS = {
    "weight": "weights of rows",
    "observed": "missing entries",
    "noise": "measured errors",
}
"""Fields of ``contracts.Batch`` that a recipe or an objective has to declare it honors."""
