"""A decision as data to keep, and the data as plain sentences.

Sentences are always made from the data, never from the decision itself: what is said while a lead is routed and what
is said a year later, from the stored record, is the same by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from operator import add
from typing import TYPE_CHECKING, Any

from portal.routing import matching
from portal.routing.facts import NANO, Credit, Outcome, Picker, Stage
from portal.routing.gates import asked
from portal.routing.ledger import CREDIT_OF, TieBreak

if TYPE_CHECKING:
    from uuid import UUID

    from portal.routing.decision import Decision
    from portal.routing.facts import RuleCheck

Data = dict[str, Any]
"""A decision as JSON-able data: ids and times as strings, credits as whole nano-leads."""

Names = Mapping[str, str]
"""Masks to say instead of the stored names, by user id. Who is not listed keeps theirs."""

ANOTHER = "Another agent"


def masks(data: Data, keep: str) -> dict[str, str]:
    """What to call everybody in stored data but one: numbered in the order they were looked at, so that each has one
    mask throughout a decision.

    Args:
        keep: the user id of the one who is named.
    """
    others = list(dict.fromkeys(row["user_id"] for row in data["candidates"] if row["user_id"] != keep))
    if len(others) == 1:
        return {others[0]: ANOTHER}
    return {user_id: f"Agent {number}" for number, user_id in enumerate(others, start=1)}


def masked(data: Data, names: Names) -> Data:
    """Stored data as it may be shown under `names`: whoever has one there is told by it, and not by their id."""
    rows = [
        # What they carry goes as well: their own name or address may be a tag.
        {**row, "user_id": None, "name": names[row["user_id"]], "tags": []} if row["user_id"] in names else row
        for row in data["candidates"]
    ]
    chosen = [user_id for user_id in data["chosen"] if user_id not in names]
    return {**data, "candidates": rows, "chosen": chosen, "why": why_from(data, names)}


def about(data: Data, user_id: str, names: Names | None = None) -> str | None:
    """One sentence on what a decision said of somebody: of the last rung they were looked at; None = they were not."""
    rows = [row for row in data["candidates"] if row["user_id"] == user_id]
    return _candidate(data, rows[-1], names or {}) if rows else None


TIE_BREAKS: Mapping[str, str] = {
    TieBreak.LEAST_RECENT: "Others were level; the least recent lead decided.",
    TieBreak.FIXED_ORDER: "Others were level; the pool's fixed order decided.",
}


def as_data(decision: Decision) -> Data:
    """`decision` as data that can be stored as JSON and explained later."""
    step = decision.step
    data: Data = {
        "lead_id": decision.lead_id and str(decision.lead_id),
        "pool_id": decision.pool_id and _id(decision.pool_id),
        "pool": decision.pool and decision.pool.name,
        "picker": decision.pool and decision.pool.picker.value,
        "began_in": _began_in(decision),
        "rule_id": decision.rule_id and _id(decision.rule_id),
        "at": decision.at.isoformat(),
        "rules": [_rule_row(check) for check in decision.rules],
        "team": decision.match.team.name if decision.match and decision.match.team else None,
        "to_team": decision.is_for_people_of_team,
        "candidates": [row for stage in decision.stages for row in _candidate_rows(stage)],
        "chosen": [_id(user_id) for user_id in decision.chosen],
        "stage": decision.stage.value,
        "outcome": decision.outcome.value,
        "credit": decision.credit and decision.credit.value,
        "paid": step and step.paid,
        "tie_break": step and step.tie_break and step.tie_break.value,
        "ladder": [{"stage": stage.stage.value, "note": stage.note} for stage in decision.stages],
    }
    data["why"] = why_from(data)
    return data


def _began_in(decision: Decision) -> str | None:
    """The pool the rules named: leads may have been handed on to another since."""
    first = decision.stages[0].pool
    return first.name if first else None


def _rule_row(check: RuleCheck) -> Data:
    row = {"id": _id(check.rule_id), "name": check.name, "met": check.met, "why": check.why}
    # Most lists are the company's own, and every decision keeps a row for each rule.
    in_teams = {"team": check.team, "sends_to": check.sends_to}
    return row | {key: name for key, name in in_teams.items() if name is not None}


def _candidate_rows(decision: Decision) -> list[Data]:
    """What everybody looked at on one rung was told, in their order.

    Whoever is eligible has no gate and no reason, save on the last rung, where they name what was set aside for want of
    anybody else. Credits are of the one the rung is played on, None where it touches no ledger.
    """
    stage, lead = decision.stage.value, decision.lead
    scores = decision.pool is not None and decision.pool.picker is Picker.BEST_MATCH and decision.stage in MATCHED
    rows: list[Data] = []
    for candidate, refused, aside, (before, after) in zip(
        decision.candidates,
        decision.refusals,
        decision.set_aside or decision.refusals,
        _credits(decision),
        strict=True,
    ):
        gate, reason = refused or aside or (None, None)
        rows.append(
            {
                "user_id": _id(candidate.user_id),
                "name": candidate.name,
                "stage": stage,
                "eligible": refused is None,
                "gate": gate,
                "reason": reason,
                "tags": [tag.text for tag in matching.matched(candidate, lead)] if lead.found else [],
                "score": matching.points(candidate, lead) if scores else None,
                "weight": candidate.weight,
                "credit_before": before,
                "credit_after": after,
                "last_lead_at": candidate.last_lead_at and _moment(candidate.last_lead_at),
            }
        )
    return rows


MATCHED = frozenset({Stage.LINE, Stage.NEXT_POOL})
"""Where a pool's own picker chooses, so that a score counts."""


def _credits(decision: Decision) -> Iterable[tuple[int | None, int | None]]:
    """What everybody looked at held before the rung and after it, in nano-leads."""
    if decision.credit is None:
        return [(None, None)] * len(decision.candidates)
    before = list(map(CREDIT_OF[decision.credit], decision.candidates))
    if decision.step is None:
        return zip(before, before, strict=True)
    moved = decision.step.moves_of(decision.candidates)
    return zip(before, map(add, before, moved), strict=True)


# A pool's people come again with every lead, and writing an id or a moment takes longer than all else in a row.
_id = lru_cache(maxsize=8192)(str)
_moment = lru_cache(maxsize=8192)(datetime.isoformat)


def sentences(decision: Decision) -> list[str]:
    """The whole story of `decision`; see `sentences_from`."""
    return sentences_from(as_data(decision))


def tie_break(kind: TieBreak | None) -> str | None:
    """What is said when people were exactly level."""
    return TIE_BREAKS[kind] if kind else None


def why_from(data: Data, names: Names | None = None) -> str:
    """One or two plain sentences from stored data."""
    said = _choice(data, names or {})
    if data["tie_break"]:
        said = f"{said} {TIE_BREAKS[data['tie_break']]}"
    return said


def why_to(decision: Decision, user_id: UUID) -> str:
    """The same for somebody who is told no names but their own."""
    data = decision.as_data()
    return why_from(data, masks(data, str(user_id)))


def _choice(data: Data, names: Names) -> str:
    rows = _chosen_rows(data)
    who = _listed([_name(row, names) for row in rows])
    match data["stage"], data["outcome"]:
        case (Stage.LINE, Outcome.WAIT) | (Stage.LINE | Stage.NEXT_POOL, Outcome.POND):
            return str(data["ladder"][-1]["note"])
        case Stage.LINE, Outcome.BROADCAST:
            return f"Told at once: {who}. The first to accept has it."
        case Stage.LINE, _:
            return _turn(data, rows[0], who, names)
        case Stage.SECOND_CHANCE, _:
            return f"{who} asked for another chance and comes before anybody not yet asked."
        case Stage.LAST_CALL, _:
            return f"Nobody in the line took it: last call for {who}. The first to take it has it."
        case Stage.DEFAULT, Outcome.TELL:
            return f"{_nobody(data)}: {who} {'is' if len(rows) == 1 else 'are'} told that it waits."
        case Stage.DEFAULT, _:
            return f"{_nobody(data)}, so it goes to {who}, its default assignee."
        case Stage.NEXT_POOL, Outcome.BROADCAST:
            return f"{_nobody(data)}: told at once in pool “{data['pool']}”: {who}."
        case Stage.NEXT_POOL, _:
            return f"{_nobody(data)}: {who} is next in pool “{data['pool']}”."
        case Stage.TEAM, _ if data.get("to_team"):
            return f"It goes to {who}, of team “{data['team']}”."
        case Stage.TEAM, _:
            return f"{_nobody(data)}, so it goes to {who}, of the team."
        case Stage.ANY_ACTIVE, _ if data.get("to_team"):
            nobody = f"Nobody of team “{data['team']}” can take it"
            return f"{nobody}, so it goes to {who}, whose last lead is the least recent."
        case Stage.ANY_ACTIVE, _:
            return f"{_nobody(data)}, so it goes to {who}, whose last lead is the least recent."
        case _ if data["pool_id"] is None and not data.get("to_team"):
            return "No pool is set for it, so it waits for somebody to assign it."
        case _:
            return str(data["ladder"][-1]["note"] or "Nobody can get it now, so it waits until somebody can.")


def _nobody(data: Data) -> str:
    """That the line is used up: its people were asked, or may still be in it when enough were; or none could be."""
    tried = any(
        row["gate"] == asked.__name__ or (row["eligible"] and row["stage"] == Stage.LINE) for row in data["candidates"]
    )
    return "Nobody in the line took it" if tried else "Nobody in the line could take it"


def _turn(data: Data, row: Data, who: str, names: Names) -> str:
    match data.get("picker"):
        case Picker.SINGLE:
            return f"{who} is the one this pool names."
        case Picker.BEST_MATCH:
            return f"{who} fits best: {_fit(row, names)}."
        case Picker.LEAST_LOADED:
            return f"{who} has the fewest open leads for their share."
    if row["credit_before"] is None:
        return f"{who} is next."
    turn = "next in turn" if data["credit"] == Credit.TURN else "the next choice among those not yet asked"
    return f"{who} is {turn}: {standing(_owed(data, row))}."


def _fit(row: Data, names: Names) -> str:
    """How well somebody fits, and by which tags; not by which where they are masked: their own name may be one."""
    told = row["tags"] if row["user_id"] not in names else []
    return f"score {row['score']}" + (f" ({', '.join(told)})" if told else "")


def sentences_from(data: Data, names: Names | None = None) -> list[str]:
    """The whole story from stored data: rules, pool, everybody looked at stage by stage, and the choice."""
    names = names or {}
    told = [_rule(rule) for rule in data["rules"]]
    told += _left_to_team(data)
    began_in = data.get("began_in") or data["pool"]
    if began_in:
        told.append(f"Pool “{began_in}”.")
    rows = _worth_saying(data["candidates"])
    for rung in data["ladder"]:
        told += [_candidate(data, row, names) for row in rows if row["stage"] == rung["stage"]]
        told += [rung["note"]] if rung["note"] else []
    choice = why_from(data, names)
    return told if told[-1:] == [choice] else [*told, choice]


def _rule(rule: Data) -> str:
    """What came of one rule. Rules of a team's own list name the team; decisions of old know of no such lists."""
    whose = f"Team “{rule['team']}”, rule" if rule.get("team") else "Rule"
    ahead = f"; it sends the lead to team “{rule['sends_to']}”" if rule.get("sends_to") else ""
    return f"{whose} “{rule['name']}”: {'met' if rule['met'] else 'not met'}, {rule['why']}{ahead}."


def _left_to_team(data: Data) -> list[str]:
    """That a team's own rules did not take what was sent to it, where there are any."""
    sent_to = next((rule.get("sends_to") for rule in reversed(data["rules"]) if rule["met"]), None)
    if sent_to is None or data.get("to_team"):
        return []
    return [f"No rule of team “{sent_to}” takes it, so it goes to the team's default pool."]


def _worth_saying(rows: list[Data]) -> list[Data]:
    """Without refusals that were told before: whoever is paused in the line is still paused further up."""
    refused = {(row["user_id"], row["reason"]): row for row in reversed(rows) if not row["eligible"]}
    return [row for row in rows if row["eligible"] or refused[row["user_id"], row["reason"]] is row]


def _candidate(data: Data, row: Data, names: Names) -> str:
    if row["reason"]:
        more = ", set aside" if row["eligible"] else _given_up(row)
        return f"{_name(row, names)}: {row['reason']}{more}."
    is_chosen = row["stage"] == data["stage"] and row["user_id"] in data["chosen"]
    chosen, other = PLACES[row["stage"]]
    if row["stage"] == Stage.LINE and data["stage"] == Stage.LINE and data["outcome"] == Outcome.BROADCAST:
        chosen = "told"
    facts = [_fit(row, names)] if row["score"] is not None else []
    facts += [standing(_owed(data, row))] if row["credit_after"] is not None else []
    said = f" ({'; '.join(facts)})" if facts else ""
    return f"{_name(row, names)}: {chosen if is_chosen else other}{said}."


def _given_up(row: Data) -> str:
    """What somebody at a cap was owed and lost, where the pool has it so."""
    before, after = row["credit_before"], row["credit_after"]
    return f"; what they were owed ({_amount(before)}) goes to the others" if before and before != after else ""


PLACES: Mapping[str, tuple[str, str]] = {
    Stage.LINE: ("next in turn", "in line"),
    Stage.SECOND_CHANCE: ("asked for another chance", "asked for another chance, later"),
    Stage.LAST_CALL: ("called once more", "missed it"),
    Stage.DEFAULT: ("default assignee", "default assignee, not needed"),
    Stage.NEXT_POOL: ("next there", "in line there"),
    Stage.TEAM: ("takes it", "could take it"),
    Stage.ANY_ACTIVE: ("takes it", "could take it"),
}
"""What is said of the chosen and of the other eligible, by stage."""


def _chosen_rows(data: Data) -> list[Data]:
    chosen, stage = data["chosen"], data["stage"]
    return [row for row in data["candidates"] if row["user_id"] in chosen and row["stage"] == stage] if chosen else []


def _owed(data: Data, row: Data) -> int:
    """Credit when the lead was handed out: the chosen had not paid for it yet.

    Who is chosen on a later rung, such as a default assignee, has paid nothing in the line they also stand in.
    """
    is_chosen = row["stage"] == data["stage"] and row["user_id"] in data["chosen"]
    after: int = row["credit_after"]
    return after + (data["paid"] or 0 if is_chosen else 0)


def standing(credit: int) -> str:
    """A credit in nano-leads as people say it."""
    amount = _amount(credit)
    if amount.startswith("0.00"):
        return "even"
    return f"owed {amount}" if credit > 0 else f"{amount} ahead"


def _amount(credit: int) -> str:
    leads = f"{abs(credit) / NANO:.2f}"
    return "1 lead" if leads == "1.00" else f"{leads} of a lead" if abs(credit) < NANO else f"{leads} leads"


def _name(row: Data, names: Names) -> str:
    user_id, name = row["user_id"], row["name"]
    return names.get(user_id, name)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
