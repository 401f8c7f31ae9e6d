"""Lattice models with exact solutions, their observables and symmetries."""
