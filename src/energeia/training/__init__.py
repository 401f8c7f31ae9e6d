"""One compiled loop for one and for many players."""
