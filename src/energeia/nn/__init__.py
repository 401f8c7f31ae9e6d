"""Only the layers that Equinox lacks."""
