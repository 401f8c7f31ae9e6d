"""Asks for a capability, never for a name."""
