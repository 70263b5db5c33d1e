"""Holm's step-down correction: naming many regressions without crying wolf."""

from collections.abc import Mapping


def adjust(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p values (Holm 1979): compare each with alpha to keep the family's error at alpha.

    Example:
        >>> adjust({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    ranked = sorted(p_values.items(), key=lambda item: item[1])
    adjusted: dict[str, float] = {}
    running = 0.0
    for rank, (name, p) in enumerate(ranked):
        running = max(running, min(1.0, (len(ranked) - rank) * p))
        adjusted[name] = running
    return {name: adjusted[name] for name in p_values}
