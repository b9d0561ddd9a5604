"""The form for a pool: its settings, its default assignees, and everybody's weight beside their name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from wtforms import BooleanField, HiddenField, RadioField, SelectField, ValidationError

from portal.blueprints.distribution.limits import WHAT, Limited, limited_in
from portal.blueprints.forms import Line, Lines, Whole, id_or_none, lines_of, menu, needed
from portal.blueprints.hours_form import ALWAYS, WHEN, HoursForm, typed_hours
from portal.blueprints.once import OnceForm
from portal.models import TagMember, Team
from portal.models.member_caps import NO_CAPS
from portal.operations.pool_fields import (
    LONGEST_WINDOW,
    LONGEST_WITHOUT_CONTACT,
    MOST_DEFAULT_ASSIGNEES,
    SHORTEST_WINDOW,
)
from portal.queries.pools import PoolView
from portal.routing.facts import DefaultMode, Delivery, Picker, Timer, WhenNobody
from portal.routing.tags import normal

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600}
_AUTOMATIC = ""
PICKERS = menu(
    [
        (Picker.ROTATION.value, "Turns: everybody in turn, by weight"),
        (Picker.BEST_MATCH.value, "Best match: who carries the tags found in the lead"),
        (Picker.LEAST_LOADED.value, "Least loaded: who has the fewest open leads for their weight"),
        (Picker.SINGLE.value, "Always one person"),
    ]
)
DELIVERIES = menu(
    [
        (Delivery.OFFER.value, "Offer: they accept or decline; if they do not answer, it goes to the next"),
        (Delivery.ASSIGN.value, "Assign: it is theirs at once"),
        (
            Delivery.BROADCAST.value,
            "Tell all: everybody who can take it is asked, and the first gets it",
        ),
        (Delivery.POND.value, "Pond: it lies there until a member takes it; nobody is told"),
    ]
)


@dataclass(frozen=True, slots=True)
class Choosable:
    """Somebody who may be a member or a default assignee. `note` says why they get nothing now."""

    id: UUID
    name: str
    note: str | None = None


class PoolForm(HoursForm):
    """Use `pool_form` to make one: it adds a weight for each person."""

    people: ClassVar[Sequence[Choosable]] = ()
    limited: ClassVar[Sequence[Limited]] = ()

    # Which pool was looked at: two people who edit one at a time must not undo each other without a word.
    seen = HiddenField()
    name = Line("Name", [needed("Please give the pool a name.")])
    team_id = SelectField(
        "Team",
        coerce=id_or_none,
        description="Leads nobody owns yet are this team's: its managers see them, and hand them out.",
    )
    picker = RadioField(
        "Who comes next",
        choices=PICKERS,
        default=Picker.ROTATION.value,
    )
    when_nobody_available = RadioField(
        "When all members are away, off hours or full",
        choices=menu(
            [
                (WhenNobody.FALLBACK.value, "Go on below"),
                (WhenNobody.WAIT.value, "Wait for them, with an alarm"),
            ]
        ),
        default=WhenNobody.FALLBACK.value,
    )
    delivery = RadioField(
        "How a lead reaches the next person",
        choices=DELIVERIES,
        default=Delivery.OFFER.value,
    )
    window = Whole("Time to answer an offer", [needed("Please type how long an offer stands.")], default=5)
    window_unit = SelectField("Unit", choices=menu((unit, unit) for unit in UNITS), default="minutes")
    hours_kind = RadioField("The pool's working time", choices=WHEN, default=ALWAYS)
    timer = RadioField(
        "What the time to answer counts",
        choices=menu(
            [
                (Timer.WALL.value, "All time"),
                (Timer.WORKING.value, "Only the pool's working time: it stands still outside"),
            ]
        ),
        default=Timer.WALL.value,
    )
    max_offers = Whole(
        "Most offers for one lead",
        [needed("Please type a number; 0 means no limit.")],
        default=8,
        description="After so many the default assignees are asked. 0 = no limit.",
    )
    forfeit_at_cap = BooleanField(
        "Whoever is full loses what they are owed",
        description="It goes to those who get leads meanwhile. Otherwise they catch up once they have room again.",
    )
    pond_limit = Whole("Most leads for one person in a day", description="For ponds. Empty = no limit.")
    last_call = Whole(
        "Last call",
        description="Once the line is used up, all who missed the lead may still take it for so long; the first gets "
        "it. Empty = no last call.",
    )
    last_call_unit = SelectField("Unit", choices=menu((unit, unit) for unit in UNITS), default="minutes")
    next_pool_id = SelectField(
        "Then hand it on to",
        coerce=id_or_none,
        description="Where a lead goes when nobody here took it and nobody above gets it.",
    )
    default_mode = RadioField(
        "What default assignees get",
        choices=menu(
            [
                (_AUTOMATIC, "Usual: the lead itself when there is one of them, else word that it waits"),
                (DefaultMode.OWN.value, "The lead itself: the first who is active gets it"),
                (DefaultMode.TELL.value, "Word that it waits, all of them"),
            ]
        ),
        default=_AUTOMATIC,
    )
    contact = Whole(
        "Time to log a contact",
        description="When an owner of one of its leads logs no contact for so long, the others are asked whether they "
        "take it, again and again; the owner keeps it until somebody does. Empty = no matter.",
    )
    contact_unit = SelectField("Unit", choices=menu((unit, unit) for unit in UNITS), default="hours")
    for_reassignment = BooleanField(
        "Only for leads that have an owner and shall have another",
        description="Such a lead stays with its owner until somebody here takes it, or the default assignee has it. "
        "New leads never come here.",
    )
    for_new_leads = BooleanField("Hand out new leads with this pool")
    everybody = BooleanField(
        "Everybody who may receive leads, all alike",
        description="Whoever has no number below gets the weight 1.",
    )

    agent_tags = Lines(
        "Tags as members",
        description="One a line with its weight, such as solar: 2. Everybody who carries the tag takes part, unless "
        "they have a number above; whoever carries several counts by the heaviest. For best match, points may "
        "follow: solar: 2, 50.",
    )

    def offer(self, teams: Sequence[Team], pools: Mapping[UUID, str], *, company_wide: bool) -> Self:
        """Fill the menu of teams: those one may set up pools for, and the company itself where one may; and that of
        the pools leads may be handed on to."""
        self.next_pool_id.choices = menu([("", "No other pool"), *((str(each), name) for each, name in pools.items())])
        nowhere = [("", "The whole company")] if company_wide else []
        self.team_id.choices = menu([*nowhere, *((str(team.id), team.name) for team in teams)])
        return self

    def weight_fields(self) -> list[Any]:
        """The members' weights, in the order of the people."""
        return [self[_weight_name(person.id)] for person in self.people]

    def _weight(self, user_id: UUID) -> int | None:
        typed: int | None = self[_weight_name(user_id)].data
        return 1 if typed is None and self.everybody.data else typed

    def default_fields(self) -> list[Any]:
        """The menus of default assignees, first to last."""
        return [self[f"default_{place}"] for place in range(1, MOST_DEFAULT_ASSIGNEES + 1)]

    def limit_rows(self) -> list[tuple[Limited, list[Any]]]:
        """Everybody who may have limits, with the fields for them."""
        return [(each, [self[name] for name, _ in each.fields()]) for each in self.limited]

    def has_limits(self) -> bool:
        """Whether there is anything to see in them."""
        return any(field.data is not None or field.errors for _, fields in self.limit_rows() for field in fields)

    def validate_window(self, field: Whole) -> None:
        """How long an offer stands, told in the unit it was typed in."""
        _refuse_outside(field, self.window_unit, LONGEST_WINDOW, "24 hours")

    def validate_last_call(self, field: Whole) -> None:
        """The same for the last call."""
        _refuse_outside(field, self.last_call_unit, LONGEST_WINDOW, "24 hours")

    def validate_contact(self, field: Whole) -> None:
        """The same for the time without a contact."""
        _refuse_outside(field, self.contact_unit, LONGEST_WITHOUT_CONTACT, "30 days")

    def validate_agent_tags(self, field: Lines) -> None:
        """A weight that cannot be read must not become part of the tag."""
        for line in lines_of(field.data):
            if _NUMBERS_BEHIND.fullmatch(line) and not _TAG_MEMBER.fullmatch(line):
                told = "Write the tag and its weight, such as solar: 2, or with points, such as solar: 2, 50."
                raise ValidationError(f"“{line[:40]}” cannot be read. {told}")

    def _tag_members(self) -> dict[str, TagMember]:
        """The tags as typed, with their limits: those of a tag that was there before."""
        caps = {normal(each.tag): each.typed(self) for each in self.limited if each.tag is not None}
        typed = map(_tag_member, lines_of(self.agent_tags.data))
        return {tag: part._replace(caps=caps.get(normal(tag), NO_CAPS)) for tag, part in typed}

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        weights = [(person.id, self._weight(person.id)) for person in self.people]
        members = [(user_id, weight) for user_id, weight in weights if weight is not None]
        chosen = [(field.name, field.data) for field in self.default_fields() if field.data is not None]
        self.aliases = {
            "window_seconds": "window",
            "last_call_seconds": "last_call",
            "contact_within": "contact",
            **self.aliases_of_hours("hours"),
            **{f"members.{place}.weight": _weight_name(user_id) for place, (user_id, _) in enumerate(members)},
            **self._aliases_of_limits([user_id for user_id, _ in members]),
            **{f"default_assignee_ids.{place}": name for place, (name, _) in enumerate(chosen)},
            "default_assignee_ids": "default_1",
        }
        return {
            "name": self.name.data,
            "team_id": self.team_id.data,
            "picker": self.picker.data,
            "single_user_id": self["single_user_id"].data,
            "when_nobody_available": self.when_nobody_available.data,
            "delivery": self.delivery.data,
            "window_seconds": (self.window.data or 0) * UNITS[self.window_unit.data],
            "max_offers": self.max_offers.data,
            "timer": self.timer.data,
            "hours": self.hours(),
            "forfeit_at_cap": self.forfeit_at_cap.data,
            "pond_limit": self.pond_limit.data,
            "last_call_seconds": self.last_call.data and self.last_call.data * UNITS[self.last_call_unit.data],
            "contact_within": self.contact.data and self.contact.data * UNITS[self.contact_unit.data],
            "for_reassignment": self.for_reassignment.data,
            "next_pool_id": self.next_pool_id.data,
            "default_mode": self.default_mode.data or None,
            "default_assignee_ids": [user_id for _, user_id in chosen],
            "members": members,
            "caps": {each.user_id: each.typed(self) for each in self.limited if each.user_id is not None},
            "agent_tags": self._tag_members(),
        }

    def _aliases_of_limits(self, members: Sequence[UUID]) -> dict[str, str]:
        """Where the limits of people stand that an operation complains about."""
        rows = {each.user_id: each for each in self.limited}
        return {
            f"members.{place}.caps.{limit}": rows[user_id].field_name(limit)
            for place, user_id in enumerate(members)
            if user_id in rows
            for limit in WHAT
        }


_TAG_MEMBER = re.compile(r"(?P<tag>.+?)\s*:\s*(?P<weight>\d{1,9})\s*(,\s*(?P<points>-?\d{1,9})\s*)?")


_NUMBERS_BEHIND = re.compile(r".*:[\s\d.,+-]*\d[\s.,]*")


def _refuse_outside(field: Whole, unit: SelectField, most_seconds: int, most: str) -> None:
    """Raise ValidationError for a time that is too short or too long; none typed is none."""
    if field.data is not None and not SHORTEST_WINDOW <= field.data * UNITS.get(unit.data, 1) <= most_seconds:
        raise ValidationError(f"Use a time from {SHORTEST_WINDOW} seconds to {most}.")


def _tag_member(line: str) -> tuple[str, TagMember]:
    """A tag with weight and points; a line without a number is a tag with weight 1."""
    found = _TAG_MEMBER.fullmatch(line)
    if found is None:
        return line, TagMember()
    return found["tag"], TagMember(int(found["weight"]), int(found["points"] or 0))


def _as_line(text: str, part: TagMember) -> str:
    return f"{text}: {part.weight}, {part.priority}" if part.priority else f"{text}: {part.weight}"


class NewPoolForm(OnceForm, PoolForm):
    """A pool to be made."""


Kind = TypeVar("Kind", bound=PoolForm)


def pool_form(
    kind: type[Kind],
    members: Sequence[Choosable],
    assignees: Iterable[Choosable],
    limited: Sequence[Limited] = (),
    **options: Any,
) -> Kind:
    """A form of this kind with a weight for each of `members`, menus of `assignees`, and limits for `limited`."""
    fields: dict[str, Any] = {"people": members, "limited": limited}
    for each in limited:
        fields |= dict(each.fields())
    for person in members:
        fields[_weight_name(person.id)] = Whole(person.name)
    people = menu([("", "Nobody"), *((str(one.id), one.name) for one in assignees)])
    fields["single_user_id"] = SelectField(
        "That person", choices=people, coerce=id_or_none, description="Only for “Always one person”."
    )
    for place in range(1, MOST_DEFAULT_ASSIGNEES + 1):
        fields[f"default_{place}"] = SelectField(f"Default assignee {place}", choices=people, coerce=id_or_none)
    form: Kind = type("PoolFormForThesePeople", (kind,), fields)(**options)
    return form


def _weight_name(user_id: UUID) -> str:
    return f"weight_{user_id.hex}"


def _in_units(seconds: int) -> tuple[int, str]:
    unit = next(unit for unit in ("hours", "minutes", "seconds") if seconds % UNITS[unit] == 0)
    return seconds // UNITS[unit], unit


def as_typed(view: PoolView) -> dict[str, Any]:
    """What the form of this pool starts with."""
    pool = view.pool
    window, unit = _in_units(pool.window_seconds)
    last_call, last_call_unit = _in_units(pool.last_call_seconds) if pool.last_call_seconds else (None, "minutes")
    contact, contact_unit = _in_units(pool.contact_within) if pool.contact_within else (None, "hours")
    return {
        "seen": view.fingerprint,
        "name": pool.name,
        "team_id": pool.team_id,
        "picker": pool.picker,
        "single_user_id": pool.single_user_id,
        "when_nobody_available": pool.when_nobody_available,
        "delivery": pool.delivery,
        "window": window,
        "window_unit": unit,
        "max_offers": pool.max_offers,
        "timer": pool.timer,
        **typed_hours(pool.hours),
        "forfeit_at_cap": pool.forfeit_at_cap,
        "pond_limit": pool.pond_limit,
        "last_call": last_call,
        "last_call_unit": last_call_unit,
        "contact": contact,
        "contact_unit": contact_unit,
        "for_reassignment": pool.for_reassignment,
        "next_pool_id": pool.next_pool_id,
        "default_mode": pool.default_mode or _AUTOMATIC,
        **{_weight_name(user_id): weight for user_id, weight in view.own},
        "agent_tags": "\n".join(_as_line(*tag) for tag in view.tags.items()),
        **{name: limit for each in limited_in(view) for name, limit in each.start().items()},
        **{f"default_{place}": user_id for place, user_id in enumerate(view.default_assignee_ids, start=1)},
    }
