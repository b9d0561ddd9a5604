"""Figures as lines for people: what was measured, what it should reach, the machine's own limit."""

from __future__ import annotations

from typing import Any

# Of everything else (rates), more is better.
_LESS_IS_BETTER = frozenset({"ms", "s", "MB", "KB", "bytes", "cores"})


def reached(row: dict[str, Any]) -> bool | None:
    """Whether the figure is where it should be; None when nothing is asked of it."""
    if row.get("reach") is None:
        return None
    if row["unit"] in _LESS_IS_BETTER:
        return bool(row["value"] <= row["reach"])
    return bool(row["value"] >= row["reach"])


def line(row: dict[str, Any]) -> str:
    """One line for the terminal."""
    return " | ".join((row["name"], *cells(row)))


def cells(row: dict[str, Any]) -> list[str]:
    """Figure, reach, whether reached, limit and its name."""
    unit = row["unit"]
    verdict = {True: "reached", False: "NOT reached", None: ""}[reached(row)]
    return [
        f"{number(row['value'])} {unit}",
        row.get("reach_text") or (f"{number(row['reach'])} {unit}" if row.get("reach") is not None else ""),
        verdict,
        f"{number(row['limit'])} {unit} ({share(row)})" if row.get("limit") is not None else "",
        row.get("limit_name") or "",
    ]


def share(row: dict[str, Any]) -> str:
    """The figure as a share of the limit, or how many times it."""
    ratio = row["value"] / row["limit"] if row["limit"] else float("inf")
    return f"{ratio:.0%}" if row["unit"] not in _LESS_IS_BETTER else f"{ratio:.1f} x"


def number(value: float) -> str:
    """Three digits are what these figures are good for."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
