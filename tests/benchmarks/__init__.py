"""Figures: ours against a yardstick, measured in turn in one run. `python -m tests.benchmarks NAME…`.

A benchmark is a module `bench_<name>` with a function `run(rounds, scale)` that yields `figures.Figure`s. They are
ratios, never asserted in a test.
"""
