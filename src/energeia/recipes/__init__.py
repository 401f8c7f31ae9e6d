"""The literature's names: parts, objective, defaults, citation."""
