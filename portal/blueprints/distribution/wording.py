"""Pools, turns and decisions in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from portal.models import Pool, User
from portal.page_frame import local_time
from portal.routing.decision import Decision
from portal.routing.explain import standing
from portal.routing.facts import NANO, DefaultMode, Delivery, Outcome, Picker, Timer, WhenNobody
from portal.routing.holding import Hold

LONGEST_IN_A_SENTENCE = 60
_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


class Step(NamedTuple):
    """One step of a pool's ladder: a few words, a sentence, and the icon and tone it is drawn with."""

    title: str
    words: str
    icon: str
    tone: str = ""


def window_in_words(seconds: int) -> str:
    """`5 minutes`, `1 hour 30 minutes`."""
    said = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(said)


def delivery_in_words(pool: Pool, one: User | None = None) -> str:
    """How a lead of this pool reaches the person who comes next.

    Args:
        one: whom the pool names, where it always goes to one person.
    """
    if pool.delivery == Delivery.POND:
        return "Lies in the pond until a member takes it"
    if pool.delivery == Delivery.BROADCAST:
        return f"Offered to everybody at once for {window_in_words(pool.window_seconds)}; the first to accept gets it"
    who = _WHO_COMES_NEXT[Picker(pool.picker)] if one is None else short(one.name)
    if pool.delivery == Delivery.ASSIGN:
        return f"Given to {who} at once"
    return f"Offered to {who} for {window_in_words(pool.window_seconds)}"


_WHO_COMES_NEXT = {
    Picker.ROTATION: "the next person",
    Picker.SINGLE: "one person",
    Picker.BEST_MATCH: "the best match",
    Picker.LEAST_LOADED: "the least loaded person",
}

_ORDER = {
    Picker.ROTATION: Step(
        "Whose turn it is",
        "Of the members who can take it, the one whose next whole lead is due first gets it.",
        "pools",
        "accent",
    ),
    Picker.SINGLE: Step("The one", "It is for one person, if they can take it now.", "me", "accent"),
    Picker.BEST_MATCH: Step(
        "Who fits best",
        "Each member's score is the weights of the tags found in the lead that they carry, and their points in this "
        "pool. The highest comes first; turns decide between those who are level.",
        "pools",
        "accent",
    ),
    Picker.LEAST_LOADED: Step(
        "Who has the most room",
        "The member with the fewest open leads for their weight comes first; turns decide between those who are level.",
        "pools",
        "accent",
    ),
}


def keeps_turns(pool: Pool) -> bool:
    """Whether anybody is next in this pool: not where it is always the same person, and not where all are asked."""
    return pool.picker != Picker.SINGLE and pool.delivery in (Delivery.OFFER, Delivery.ASSIGN)


def why_nobody_is_next(pool: Pool) -> str:
    """Of a pool that keeps no turns."""
    if pool.delivery == Delivery.POND:
        return "Members take leads out of the pond themselves."
    if pool.delivery == Delivery.BROADCAST:
        return "Everybody who can take it is asked at once."
    return "Every lead is for one person."


def owed_in_words(credit: Decimal) -> str:
    """`owed 0.67 of a lead`, `1 lead ahead`, `even`; `credit` in leads."""
    return standing(int(credit * NANO))


def percent(share: float) -> str:
    """A share of 0 to 1 as people say it: `33 %`, and one digit more where rounding would hide it."""
    shown = f"{share * 100:.0f}"
    return f"{shown} %" if share in (0, 1) or 1 <= share * 100 <= 99 else f"{share * 100:.1f} %"


def listed(names: Sequence[str], last: str = "and") -> str:
    """`Ana`, `Ana and Ben`, `Ana, Ben and Cy`."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def short(name: str) -> str:
    """A name as a sentence can bear it."""
    return name if len(name) <= LONGEST_IN_A_SENTENCE else f"{name[: LONGEST_IN_A_SENTENCE - 1].rstrip()}…"


def if_a_lead_came(decision: Decision) -> str:
    """What would happen now, in one or two sentences."""
    names = {candidate.user_id: short(candidate.name) for candidate in decision.candidates}
    who = listed([names[user_id] for user_id in decision.chosen])
    match decision.outcome:
        case Outcome.OFFER if decision.pool:
            return f"It would be offered to {who} for {window_in_words(decision.pool.window_seconds)}."
        case Outcome.BROADCAST if decision.pool:
            window = window_in_words(decision.pool.window_seconds)
            return f"It would be offered to {who} at once for {window}; the first to accept gets it."
        case Outcome.ASSIGN:
            return f"It would be given to {who} at once."
        case Outcome.TELL:
            return f"Nobody in the line could take it. It would wait, and {who} would be told."
        case Outcome.POND if decision.pool:
            return f"It would lie in the pond “{short(decision.pool.name)}” until a member takes it."
        case _ if decision.pool is None and not decision.is_for_people_of_team:
            return "It would stay in Unassigned until somebody hands it out: no pool is set for new leads."
        case _:
            return (
                "It would wait with an alarm, because nobody can get it now, and be handed out as soon as somebody can."
            )


def if_it_were_held(hold: Hold, zone: str) -> str:
    """That a new lead would be held now, and until when."""
    if hold.until is None:
        return "It would be held until a manager lets it go."
    return f"It would be held until you open on {local_time(hold.until, zone)}."


def if_it_came_to(name: str, decision: Decision) -> str:
    """The same, said to the page of one of those who would get it."""
    match decision.outcome:
        case Outcome.OFFER if decision.pool:
            return f"{name} would be offered it for {window_in_words(decision.pool.window_seconds)}."
        case Outcome.ASSIGN:
            return f"{name} would get it at once."
        case _:
            return f"Nobody in the line could take it. It would wait, and {name} would be told."


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `13th`."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


@dataclass(frozen=True, slots=True)
class Beyond:
    """What a pool's ladder leads to once nobody of its line took the lead; all by name.

    Args:
        defaults: the default assignees who are active, in order.
        named: how many default assignees the pool names, active or not: what they get by default depends on it.
        any_active: the company's setting `fallback_any_active`.
    """

    defaults: Sequence[str] = ()
    named: int = 0
    next_pool: str | None = None
    team: str | None = None
    team_default: str | None = None
    any_active: bool = True


def ladder_in_words(pool: Pool, beyond: Beyond) -> list[Step]:
    """What happens to a lead of this pool, step by step, until somebody has it."""
    steps = _ways_out[Delivery(pool.delivery)](pool)
    if pool.when_nobody_available == WhenNobody.WAIT and pool.delivery != Delivery.POND:
        told = "When all members are away, off hours or full, it waits with an alarm for the first who is back."
        steps.append(Step("Waits for the members", told, "clock", "warn"))
    if pool.last_call_seconds and pool.delivery in (Delivery.OFFER, Delivery.BROADCAST):
        told = (
            f"Everybody who missed it may still take it for {window_in_words(pool.last_call_seconds)}, "
            "though not who said no. The first to accept has it."
        )
        steps.append(Step("Last call", told, "offers", "warn"))
    if pool.for_reassignment:
        return steps + _when_nobody_took_over(pool, beyond)
    return steps + _when_nobody_took_it(pool, beyond) + _when_nobody_is_contacted(pool)


def _when_nobody_took_over(pool: Pool, beyond: Beyond) -> list[Step]:
    """The end of a reassignment: the lead has an owner all the while."""
    stays = "its owner keeps it, and managers are told."
    if not beyond.defaults:
        return [Step("Its owner keeps it", f"When nobody took it, {stays}", "me", "good")]
    name = short(beyond.defaults[0])
    told = f"When nobody took it, it is given to {name}, the default assignee. If that is who owns it, {stays}"
    return [Step("Default assignee", told, "me", "good")]


def _when_nobody_is_contacted(pool: Pool) -> list[Step]:
    if not pool.contact_within:
        return []
    told = (
        f"When its owner logs no contact within {window_in_words(pool.contact_within)}{_of_working_time(pool)}, the "
        "other members are asked whether they take it, again and again. The owner keeps it until somebody does."
    )
    return [Step("Owned and not contacted", told, "clock", "warn")]


def _assigned(pool: Pool) -> list[Step]:
    return [_ORDER[Picker(pool.picker)]]


def _offered(pool: Pool) -> list[Step]:
    limit = f", to at most {pool.max_offers} people" if pool.max_offers else ""
    told = (
        f"They have {window_in_words(pool.window_seconds)}{_of_working_time(pool)} to accept. "
        f"Declined or missed, it is offered to the next{limit}."
    )
    again = "Whoever missed it and asks for another chance comes before those who follow."
    return [*_assigned(pool), Step("The offer", told, "offers", "accent"), Step("Another chance", again, "clock")]


def _of_working_time(pool: Pool) -> str:
    return " of the pool's working time" if pool.timer == Timer.WORKING and pool.hours else ""


def _told_to_all(pool: Pool) -> list[Step]:
    told = (
        f"All members who can take it are told at once and have {window_in_words(pool.window_seconds)}. "
        "The first to accept gets it, and pays a turn; the other offers vanish."
    )
    return [Step("Told to all", told, "offers", "accent")]


def _in_the_pond(pool: Pool) -> list[Step]:
    limit = f"; at most {pool.pond_limit} in a day for each" if pool.pond_limit else ""
    told = (
        "It lies in the pond, and nobody is told. Every member sees it there without the customer's name, and whoever "
        f"takes it has it{limit}."
    )
    return [Step("The pond", told, "pools", "accent")]


_ways_out: dict[Delivery, Callable[[Pool], list[Step]]] = {
    Delivery.ASSIGN: _assigned,
    Delivery.OFFER: _offered,
    Delivery.BROADCAST: _told_to_all,
    Delivery.POND: _in_the_pond,
}


def _when_nobody_took_it(pool: Pool, beyond: Beyond) -> list[Step]:
    when = "Without any member who could take it," if pool.delivery == Delivery.POND else "When nobody took it,"
    names = [short(name) for name in beyond.defaults]
    if names and _owns_by_default(pool, beyond.named):
        after = f" ({listed(names[1:], 'or')} if they have left)" if len(names) > 1 else ""
        told = f"{when} it is given to {names[0]}{after}, the default assignee."
        return [Step("Default assignee", told, "me", "good")]
    if names:
        told = f"{when} it waits with an alarm, and {_are_told(names)}."
        return [Step("Default assignees are told", told, "outbox", "warn")]
    return [*_further(beyond, when), *_at_last(beyond, when)]


def _further(beyond: Beyond, when: str) -> list[Step]:
    steps = []
    if beyond.next_pool:
        told = f"{when} it is handed on to the pool “{short(beyond.next_pool)}”, where it costs nobody a turn."
        steps.append(Step("The next pool", told, "pools", "good"))
    if beyond.team:
        first = f"{short(beyond.team_default)} first, then " if beyond.team_default else ""
        told = f"Then it is for the team “{short(beyond.team)}”: {first}whoever of it can take it."
        steps.append(Step("The team", told, "people", "good"))
    return steps


def _at_last(beyond: Beyond, when: str) -> list[Step]:
    waits = "it waits with an alarm until somebody can get it, and is then handed out by itself."
    if not beyond.any_active:
        return [Step("Alarm", f"{when if not _further(beyond, when) else 'After that'} {waits}", "clock", "warn")]
    others = (
        f"{when} it is given to whoever else in the company can take it, the one whose last lead is longest ago first."
    )
    return [
        Step("Anybody else", others, "people", "good"),
        Step("Alarm", f"When there is nobody at all, {waits}", "clock", "warn"),
    ]


def _are_told(names: Sequence[str]) -> str:
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} told"


def _owns_by_default(pool: Pool, named: int) -> bool:
    if pool.default_mode is None:
        return named == 1
    return pool.default_mode == DefaultMode.OWN
