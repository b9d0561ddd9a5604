"""Charts drawn on the server: numbers in, places for an SVG out. The template only writes them down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place and size in the drawing's own units, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: float
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars from left to right above one axis, with a few round values as lines."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, float], ...]
    """Each line's height in the drawing, and the value it stands for."""


def bars(values: Sequence[tuple[str, float]], *, width: float = 480, height: float = 130, labels: int = 6) -> BarChart:
    """Place bars.

    Args:
        values: a label and a value of 0 or more each, from left to right.
        width: of the drawing, in its own units; it is stretched to the room there is.
        height: of the bars; labels stand below.
        labels: at most so many labels below the axis, evenly spread; the first is always among them.
    """
    top = _round_up(max((value for _, value in values), default=0) or 1)
    room = width / max(1, len(values))
    every = -(-len(values) // labels) or 1
    placed = tuple(
        Bar(
            x=round(place * room + room * 0.15, 2),
            y=round(height - height * value / top, 2),
            width=round(room * 0.7, 2),
            height=round(height * value / top, 2),
            label=label,
            value=value,
            is_labelled=place % every == 0,
        )
        for place, (label, value) in enumerate(values)
    )
    lines = tuple((round(height - height * share, 2), top * share) for share in (0.5, 1.0) if top * share % 1 == 0)
    return BarChart(width, height, placed, lines)


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 6, 8, 10 times a power of ten: a top one can halve in one's head."""
    size = 10.0 ** floor(log10(value))
    return next(step * size for step in (1, 2, 4, 5, 6, 8, 10) if step * size >= value)
