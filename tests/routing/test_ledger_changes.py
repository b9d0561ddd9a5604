"""A pool whose people come, go, pause, decline and change weight: credits sum to zero, and a replay proves them."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from portal.routing import ledger
from portal.routing.facts import NANO, Asked, Asking, Credit
from portal.routing.ledger import CREDIT_OF, Holding
from portal.routing.route import hand_out

from .crew import LEAD, NOW, agent, id_of, pool

weights = st.integers(0, 1000)


class ChangingPool(RuleBasedStateMachine):
    """Members by user id, changed only through the ledger's entries, which are kept: (credit, changes)."""

    @initialize(first=st.lists(weights, min_size=1, max_size=8))
    def open_the_pool(self, first):
        self.members, self.entries, self.turns, self.joined, self.now = {}, [], [], 0, NOW
        for weight in first:
            self.join(weight)

    @rule(weight=weights)
    def join(self, weight):
        self.joined += 1
        newcomer = agent(f"{self.joined}", weight=weight, tie_order=self.joined * 7 % 11, owed=ledger.JOINING)
        self.members[newcomer.user_id] = newcomer

    @precondition(lambda self: self.members)
    @rule(data=st.data())
    def leave(self, data):
        leaver = self.somebody(data)
        for credit in Credit:
            self.enter(credit, ledger.leave(self.holdings(credit), leaver))
        assert (self.members[leaver].credit, self.members[leaver].second_credit) == (0, 0)
        del self.members[leaver]

    @precondition(lambda self: self.members)
    @rule(data=st.data(), weight=weights)
    def edit_the_weight(self, data, weight):
        someone = self.somebody(data)
        self.members[someone] = replace(self.members[someone], weight=weight)

    @precondition(lambda self: self.members)
    @rule(data=st.data())
    def pause_or_come_back(self, data):
        someone = self.somebody(data)
        self.members[someone] = replace(self.members[someone], available=not self.members[someone].available)

    @rule(declines=st.integers(0, 5))
    def offer_a_lead_that_is_declined(self, declines):
        """The first offer and as many re-offers; those who cannot take part are frozen on both credits."""
        self.now += timedelta(minutes=1)
        asked = set()
        for offers_made in range(declines + 1):
            crew = [replace(m, asked=Asked.DECLINED if id_ in asked else None) for id_, m in self.members.items()]
            decision = hand_out(LEAD, pool(*crew, max_offers=0), None, Asking(offers_made), self.now)
            if not decision.chosen:
                return
            assert decision.step.credit is (Credit.SECOND if offers_made else Credit.TURN)
            taking_part = {one.user_id for one in crew if one.weight and one.available and one.asked is None}
            assert set(decision.step.deltas()) == taking_part
            assert decision.chosen[0] in taking_part
            self.enter(decision.step.credit, decision.step.deltas())
            self.turns.append((decision.step.credit, decision.step.deltas()))
            asked.add(decision.chosen[0])
            taker = self.members[decision.chosen[0]]
            self.members[taker.user_id] = replace(taker, last_lead_at=self.now)

    @precondition(lambda self: self.members)
    @rule(data=st.data())
    def charge_a_taker(self, data):
        step = ledger.charge(list(self.members.values()), self.somebody(data))
        self.enter(step.credit, step.deltas())

    @precondition(lambda self: self.turns and self.members)
    @rule(data=st.data())
    def recall_an_offer(self, data):
        credit, deltas = self.turns.pop(data.draw(st.integers(0, len(self.turns) - 1), label="turn"))
        self.enter(credit, ledger.reverse(deltas, self.holdings(credit)))

    @rule(credit=st.sampled_from(Credit))
    def zero_the_ledger(self, credit):
        self.enter(credit, ledger.zero(self.holdings(credit)))
        assert all(CREDIT_OF[credit](member) == 0 for member in self.members.values())

    @invariant()
    def credits_sum_to_exactly_zero(self):
        for credit in Credit:
            assert sum(map(CREDIT_OF[credit], self.members.values())) == 0

    @invariant()
    def the_ledger_equals_a_replay_of_its_entries(self):
        replayed = defaultdict(int)
        for credit, changes in self.entries:
            for user_id, change in changes.items():
                replayed[credit, user_id] += change
        for credit in Credit:
            standing = {(credit, user_id): CREDIT_OF[credit](member) for user_id, member in self.members.items()}
            kept = {key: value for key, value in replayed.items() if key[0] is credit and value}
            assert kept == {key: value for key, value in standing.items() if value}

    def somebody(self, data):
        return data.draw(st.sampled_from(sorted(self.members)), label="who")

    def holdings(self, credit):
        return [Holding(m.user_id, CREDIT_OF[credit](m), m.weight, m.tie_order) for m in self.members.values()]

    def enter(self, credit, changes):
        assert sum(changes.values()) == 0
        self.entries.append((credit, changes))
        field = {Credit.TURN: "credit", Credit.SECOND: "second_credit"}[credit]
        for user_id, change in changes.items():
            member = self.members[user_id]
            self.members[user_id] = replace(member, **{field: getattr(member, field) + change})


TestAChangingPool = ChangingPool.TestCase
TestAChangingPool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_newcomer_who_leaves_at_once_changes_nothing():
    ana, ben = Holding(id_of("Ana"), NANO // 3, 1, 0), Holding(id_of("Ben"), -NANO // 3, 1, 1)
    newcomer = Holding(id_of("Cy"), ledger.JOINING, 1, 2)
    assert set(ledger.leave([ana, ben, newcomer], newcomer.user_id).values()) == {0}
