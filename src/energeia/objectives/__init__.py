"""What a player lowers: likelihood, bounds, contrasts, adversarial payoffs."""
