"""The files of a run: configuration, folder, logs, checkpoints."""
