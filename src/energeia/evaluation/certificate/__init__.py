"""Checks that an exact log-probability is one: normalized, consistent, and that of the samples."""
