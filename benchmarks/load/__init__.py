"""How many people at once: `make bench`, or `python -m benchmarks.load`."""
