"""Measurement records of qubits: shots in memory and their readers."""
