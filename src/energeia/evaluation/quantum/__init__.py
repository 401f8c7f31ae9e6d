"""Measures of reconstructed quantum states: fidelities, purity, shadows, reduced states."""
