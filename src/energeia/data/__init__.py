"""Readers, named sources, splits with provenance."""
