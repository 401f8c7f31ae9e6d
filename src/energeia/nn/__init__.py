"""Layers that Equinox lacks."""
