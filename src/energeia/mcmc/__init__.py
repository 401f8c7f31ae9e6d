"""Kernels, chains and annealed importance sampling."""
