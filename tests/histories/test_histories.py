"""Whatever people, senders and the clock do, in any order: the portal does what the model says, and every rule that
always holds does hold after each step.

A failing history is printed with its steps and the blob that replays it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from portal import models
from portal.errors import Conflict, Invalid, NotFound
from portal.extensions import db
from portal.operations.check import breaches
from tests.cast import Person, make_company
from tests.factories import make_pool, make_user
from tests.histories.model import Lead, Model, RefusedError, answered, open_offer
from tests.operations import acts, sights

AGENTS = ["Ana", "Ben", "Cy", "Di"]
WEIGHTS = st.integers(0, 3)


class Histories(RuleBasedStateMachine):
    """The portal and the model, side by side. Leads are numbered as they came in."""

    def __init__(self, app: APIFlask) -> None:
        super().__init__()
        self.app = app

    @initialize(
        weights=st.fixed_dictionaries(dict.fromkeys(AGENTS[:3], WEIGHTS)),
        defaults=st.sampled_from([[], ["Mara"], ["Mara", "Olive"]]),
        max_offers=st.integers(0, 3),
        counts_as_turn=st.booleans(),
    )
    def begin(self, weights: dict[str, int], defaults: list[str], max_offers: int, counts_as_turn: bool) -> None:
        self.company = make_company(
            self.app, "Acme Solar", fallback_any_active=False, named_counts_as_turn=counts_as_turn
        )
        company = self.company
        self.people: dict[str, Person] = {
            "Ana": company.agent,
            "Ben": company.colleague,
            "Cy": make_user(company, "Cy"),
            "Di": make_user(company, "Di"),
            "Mara": company.manager,
            "Olive": company.owner,
        }
        self.names = {person.id: name for name, person in self.people.items()}
        self.pool_id = make_pool(
            company,
            {self.people[name]: weight for name, weight in weights.items()},
            [self.people[name] for name in defaults],
            max_offers=max_offers,
        ).id
        self.model = Model(AGENTS, defaults, max_offers, counts_as_turn)
        for place, (name, weight) in enumerate(weights.items()):
            self.model.join(name, weight, place)
        self.lead_ids: list[Any] = []

    # The world

    @rule()
    def arrive(self) -> None:
        self.lead_ids.append(acts.arrive(self.company).lead_id)
        self.model.arrive()

    @precondition(lambda self: self.leads_in("unassigned", "offering", "owned"))
    @rule(data=st.data())
    def write_again(self, data: st.DataObject) -> None:
        lead = self.draw(data, "unassigned", "offering", "owned")
        with self.company.inside():
            key = db.session.scalar(
                select(models.ContactKey.raw)
                .join(models.Lead, models.Lead.contact_id == models.ContactKey.contact_id)
                .where(models.Lead.id == self.id_of(lead))
            )
        assert acts.arrive(self.company, phone=key).outcome == "attached"

    @precondition(lambda self: self.leads_in("offering"))
    @rule(data=st.data())
    def windows_pass(self, data: st.DataObject) -> None:
        offering = self.leads_in("offering")
        late = data.draw(st.lists(st.sampled_from(range(len(offering))), min_size=1, unique=True))
        leads = [offering[place] for place in late]
        for lead in leads:
            acts.end_windows(self.company, self.open_offer_id(lead))
        with pytest.raises(Conflict):
            acts.accept(self.people[open_offer(leads[0])["agent"]], self.open_offer_id(leads[0]))
        assert acts.end_due(self.company) == len(leads)
        self.model.miss(leads)

    @rule()
    def drain(self) -> None:
        assert acts.drain(self.company) == self.model.drain()

    # Agents

    @precondition(lambda self: self.leads_in("offering"))
    @rule(data=st.data(), twice=st.booleans())
    def accept(self, data: st.DataObject, twice: bool) -> None:
        lead = self.draw(data, "offering")
        agent, offer_id = self.people[open_offer(lead)["agent"]], self.open_offer_id(lead)
        for _ in range(1 + twice):
            acts.accept(agent, offer_id)
        self.model.accept(lead)

    @precondition(lambda self: self.leads_in("offering"))
    @rule(data=st.data(), twice=st.booleans())
    def decline(self, data: st.DataObject, twice: bool) -> None:
        lead = self.draw(data, "offering")
        agent, offer_id = self.people[open_offer(lead)["agent"]], self.open_offer_id(lead)
        for _ in range(1 + twice):
            acts.decline(agent, offer_id)
        self.model.decline(lead)

    @precondition(lambda self: any(answered(lead, "missed") for lead in self.model.leads))
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        lead = data.draw(st.sampled_from([lead for lead in self.model.leads if answered(lead, "missed")]))
        agent = data.draw(st.sampled_from(sorted(answered(lead, "missed"))))
        missed = next(
            offer
            for offer in sights.offers(self.company, self.id_of(lead))
            if offer.user_id == self.people[agent].id and offer.state == "missed"
        )
        self.both(
            lambda: self.model.ask_again(lead, agent),
            lambda: acts.ask_again(self.people[agent], missed.id),
        )

    @rule(name=st.sampled_from(AGENTS), available=st.booleans())
    def pause_or_come_back(self, name: str, available: bool) -> None:
        acts.change_user(self.company, self.people[name], available=available)
        self.model.people[name]["available"] = available

    # Who hands out

    @precondition(lambda self: self.model.leads)
    @rule(data=st.data(), to=st.sampled_from([*AGENTS, None]))
    def hand_out(self, data: st.DataObject, to: str | None) -> None:
        lead = self.draw(data)
        self.both(
            lambda: self.model.assign(lead, to),
            lambda: acts.assign(self.company.manager, self.id_of(lead), self.people[to] if to else None),
        )

    @precondition(lambda self: self.leads_in("offering"))
    @rule(data=st.data())
    def recall(self, data: st.DataObject) -> None:
        lead = self.draw(data, "offering")
        acts.recall(self.company.manager, self.open_offer_id(lead))
        self.model.recall(lead)

    @precondition(lambda self: self.leads_in("unassigned"))
    @rule(data=st.data())
    def route_again(self, data: st.DataObject) -> None:
        lead = self.draw(data, "unassigned")
        acts.route_again(self.company.manager, self.id_of(lead))
        self.model.route_again(lead)

    @precondition(lambda self: self.leads_in("unassigned", "offering", "owned"))
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        lead = self.draw(data, "unassigned", "offering", "owned")
        acts.close(self.company.manager, self.id_of(lead))
        self.model.close(lead)

    @precondition(lambda self: self.leads_in("closed"))
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        lead = self.draw(data, "closed")
        acts.reopen(self.company.manager, self.id_of(lead))
        self.model.reopen(lead)

    # Who runs the company

    @rule(name=st.sampled_from(AGENTS), weight=st.one_of(st.none(), WEIGHTS))
    def edit_members(self, name: str, weight: int | None) -> None:
        """One comes, goes (None) or weighs otherwise."""
        weights = {**self.model.weights, name: weight}
        wanted = {self.people[one]: heavy for one, heavy in weights.items() if heavy is not None}
        acts.set_members(self.company, self.pool_id, wanted)
        if weight is None:
            if name in self.model.weights:
                self.model.leave(name)
        elif name in self.model.weights:
            self.model.weights[name] = weight
        else:
            self.model.join(name, weight, self.tie_of(name))

    @rule(name=st.sampled_from(AGENTS), cap=st.one_of(st.none(), st.integers(0, 2)))
    def set_cap(self, name: str, cap: int | None) -> None:
        acts.change_user(self.company, self.people[name], open_cap=cap)
        self.model.people[name]["cap"] = cap

    @rule(name=st.sampled_from(AGENTS))
    def leave_or_come_back(self, name: str) -> None:
        is_active = self.model.people[name]["active"]
        acts.change_user(self.company, self.people[name], active=not is_active)
        if is_active:
            self.model.deactivate(name)
        else:
            self.model.people[name]["active"] = True

    # After each step

    @invariant()
    def every_lead_is_where_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.company.inside():
            leads = db.session.scalars(select(models.Lead).order_by(models.Lead.id)).all()
            offers = db.session.scalars(select(models.Offer).order_by(models.Offer.id)).all()
            found = [
                {
                    "state": lead.state,
                    "waiting_for": lead.waiting_for,
                    "owner": self.names.get(lead.owner_id),
                    "offers": [(self.names[o.user_id], o.kind, o.state) for o in offers if o.lead_id == lead.id],
                }
                for lead in leads
            ]
        expected = [
            {**lead, "offers": [(o["agent"], o["kind"], o["state"]) for o in lead["offers"]]}
            for lead in self.model.leads
        ]
        assert found == expected

    @invariant()
    def credits_are_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        found = {self.names[user]: both for user, both in sights.standing(self.company, self.pool_id).items()}
        turn, second = self.model.credit["turn"], self.model.credit["second"]
        assert found == {name: (turn[name], second[name]) for name in turn}

    @invariant()
    def every_rule_holds(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.company.inside():
            assert breaches(self.company.id, late_by=None) == []

    # Ways to say it

    def leads_in(self, *states: str) -> list[Lead]:
        return [lead for lead in self.model.leads if lead["state"] in states]

    def draw(self, data: st.DataObject, *states: str) -> Lead:
        return data.draw(st.sampled_from(self.leads_in(*states) if states else self.model.leads))

    def id_of(self, lead: Lead) -> Any:
        place = next(place for place, one in enumerate(self.model.leads) if one is lead)
        return self.lead_ids[place]

    def open_offer_id(self, lead: Lead) -> Any:
        return sights.open_offer(self.company, self.id_of(lead)).id

    def tie_of(self, name: str) -> int:
        account = models.LedgerAccount
        user_id = self.people[name].id
        [found] = sights.rows(self.company, select(account).where(account.user_id == user_id))
        return int(found.tie_order)

    def both(self, in_model: Callable[[], Any], in_portal: Callable[[], Any]) -> None:
        """What the model refuses, the portal refuses."""
        try:
            in_model()
        except RefusedError:
            with pytest.raises((Conflict, Invalid, NotFound)):
                in_portal()
        else:
            in_portal()


def test_any_history_goes_as_the_model_says(app: APIFlask) -> None:
    run_state_machine_as_test(
        lambda: Histories(app),
        settings=settings(
            max_examples=16,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            # Explaining a failure takes longer than finding it.
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
