"""What should happen to leads, as plain dicts and whole numbers: written from the rules, sharing nothing with the
portal's own routing."""

from __future__ import annotations

from itertools import count
from typing import Any

ONE_LEAD = 1_000_000_000

Lead = dict[str, Any]
Offer = dict[str, Any]


class RefusedError(Exception):
    """The portal says no to this."""


class Model:
    """One company with one pool that offers, by names.

    Args:
        agents: who may be members.
        defaults: the pool's default assignees: one owns what nobody takes, several are told of it.
        max_offers: of the pool.
        counts_as_turn: whether leads given by hand cost their receiver a turn.
    """

    def __init__(self, agents: list[str], defaults: list[str], max_offers: int, counts_as_turn: bool) -> None:
        self.people: dict[str, dict[str, Any]] = {
            name: {"active": True, "available": True, "cap": None} for name in (*agents, *defaults)
        }
        self.defaults = defaults
        self.max_offers = max_offers
        self.counts_as_turn = counts_as_turn
        self.weights: dict[str, int] = {}
        self.ties: dict[str, int] = {}
        self.credit: dict[str, dict[str, int]] = {"turn": {}, "second": {}}
        self.leads: list[Lead] = []
        self._served: dict[str, int] = {}
        self._clock = count(1)

    # Members

    def join(self, name: str, weight: int, tie: int) -> None:
        self.weights[name], self.ties[name] = weight, tie
        for credit in self.credit.values():
            credit[name] = 0

    def leave(self, name: str) -> None:
        del self.weights[name], self.ties[name]
        for credit in self.credit.values():
            self._spread(credit, credit.pop(name))

    def _spread(self, credit: dict[str, int], amount: int) -> None:
        if not self.weights:
            assert amount == 0, "the last one out held something"
            return
        weights = self.weights if any(self.weights.values()) else dict.fromkeys(self.weights, 1)
        whole = sum(weights.values())
        left = amount
        for name, weight in weights.items():
            part = amount * weight // whole
            credit[name] += part
            left -= part
        credit[min(self.ties, key=self.ties.__getitem__)] += left

    # Routing

    def arrive(self) -> Lead:
        lead: Lead = {"state": "unassigned", "waiting_for": None, "owner": None, "offers": []}
        self.leads.append(lead)
        self._route(lead)
        return lead

    def drain(self) -> int:
        return sum(self._route(lead, only_if_somebody=True) for lead in self.leads if lead["waiting_for"] == "routing")

    def _route(self, lead: Lead, only_if_somebody: bool = False) -> bool:
        if self._open_second_chance(lead):
            return True
        if self._offer_to_the_next(lead):
            return True
        active = [name for name in self.defaults if self.people[name]["active"]]
        if active and len(self.defaults) == 1:
            self._let_go(lead, only="waiting")
            lead.update(state="owned", owner=active[0], waiting_for=None)
            self._serve(active[0])
            return True
        if active:
            lead.update(state="unassigned", owner=None, waiting_for="catch_all")
            return True
        if not only_if_somebody:
            lead.update(state="unassigned", owner=None, waiting_for="routing")
        return False

    def _open_second_chance(self, lead: Lead) -> bool:
        for offer in lead["offers"]:
            agent = offer["agent"]
            if offer["state"] == "waiting" and self._is_free(agent) and agent not in answered(lead, "declined"):
                offer["state"] = "open"
                lead.update(state="offering", owner=None, waiting_for=None)
                self._serve(agent)
                return True
        return False

    def _offer_to_the_next(self, lead: Lead) -> bool:
        made = sum(one["kind"] == "exclusive" and one["state"] != "withdrawn" for one in lead["offers"])
        asked = answered(lead, "declined", "missed")
        line = [name for name in self.weights if self._is_free(name) and name not in asked]
        if not line or 0 < self.max_offers <= made:
            return False
        kind = "second" if made else "turn"
        agent, changes = self._turn(line, self.credit[kind])
        self._book(self.credit[kind], changes)
        offer = {"agent": agent, "state": "open", "kind": "exclusive", "turn": (kind, changes)}
        lead["offers"].append(offer)
        lead.update(state="offering", owner=None, waiting_for=None)
        self._serve(agent)
        return True

    def _is_free(self, name: str) -> bool:
        """Every gate but whether they were asked already."""
        person = self.people[name]
        is_full = person["cap"] is not None and self._owned_by(name) >= person["cap"]
        return person["active"] and person["available"] and self.weights.get(name, 0) > 0 and not is_full

    def _owned_by(self, name: str) -> int:
        return sum(lead["state"] == "owned" and lead["owner"] == name for lead in self.leads)

    def _serve(self, name: str) -> None:
        self._served[name] = next(self._clock)

    # The ledger's rule

    def _turn(self, line: list[str], credit: dict[str, int]) -> tuple[str, dict[str, int]]:
        """Who is next, and what everybody's credit changes by."""
        shares = self._shares(line)
        owed = {name: credit[name] + shares[name] for name in line}
        in_credit = [name for name in line if owed[name] > 0]
        if in_credit:
            # The next whole lead falls due in (one lead - owed) / weight steps; over a common denominator.
            common = 1
            for name in in_credit:
                common *= self.weights[name]
            due = {name: (ONE_LEAD - owed[name]) * (common // self.weights[name]) for name in in_credit}
        else:
            due = {name: -owed[name] for name in line}
        first = min(due.values())
        level = [name for name in due if due[name] == first]
        agent = min(level, key=lambda name: (self._served.get(name, 0), self.ties[name]))
        return agent, {name: shares[name] - sum(shares.values()) * (name == agent) for name in line}

    def _shares(self, names: list[str]) -> dict[str, int]:
        whole = sum(self.weights[name] for name in names)
        return {name: ONE_LEAD * self.weights[name] // whole if whole else 0 for name in names}

    def _book(self, credit: dict[str, int], changes: dict[str, int]) -> None:
        """Changes of members; what falls to somebody who left is spread over those who are here."""
        of_those_gone = 0
        for name, change in changes.items():
            if name in self.weights:
                credit[name] += change
            else:
                of_those_gone += change
        if of_those_gone:
            self._spread(credit, of_those_gone)

    def _charge(self, receiver: str) -> None:
        if not self.counts_as_turn or receiver not in self.weights:
            return
        told = [name for name in self.weights if self._is_free(name) or name == receiver]
        shares = self._shares(told)
        paid = {name: shares[name] - sum(shares.values()) * (name == receiver) for name in told}
        self._book(self.credit["turn"], paid)

    # What people do

    def accept(self, lead: Lead) -> None:
        offer = open_offer(lead)
        offer["state"] = "accepted"
        self._let_go(lead)
        lead.update(state="owned", owner=offer["agent"], waiting_for=None)

    def decline(self, lead: Lead) -> None:
        open_offer(lead)["state"] = "declined"
        self._route(lead)

    def miss(self, leads: list[Lead]) -> None:
        for lead in leads:
            open_offer(lead)["state"] = "missed"
        for lead in leads:
            self._route(lead)

    def ask_again(self, lead: Lead, agent: str) -> None:
        if not self.people[agent]["active"]:
            raise RefusedError
        newest = [offer for offer in lead["offers"] if offer["agent"] == agent][-1]
        if newest["kind"] == "second_chance" and newest["state"] in ("waiting", "open"):
            return
        if lead["state"] in ("owned", "closed") or newest["state"] != "missed" or newest["kind"] == "second_chance":
            raise RefusedError
        lead["offers"].append({"agent": agent, "state": "waiting", "kind": "second_chance", "turn": None})
        if lead["state"] == "unassigned":
            self._open_second_chance(lead)

    def assign(self, lead: Lead, to: str | None) -> None:
        if lead["state"] == "closed" or (to is not None and not self.people[to]["active"]):
            raise RefusedError
        if lead["owner"] == to:
            return
        if to is None:
            self._let_go(lead)
            lead.update(state="unassigned", owner=None, waiting_for="person")
            return
        self._charge(to)
        self._let_go(lead)
        lead.update(state="owned", owner=to, waiting_for=None)

    def recall(self, lead: Lead) -> None:
        self._withdraw(open_offer(lead))
        lead.update(state="unassigned", owner=None, waiting_for="person")

    def close(self, lead: Lead) -> None:
        self._let_go(lead)
        lead.update(state="closed", waiting_for=None)

    def reopen(self, lead: Lead) -> None:
        if lead["owner"] is not None and self.people[lead["owner"]]["active"]:
            lead.update(state="owned")
        else:
            lead.update(state="unassigned", owner=None, waiting_for="person")

    def route_again(self, lead: Lead) -> None:
        self._route(lead)

    def deactivate(self, name: str) -> None:
        self.people[name]["active"] = False
        freed = []
        for lead in self.leads:
            for offer in lead["offers"]:
                if offer["agent"] == name and offer["state"] in ("open", "waiting"):
                    freed += [lead] if offer["state"] == "open" else []
                    self._withdraw(offer)
        for lead in freed:
            self._route(lead)

    def _let_go(self, lead: Lead, only: str | None = None) -> None:
        for offer in lead["offers"]:
            if offer["state"] in ("open", "waiting") and only in (None, offer["state"]):
                self._withdraw(offer)

    def _withdraw(self, offer: Offer) -> None:
        """The turn of an offer that was running is undone."""
        if offer["state"] == "open" and offer["turn"]:
            kind, changes = offer["turn"]
            self._book(self.credit[kind], {name: -change for name, change in changes.items()})
        offer["state"] = "withdrawn"


def open_offer(lead: Lead) -> Offer:
    """The one offer that runs."""
    [offer] = [offer for offer in lead["offers"] if offer["state"] == "open"]
    found: Offer = offer
    return found


def answered(lead: Lead, *how: str) -> set[str]:
    """Who answered so."""
    return {offer["agent"] for offer in lead["offers"] if offer["state"] in how}
