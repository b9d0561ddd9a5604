"""Figures of the dashboard in plain words."""

from __future__ import annotations

from datetime import date, timedelta


def day_in_words(day: date) -> str:
    """`3 Nov`."""
    return f"{day.day} {day:%b}"


def time_in_words(time: timedelta) -> str:
    """About how long: `under 1 min`, `12 min`, `2 h 5 min`, `3 days`."""
    minutes = round(time.total_seconds() / 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days = round(hours / 24)
    return f"{days} day{'' if days == 1 else 's'}"
