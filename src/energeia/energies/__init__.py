"""Energies: analytic, neural, restricted Boltzmann machines, and their algebra."""
