"""Tomography, ground states and measurements as runs."""
