"""Priors and likelihoods with closed forms."""
