"""A run on disk: configuration, checkpoints, ledger, resumption."""
