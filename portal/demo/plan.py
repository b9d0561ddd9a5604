"""What shall happen to the demo's leads: how many of each kind, when they come in, what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from math import log
from random import Random
from zoneinfo import ZoneInfo

from portal.demo.cast import TIME_ZONE
from portal.models import CloseReason

LEADS = 400
WEEKS = 4
HOME = ZoneInfo(TIME_ZONE)
_UNTOLD = datetime.min.replace(tzinfo=UTC)


class Comes(Enum):
    """How a lead reaches the company's people."""

    ROUTED = auto()
    # The sender names the agent.
    NAMED = auto()
    # Entered by hand and left to people.
    KEPT = auto()


class Answer(Enum):
    """What somebody says to an offer. When all that is planned was said, the next one accepts."""

    ACCEPT = auto()
    DECLINE = auto()
    MISS = auto()
    # Lets it run out, and asks for another chance.
    MISS_AND_ASK = auto()
    # From here on nobody answers.
    NOBODY = auto()


class Becomes(Enum):
    """Where a lead goes that is not simply worked by whoever took it."""

    WORKED = auto()
    # It waits, and nobody has looked yet.
    WAITING = auto()
    # A default assignee takes it, or a manager hands it out, the next morning.
    HANDED_OUT = auto()
    # A manager gives it to somebody while it is on offer to somebody else.
    GIVEN = auto()
    # A manager takes the offer back, or the lead from its owner.
    RECALLED = auto()
    PUT_ASIDE = auto()
    HELD = auto()
    QUARANTINED = auto()


class Hours(Enum):
    """When somebody writes: in the daytime, at any hour, or when nobody is at work."""

    DAY = auto()
    ANY = auto()
    NIGHT = auto()


@dataclass(frozen=True, slots=True)
class Plan:
    """One lead.

    Args:
        at: when it comes in.
        closes: why it is closed in the end; None = it is open today.
        closes_after: at which part of the time from then to today.
        touches: how often the customer writes again while it is open.
        feedback: whether somebody says what became of it.
    """

    comes: Comes = Comes.ROUTED
    answers: tuple[Answer, ...] = ()
    becomes: Becomes = Becomes.WORKED
    hours: Hours = Hours.DAY
    # How old it is today, at least and at most; None = anything within the weeks.
    age: tuple[timedelta, timedelta] | None = None
    at: datetime = _UNTOLD
    closes: CloseReason | None = None
    closes_after: float = 0.0
    touches: int = 0
    feedback: bool = False
    changes_hands: bool = False
    comes_back: bool = False
    reopens: bool = False


def hours(least: float, most: float) -> tuple[timedelta, timedelta]:
    """An age in hours."""
    return timedelta(hours=least), timedelta(hours=most)


def minutes(number: float) -> tuple[timedelta, timedelta]:
    """An exact age."""
    return timedelta(minutes=number), timedelta(minutes=number)


A, D, M, AGAIN, NOBODY = Answer.ACCEPT, Answer.DECLINE, Answer.MISS, Answer.MISS_AND_ASK, Answer.NOBODY

# How many of each kind. What is not worked yet comes first; 18 of the customers come back later with another lead.
KINDS: tuple[tuple[int, Plan], ...] = (
    # On offer now, and the windows really end: five minutes each.
    (1, Plan(answers=(M, M, NOBODY), age=minutes(11.4))),
    (1, Plan(answers=(AGAIN, NOBODY), age=minutes(7.2))),
    (1, Plan(answers=(D, NOBODY), age=minutes(3.6))),
    (1, Plan(answers=(NOBODY,), age=minutes(3.1))),
    (1, Plan(answers=(NOBODY,), age=minutes(2.2))),
    (1, Plan(answers=(NOBODY,), age=minutes(1.2))),
    (1, Plan(answers=(NOBODY,), age=minutes(0.4))),
    # Nobody took them, and the default assignees were told.
    (5, Plan(answers=(M, D, M, M), becomes=Becomes.WAITING, age=hours(0.8, 9))),
    # They wait for a person.
    (3, Plan(comes=Comes.KEPT, becomes=Becomes.WAITING, age=hours(1, 30))),
    # Over a Sunday that takes until Monday morning.
    (3, Plan(becomes=Becomes.PUT_ASIDE, age=hours(42, 200))),
    (1, Plan(becomes=Becomes.RECALLED, answers=(D, NOBODY), age=hours(2, 5))),
    (1, Plan(comes=Comes.KEPT, becomes=Becomes.HELD, age=hours(1, 3))),
    (2, Plan(comes=Comes.KEPT, becomes=Becomes.QUARANTINED, age=hours(20, 90))),
    # What is worked, by how it got to its owner.
    (20, Plan(comes=Comes.NAMED)),
    (12, Plan(comes=Comes.KEPT, becomes=Becomes.HANDED_OUT)),
    (20, Plan(answers=(M, M, M, M), becomes=Becomes.HANDED_OUT, hours=Hours.NIGHT)),
    (6, Plan(answers=(D, M, D, M), becomes=Becomes.HANDED_OUT, hours=Hours.ANY)),
    (6, Plan(answers=(D, NOBODY), becomes=Becomes.GIVEN)),
    (192, Plan(answers=(A,))),
    (20, Plan(answers=(A,), hours=Hours.ANY)),
    (36, Plan(answers=(D, A))),
    (30, Plan(answers=(M, A), hours=Hours.ANY)),
    (8, Plan(answers=(D, D, A))),
    (10, Plan(answers=(AGAIN, M, A))),
)
COME_BACK = 18
CLOSED = 170
CHANGE_HANDS = 16
REOPENED = 4
WRITE_AGAIN = 48
# Of a hundred that are worked; every one that is won is told of, too.
TOLD_OF = 22

# How an engagement ends, in a hundred cases.
REASONS = {
    CloseReason.WON: 27,
    CloseReason.NO_ANSWER: 23,
    CloseReason.DECLINED: 21,
    CloseReason.NOT_VALID: 11,
    CloseReason.OTHER: 7,
    CloseReason.DUPLICATE: 6,
    CloseReason.OPTED_OUT: 5,
}

# Monday to Sunday, and the hours of a day, by how many people write then.
_DAYS = (11, 10, 10, 10, 9, 4, 3)
_OFFICE = dict(zip(range(8, 18), (4, 7, 9, 9, 6, 6, 8, 8, 6, 4), strict=True))
_EVENING = dict(zip(range(18, 22), (4, 4, 3, 2), strict=True))
_NIGHT = {22: 3, 23: 2, 0: 1, 1: 1, 4: 1, 5: 1, 6: 2}
_BY_HOURS = {Hours.DAY: _OFFICE, Hours.ANY: _OFFICE | _EVENING, Hours.NIGHT: _NIGHT}
# What is worked has had time to be.
_SETTLED = timedelta(hours=2)


def plans(now: datetime, random: Random) -> list[Plan]:
    """The plan of every lead, in the order they come in.

    Args:
        now: the moment the past leads up to.
        random: where chance comes from.
    """
    kinds = [plan for number, plan in KINDS for _ in range(number)]
    planned = sorted((replace(plan, at=_at(plan, now, random)) for plan in kinds), key=lambda plan: plan.at)
    return _with_ends(planned, now, random)


def next_office_hour(at: datetime, random: Random) -> datetime:
    """The same moment, or some minutes into the next morning when nobody is at work."""
    local = at.astimezone(HOME)
    if local.weekday() < 6 and 8 <= local.hour < 18:
        return at
    day = local.date() + timedelta(days=local.hour >= 18)
    if day.weekday() == 6:
        day += timedelta(days=1)
    return datetime.combine(day, time(8), HOME) + timedelta(minutes=random.randrange(5, 75))


def _at(plan: Plan, now: datetime, random: Random) -> datetime:
    if plan.age is not None:
        least, most = plan.age
        return now - least - (most - least) * random.random()
    at = _moment(_day(now, random), _BY_HOURS[plan.hours], random)
    while at > now - _SETTLED or (plan.becomes is Becomes.HANDED_OUT and looked_at_by(at) > now):
        at -= timedelta(days=1)
    return at


def looked_at_by(at: datetime) -> datetime:
    """The latest moment at which somebody at work has handed out a lead that nobody took: it ran through all its
    offers first, and was left lying for a while."""
    return next_office_hour(at + _SETTLED, Random(0)) + timedelta(minutes=75)  # noqa: S311


def _day(now: datetime, random: Random) -> date:
    today = now.astimezone(HOME).date()
    days = [today - timedelta(days=back) for back in range(7 * WEEKS)]
    return random.choices(days, [_DAYS[day.weekday()] for day in days])[0]


def _moment(day: date, hours: dict[int, int], random: Random) -> datetime:
    (hour,) = random.choices(list(hours), list(hours.values()))
    return datetime.combine(day, time(hour, random.randrange(60), random.randrange(60)), HOME)


def _with_ends(planned: list[Plan], now: datetime, random: Random) -> list[Plan]:
    """What becomes of those that are worked: the older a lead, the likelier it has ended."""
    worked = [place for place, plan in enumerate(planned) if _is_worked(plan)]
    ages = [(now - planned[place].at).total_seconds() for place in worked]
    closed = _chosen(worked, [age * age for age in ages], CLOSED, random)
    still_open = [place for place in worked if place not in closed]
    reasons = list(_reasons(random))
    for place, reason in zip(sorted(closed), reasons, strict=True):
        planned[place] = replace(planned[place], closes=reason, closes_after=random.uniform(0.08, 0.9))
    for place in _some_of(sorted(closed), COME_BACK, random):
        planned[place] = replace(planned[place], comes_back=True, closes_after=random.uniform(0.05, 0.45))
    for place in _some_of([place for place in sorted(closed) if not planned[place].comes_back], REOPENED, random):
        planned[place] = replace(planned[place], reopens=True, closes_after=random.uniform(0.1, 0.5))
    for place in _some_of(still_open, CHANGE_HANDS, random):
        planned[place] = replace(planned[place], changes_hands=True)
    for place in _some_of(worked, WRITE_AGAIN, random):
        planned[place] = replace(planned[place], touches=random.choice((1, 1, 1, 2, 3)))
    for place in worked:
        told_of = planned[place].closes is CloseReason.WON or random.randrange(100) < TOLD_OF
        planned[place] = replace(planned[place], feedback=told_of)
    return planned


def _is_worked(plan: Plan) -> bool:
    if plan.becomes is Becomes.WORKED:
        return NOBODY not in plan.answers
    return plan.becomes in (Becomes.HANDED_OUT, Becomes.GIVEN)


def _reasons(random: Random) -> Iterator[CloseReason]:
    counts = {reason: CLOSED * share // 100 for reason, share in REASONS.items()}
    counts[CloseReason.WON] += CLOSED - sum(counts.values())
    told = [reason for reason, number in counts.items() for _ in range(number)]
    random.shuffle(told)
    yield from told


def _chosen(places: Sequence[int], weights: Sequence[float], number: int, random: Random) -> set[int]:
    """Some of the places, the heavier the likelier (Efraimidis and Spirakis, 2006)."""
    drawn = sorted(zip(places, weights, strict=True), key=lambda one: log(random.random()) / one[1], reverse=True)
    return {place for place, _ in drawn[:number]}


def _some_of(places: Sequence[int], number: int, random: Random) -> list[int]:
    return random.sample(list(places), number)
