"""Ground truth: models with exact answers, and observables."""
