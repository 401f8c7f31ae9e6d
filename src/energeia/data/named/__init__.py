"""Named sources: toys, lattices, modes, bundled tables and images."""
