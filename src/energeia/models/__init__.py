"""Whole generators."""
