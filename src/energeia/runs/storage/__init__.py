"""The files of a run: configuration, folder, ledgers, checkpoints."""
