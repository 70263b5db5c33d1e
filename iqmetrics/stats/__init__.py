"""Intervals, paired tests and sample sizes: numpy and `statistics.NormalDist` only.

scipy and statsmodels are oracles of the tests; the gate must start fast and install small.
"""
