"""An importance-weighted autoencoder: rows and networks are those of ``rows.vae``."""

PARTICLES, STEPS = 50, 4
