"""Measurements on the local stack: `python -m bench` lists them. What came out stands in docs/benchmarks.md."""
