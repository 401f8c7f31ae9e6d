"""energeia beside its peers: ``python -m benchmarks.run``."""
