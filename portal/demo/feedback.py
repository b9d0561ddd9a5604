"""What people note while they work a lead: calls, what became of it, comments and memos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from portal.demo.plan import HOME, Plan, next_office_hour
from portal.demo.scene import Scene
from portal.models import CloseReason, User, Visibility
from portal.operations.attempts import Way, log_attempt
from portal.operations.conversion import ConversionChanges, save_conversion
from portal.operations.entries import write_comment, write_memo

Act = Callable[[User], object]
"""Something a lead's owner does."""
Timed = tuple[datetime, Act]

_NOT_REACHED = (None, None, "Left a message.", "Voicemail is full.", "Busy, tried twice.", "A child answered; later.")
_REACHED = (
    "Wants a visit next week.",
    "Sends photos of the meter and the panel.",
    "Asked about financing.",
    "Roof is from 2016, no shade.",
    "Talks it over at home and calls back.",
    "Interested in the battery, too.",
    None,
)
_NOTES = (
    "Site visit done, 22 panels fit.",
    "Quote sent, 9.2 kW with one battery.",
    "HOA form is with them.",
    None,
    None,
)
_COMMENTS = (
    "Can I offer the spring discount here?",
    "They would sign this week if the install is in June. Is there a slot?",
    "The roof needs work first. Who do we send?",
    "Wants to see a reference in the neighborhood. Any ideas?",
    "Quote is out, I follow up on Friday.",
)
_ANSWERS = (
    "Yes, up to five percent. Please note it in the quote.",
    "There is a slot on the 14th; I keep it until tomorrow.",
    "Please call them today, they wrote twice.",
    "Nice work. Ask for the bill of last August before you quote.",
    "@{first_name} please have a look at this one, you know the street.",
)
_MEMOS = (
    "Two dogs, ring the bell at the side gate.",
    "Main panel is 100 A; upgrade needed for a charger.",
    "Shade from a live oak in the afternoon, south-west corner.",
    "Prefers texts, works nights.",
    "Utility is Pedernales; net metering form is different there.",
    "Has a quote from a competitor: 8.8 kW, 21,400.",
)
_FOR_MANAGERS = ("Careful with the margin: second quote in the street.", "Knows the mayor; be on time.")

_LOST_BY = {
    CloseReason.DECLINED: ("Lost", ("Price", "Chose somebody else", "No longer interested")),
    CloseReason.NO_ANSWER: ("Lost", ("Could not be reached",)),
    CloseReason.NOT_VALID: ("Not valid", ("Not a customer for us",)),
    CloseReason.OPTED_OUT: ("Lost", ("No longer interested",)),
}


def working(scene: Scene, plan: Plan, lead_id: UUID, ends: datetime) -> Iterator[Timed]:
    """What is noted from now on until the lead's end, each with its time."""
    yield from _talk(scene, plan, lead_id, ends)
    if plan.feedback:
        yield from _calls(scene, plan, lead_id, ends)


def conclude(scene: Scene, plan: Plan, lead_id: UUID, by: User) -> None:
    """What became of it, said right before it is closed."""
    if not plan.feedback:
        return
    if plan.closes is CloseReason.WON:
        value = _worth(scene, lead_id)
        day = scene.told.now.astimezone(HOME).date()
        save_conversion(
            lead_id, by=by, contact_status="contacted", status="Won", actual_value=f"{value}", won_on=f"{day}"
        )
    elif plan.closes in _LOST_BY:
        status, reasons = _LOST_BY[plan.closes]
        save_conversion(lead_id, by=by, status=status, lost_reason=scene.random.choice(reasons))


def _calls(scene: Scene, plan: Plan, lead_id: UUID, ends: datetime) -> Iterator[Timed]:
    """Attempts until somebody answers, and from there towards a quote."""
    random, at = scene.random, scene.told.now
    is_reached = plan.closes is not CloseReason.NO_ANSWER and random.random() < 0.8
    tries = random.choice((1, 1, 1, 2, 2)) if is_reached else random.choice((1, 2, 2, 3))
    at = next_office_hour(at + timedelta(minutes=random.triangular(4, 500, 20)), random)
    for number in range(tries):
        if at >= ends:
            return
        yield at, _attempt(lead_id, random, reached=is_reached and number == tries - 1)
        at = next_office_hour(at + timedelta(hours=random.uniform(2, 30)), random)
    if is_reached:
        yield from _towards_a_quote(scene, lead_id, at, ends)


def _attempt(lead_id: UUID, random: Random, *, reached: bool) -> Act:
    way = random.choice((Way.CALL, Way.CALL, Way.CALL, Way.TEXT, Way.MAIL))
    note = random.choice(_REACHED if reached else _NOT_REACHED)
    return lambda owner: log_attempt(lead_id, by=owner, way=way, reached=reached, note=note)


def _towards_a_quote(scene: Scene, lead_id: UUID, at: datetime, ends: datetime) -> Iterator[Timed]:
    random = scene.random
    if at < ends and random.random() < 0.7:
        yield at, lambda owner: save_conversion(lead_id, by=owner, status="Qualified")
    at = next_office_hour(at + timedelta(days=random.uniform(1, 6)), random)
    if at < ends and random.random() < 0.7:
        quote: ConversionChanges = {
            "status": "Quoted",
            "expected_value": f"{_worth(scene, lead_id)}",
            "expected_close_on": f"{(at + timedelta(days=random.randrange(8, 40))).astimezone(HOME).date()}",
        }
        note = random.choice(_NOTES)
        if note:
            quote["note"] = note
        yield at, lambda owner: save_conversion(lead_id, by=owner, **quote)


def _talk(scene: Scene, plan: Plan, lead_id: UUID, ends: datetime) -> Iterator[Timed]:
    """A comment now and then, sometimes answered, and a memo for whoever drives there."""
    random, span = scene.random, ends - scene.told.now
    if random.random() < 0.18:
        memo = random.choice(_MEMOS)
        yield _within(scene, span, 0.05, 0.7), lambda owner: write_memo(lead_id, memo, by=owner)
    if random.random() < 0.03:
        secret = random.choice(_FOR_MANAGERS)
        yield (
            _within(scene, span, 0.1, 0.8),
            lambda owner: write_memo(lead_id, secret, by=scene.manager, visibility=Visibility.MANAGERS),
        )
    if random.random() < 0.13:
        comment = random.choice(_COMMENTS)
        at = _within(scene, span, 0.05, 0.6)
        yield at, lambda owner: write_comment(lead_id, comment, by=owner)
        if random.random() < 0.6:
            answer = random.choice(_ANSWERS).format(first_name=scene.somebody().name.split()[0])
            later = at + (ends - at) * random.uniform(0.02, 0.3)
            yield later, lambda owner: write_comment(lead_id, answer, by=scene.manager)


def _within(scene: Scene, span: timedelta, least: float, most: float) -> datetime:
    return scene.told.now + span * scene.random.uniform(least, most)


def _worth(scene: Scene, lead_id: UUID) -> Decimal:
    """An amount between what the customer said it may cost at least and at most."""
    price = scene.lead(lead_id).price or {"min": "6000", "max": "24000"}
    least, most = (int(float(price[end])) for end in ("min", "max"))
    return Decimal(round(scene.random.uniform(least, most), -2)).quantize(Decimal("0.01"))
