"""Limits on how many leads of one pool a member of it gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

UNITS: Mapping[str, str] = {"open": "open", "day": "a day", "week": "a week", "month": "a month"}
"""What each limit counts: leads that are open, or that came within a time of the company's calendar."""


class MemberCaps(NamedTuple):
    """The most leads of the pool somebody has open, or gets in a day, a week or a month; None = no limit."""

    open: int | None = None
    day: int | None = None
    week: int | None = None
    month: int | None = None

    @classmethod
    def of(cls, limits: Mapping[str, int | None]) -> Self:
        """From limits by their names; those not named are none."""
        return cls(**limits)

    @property
    def limits(self) -> dict[str, int]:
        """Those there are, by their names."""
        return {name: limit for name, limit in self._asdict().items() if limit is not None}

    def __str__(self) -> str:
        """`5 open, 2 a day`; empty where there is no limit."""
        return ", ".join(f"{limit} {UNITS[name]}" for name, limit in self.limits.items())


NO_CAPS = MemberCaps()


class WithMemberCaps:
    """The columns they are kept in."""

    open_cap: Mapped[int | None] = mapped_column()
    day_cap: Mapped[int | None] = mapped_column()
    week_cap: Mapped[int | None] = mapped_column()
    month_cap: Mapped[int | None] = mapped_column()

    @property
    def caps(self) -> MemberCaps:
        """All of them."""
        return MemberCaps(self.open_cap, self.day_cap, self.week_cap, self.month_cap)

    @caps.setter
    def caps(self, caps: MemberCaps) -> None:
        self.open_cap, self.day_cap, self.week_cap, self.month_cap = caps


def no_cap_below_zero() -> tuple[CheckConstraint, ...]:
    """For a table that keeps them."""
    return tuple(CheckConstraint(f"{name}_cap >= 0", name=f"{name}_cap") for name in MemberCaps._fields)
