"""Spin chains, matrix-product states and their measurements."""
