"""What the turn ledger promises, for any pool: nobody is ever a whole lead ahead of or behind their fair share."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from math import gcd
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing import ledger
from portal.routing.facts import NANO, Asked, Asking, Cap, Credit, Delivery
from portal.routing.route import hand_out

from .crew import LEAD, NOW, agent, id_of, minutes_ago, pool

weights = st.one_of(st.integers(1, 10), st.integers(1, 1000))
pools_of_weights = st.lists(weights, min_size=1, max_size=40)
either_credit = st.sampled_from(Credit)


class Play:
    """A pool's ledger played turn by turn: who may take part is said for each turn, everybody else is frozen."""

    def __init__(self, weights, credit=Credit.TURN, tie_order=None):
        tie_order = tie_order or range(len(weights))
        self.credit = credit
        self.members = [agent(f"{place}", weight=w, tie_order=tie_order[place]) for place, w in enumerate(weights)]
        self.taken = [0] * len(weights)
        self.now = NOW

    def turn(self, among=None):
        """Play one turn among these places (all by default) and say whose it was."""
        among = range(len(self.members)) if among is None else sorted(among)
        step = ledger.step([self.members[place] for place in among], self.credit)
        self.now += timedelta(seconds=1)
        chosen = among[step.place]
        for place, delta in zip(among, step.deltas().values(), strict=True):
            self.move(place, delta)
        self.members[chosen] = replace(self.members[chosen], last_lead_at=self.now)
        self.taken[chosen] += 1
        return chosen

    def move(self, place, delta):
        member = self.members[place]
        if self.credit is Credit.TURN:
            self.members[place] = replace(member, credit=member.credit + delta)
        else:
            self.members[place] = replace(member, second_credit=member.second_credit + delta)

    @property
    def standing(self):
        return [ledger.CREDIT_OF[self.credit](member) for member in self.members]


class TestAStablePool:
    @given(pools_of_weights, either_credit, st.integers(1, 250))
    def test_keeps_every_credit_within_one_lead_and_their_sum_at_zero(self, weights, credit, turns):
        play = Play(weights, credit)
        for _ in range(turns):
            play.turn()
            assert sum(play.standing) == 0
            assert all(-NANO < credit < NANO for credit in play.standing)

    @given(pools_of_weights, st.integers(1, 250))
    def test_is_never_two_leads_off_the_fair_share_over_any_window(self, weights, turns):
        play, total = Play(weights), sum(weights)
        # How far each is ahead after every turn, in leads times the total weight: whole numbers, so nothing is rounded.
        ahead = [[0] for _ in weights]
        for turn in range(1, turns + 1):
            play.turn()
            for place, weight in enumerate(weights):
                ahead[place].append(play.taken[place] * total - turn * weight)
        # Any window's surplus is the difference of two of these, the widest that of the highest and the lowest.
        assert all(max(course) - min(course) < 2 * total for course in ahead)

    @given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(1, 3), st.integers(1, 4))
    def test_gives_exact_counts_after_every_round(self, parts, scale, rounds):
        weights = [part * scale for part in parts]
        common = gcd(*weights)
        play = Play(weights)
        for done in range(1, rounds + 1):
            for _ in range(sum(weights) // common):
                play.turn()
            assert play.taken == [done * weight // common for weight in weights]

    @given(st.data(), st.integers(1, 15), st.integers(1, 1000), st.integers(2, 5))
    def test_of_equal_weights_is_plain_rotation(self, data, size, weight, rounds):
        tie_order = data.draw(st.permutations(range(size)))
        play = Play([weight] * size, tie_order=tie_order)
        order = [play.turn() for _ in range(size * rounds)]
        assert order[:size] == sorted(range(size), key=lambda place: tie_order[place])
        assert order == order[:size] * rounds

    @given(pools_of_weights)
    def test_pays_a_whole_lead_less_at_most_a_nano_lead_a_member(self, weights):
        members = [agent(f"{place}", weight=weight) for place, weight in enumerate(weights)]
        step = ledger.step(members, Credit.TURN)
        assert 0 <= NANO - step.paid < len(members)
        assert step.paid == sum(step.entitled) == sum(step.received)

    @given(st.lists(weights, min_size=1, max_size=12), st.integers(1, 60))
    def test_holds_as_credit_exactly_what_was_entitled_less_what_was_received(self, weights, turns):
        play, entitled, received = Play(weights), [0] * len(weights), [0] * len(weights)
        for _ in range(turns):
            step = ledger.step(play.members, play.credit)
            for place, share in enumerate(step.entitled):
                entitled[place] += share
            received[step.place] += step.paid
            play.turn()
        assert play.standing == [due - got for due, got in zip(entitled, received, strict=True)]


class TestChangingPools:
    @given(pools_of_weights, weights, st.integers(0, 100), st.integers(1, 150))
    def test_a_newcomer_is_at_most_one_lead_ahead_of_their_share_from_the_start(self, weights, weight, before, leads):
        play = Play(weights)
        for _ in range(before):
            play.turn()
        play.members.append(agent("newcomer", weight=weight, owed=ledger.JOINING, tie_order=-1))
        play.taken.append(0)
        total = sum(weights) + weight
        for lead in range(1, leads + 1):
            play.turn()
            assert play.taken[-1] * total <= lead * weight + total

    @given(st.lists(weights, min_size=2, max_size=20), st.data())
    def test_credit_is_unchanged_by_going_away_and_coming_back(self, weights, data):
        play = Play(weights)
        for _ in range(data.draw(st.integers(0, 60), label="turns before")):
            play.turn()
        away = data.draw(st.integers(0, len(weights) - 1), label="away")
        stood = play.standing[away]
        for _ in range(data.draw(st.integers(1, 60), label="turns away")):
            play.turn(among=set(range(len(weights))) - {away})
            assert play.standing[away] == stood
        assert sum(play.standing) == 0

    @given(st.lists(weights, min_size=2, max_size=20), st.data())
    def test_nobody_is_ever_a_whole_lead_ahead_when_weights_are_edited(self, weights, data):
        play = Play(weights)
        edits = data.draw(st.lists(st.tuples(st.integers(0, len(weights) - 1), st.integers(1, 1000)), max_size=20))
        for place, weight in edits:
            for _ in range(5):
                play.turn()
                assert all(credit > -NANO for credit in play.standing)
            play.members[place] = replace(play.members[place], weight=weight)
            assert sum(play.standing) == 0

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize("size", [2, 7, 40])
    def test_random_eligibility_keeps_every_credit_within_three_leads(self, size, seed):
        random = Random(f"{size}/{seed}")
        play = Play([random.randint(1, 10) for _ in range(size)])
        present = random.choice([0.1, 0.5, 0.9])
        for _ in range(3000):
            among = [place for place in range(size) if random.random() < present] or [random.randrange(size)]
            play.turn(among)
            assert max(map(abs, play.standing)) < 3 * NANO
        assert sum(play.standing) == 0


class TestDeclining:
    @pytest.mark.parametrize("size", [2, 3, 7])
    def test_a_serial_decliner_gains_nothing_and_the_others_stay_level(self, size):
        crew = pool(*(agent(f"{place}", tie_order=place) for place in range(size)))
        decliner = id_of("0")
        first_offers = dict.fromkeys((member.user_id for member in crew.members), 0)
        accepted = dict(first_offers)
        for lead in range(1, 40 * size):
            now = NOW + timedelta(minutes=lead)
            first = hand_out(LEAD, crew, None, Asking(), now)
            crew, taker = ledger.apply(crew, first, now), first.chosen[0]
            first_offers[taker] += 1
            if taker == decliner:
                second = hand_out(LEAD, having_declined(crew, decliner), None, Asking(offers_made=1), now)
                assert second.step.credit is Credit.SECOND
                crew, taker = ledger.apply(crew, second, now), second.chosen[0]
            accepted[taker] += 1
            others = [count for user_id, count in accepted.items() if user_id != decliner]
            assert max(first_offers.values()) - min(first_offers.values()) <= 1
            assert max(others) - min(others) <= 2
        assert accepted[decliner] == 0


def having_declined(crew, user_id):
    members = [replace(one, asked=Asked.DECLINED if one.user_id == user_id else None) for one in crew.members]
    return replace(crew, members=tuple(members))


members_of_a_batch = st.lists(
    st.tuples(
        weights,
        st.booleans(),
        st.one_of(st.none(), st.integers(0, 30)),
        st.one_of(st.none(), st.integers(0, 90).map(minutes_ago)),
    ),
    min_size=1,
    max_size=12,
)


class TestABatch:
    @given(members_of_a_batch, st.sampled_from([Delivery.ASSIGN, Delivery.OFFER]), st.integers(1, 40), st.booleans())
    def test_gives_the_result_of_as_many_single_leads(self, drawn, delivery, count, forfeits):
        crew = pool(
            *(
                agent(f"{place}", weight=weight, available=there, open_cap=cap, last_lead_at=last, tie_order=place)
                for place, (weight, there, cap, last) in enumerate(drawn)
            ),
            delivery=delivery,
            forfeit_at_cap=forfeits,
        )
        batch, in_batch = crew, []
        for _ in range(count):
            decision = hand_out(LEAD, batch, None, Asking(), NOW)
            batch = ledger.apply(batch, decision, NOW)
            in_batch.append(decision.chosen)
        singles, one_by_one = Rows(crew), []
        for lead in range(count):
            now = NOW + timedelta(seconds=lead)
            decision = hand_out(LEAD, singles.load(), None, Asking(), now)
            singles.store(decision, now)
            one_by_one.append(decision.chosen)
        assert in_batch == one_by_one
        assert [(m.credit, m.open_leads) for m in batch.members] == [
            (m.credit, m.open_leads) for m in singles.load().members
        ]


caps_of_members = st.lists(
    st.tuples(weights, st.one_of(st.none(), st.integers(0, 8)), st.integers(-NANO, NANO)), min_size=2, max_size=12
)


class TestForfeitingAtACap:
    """Members whose pool lets them have so many leads, and who lose what they are owed once they have them."""

    def crew(self, drawn, **facts):
        caps = [() if most is None else (Cap("today", 0, most, "Buyers", id_of("Buyers")),) for _, most, _ in drawn]
        owed = [credit for _, _, credit in drawn]
        owed[0] -= sum(owed)
        members = [
            agent(f"{place}", weight=drawn[place][0], owed=owed[place] / NANO, pool_caps=caps[place], tie_order=place)
            for place in range(len(drawn))
        ]
        return pool(*members, delivery=Delivery.ASSIGN, forfeit_at_cap=True, **facts)

    @given(caps_of_members, st.integers(1, 60))
    def test_the_sum_stays_and_nobody_who_is_full_is_owed_anything_after_a_turn(self, drawn, turns):
        crew = self.crew(drawn)
        total = sum(one.credit for one in crew.members)
        for _ in range(turns):
            decision = hand_out(LEAD, crew, None, Asking(), NOW)
            if not decision.chosen:
                break
            assert sum(decision.step.forfeits.values()) == sum(decision.step.moves().values()) == 0
            before, crew = crew, ledger.apply(crew, decision, NOW)
            assert sum(one.credit for one in crew.members) == total
            for was, one in zip(before.members, crew.members, strict=True):
                if any(cap.used >= cap.limit for cap in was.pool_caps):
                    assert one.credit == min(was.credit, 0)

    @given(st.lists(weights, min_size=2, max_size=12), st.integers(1, 60), st.integers(1, 60))
    def test_whoever_was_full_does_not_catch_up(self, weights, meanwhile, after):
        """From then on they get no more than a newcomer: their share, and at most one lead more."""
        at_cap = (Cap("today", 5, 5, "Buyers", id_of("Buyers")),)
        members = [agent(f"{place}", weight=weight, tie_order=place) for place, weight in enumerate(weights)]
        crew = pool(*members, delivery=Delivery.ASSIGN, forfeit_at_cap=True)
        crew = self.play(crew, meanwhile)[0]
        first, *others = crew.members
        crew = self.play(replace(crew, members=(replace(first, pool_caps=at_cap), *others)), 1)[0]
        full, *others = crew.members
        assert full.credit <= 0
        _, taken = self.play(replace(crew, members=(replace(full, pool_caps=()), *others)), after)
        share = Fraction(after * weights[0], sum(weights))
        assert taken.count(full.user_id) < share + 1

    def play(self, crew, turns):
        taken = []
        for _ in range(turns):
            decision = hand_out(LEAD, crew, None, Asking(), NOW)
            crew = ledger.apply(crew, decision, NOW)
            taken += decision.chosen
        return crew, taken


class Rows:
    """A pool kept as rows that every lead loads and writes back, as single hand-outs do."""

    def __init__(self, crew):
        self.crew = crew
        self.rows = {m.user_id: [m.credit, m.open_leads, m.last_lead_at] for m in crew.members}

    def load(self):
        fresh = []
        for member in self.crew.members:
            credit, open_leads, last = self.rows[member.user_id]
            fresh.append(replace(member, credit=credit, open_leads=open_leads, last_lead_at=last))
        return replace(self.crew, members=tuple(fresh))

    def store(self, decision, now):
        for user_id in decision.chosen:
            for entitled, delta in decision.step.moves().items():
                self.rows[entitled][0] += delta
            self.rows[user_id][1] += self.crew.delivery is Delivery.ASSIGN
            self.rows[user_id][2] = now


@given(st.lists(st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 1000)), min_size=1, max_size=40), st.data())
def test_leaving_moves_exactly_the_leavers_credit(drawn, data):
    held = [ledger.Holding(id_of(f"{place}"), c, w, -place) for place, (c, w) in enumerate(drawn)]
    leaver = data.draw(st.sampled_from(held))
    changes = ledger.leave(held, leaver.user_id)
    assert changes[leaver.user_id] == -leaver.credit
    assert sum(changes.values()) == (0 if len(held) > 1 else -leaver.credit)


@given(st.lists(weights, min_size=1, max_size=20), st.sets(st.integers(0, 30), min_size=1), st.integers(0, 15))
def test_a_reversal_sums_to_zero_whoever_left_or_joined(weights, present, turns):
    play = Play(weights)
    for _ in range(turns):
        play.turn()
    entry = ledger.step(play.members, Credit.TURN).deltas()
    here = [ledger.Holding(id_of(f"{place}"), 0, place % 3, place) for place in sorted(present)]
    assert sum(ledger.reverse(entry, here).values()) == 0
