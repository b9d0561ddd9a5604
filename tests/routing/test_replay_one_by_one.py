"""A replay changes its own copies of people in place. Whatever the set-up, it comes out as the same leads do when each
is played by itself, on facts nobody changes."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from portal.routing import ledger
from portal.routing.facts import (
    Asked,
    Asking,
    Cap,
    DefaultMode,
    Delivery,
    LeadFacts,
    Outcome,
    Picker,
    Policy,
    PoolFacts,
    Presence,
    PresenceMode,
    Rule,
    Stage,
    TeamFacts,
    TeamRules,
    WhenNobody,
)
from portal.routing.hours import parse_hours
from portal.routing.ladder import climb
from portal.routing.replay import PastLead, Setup, Tally, replay
from portal.routing.route import hand_out, match_rules, unrouted, without_pool
from portal.routing.tags import Tag

from .crew import LEAD, NOW, agent, default_rule, id_of, minutes_ago

NAMES = [f"Agent {place}" for place in range(9)]
TAGS = [Tag("roof", weight=30), Tag("solar", "exclusive"), Tag("urgent", "required", 5)]
SOURCES = ["form", "mail", "phone"]
POLICY = Policy(presence_mode=PresenceMode.ONLY_AVAILABLE)


class OneByOne:
    """Each lead through `hand_out`, `climb` and `ledger.apply`, every fact a new one."""

    def __init__(self, setup):
        self.rules, self.policy = setup.rules, replace(POLICY, presence_mode=PresenceMode.IGNORE)
        self.pools = {pool_id: self.at_all_hours(pool) for pool_id, pool in setup.pools.items()}
        self.everyone = [self.always_there(one) for one in setup.everyone]
        self.team_rules, self.teams = setup.teams, setup.people
        self.teams = {team_id: self.team_as(self.always_there, team_id) for team_id in setup.people}
        self.tally = Tally()

    def always_there(self, one):
        # Open caps stay, for the room they say somebody has; nobody here comes near theirs.
        pool_caps = tuple(cap._replace(used=0) for cap in one.pool_caps if cap.what == "today")
        return replace(one, available=True, caps=(), pool_caps=pool_caps, hours=None, leaves=())

    def at_all_hours(self, pool):
        return self.everywhere(pool, self.always_there)

    def everywhere(self, pool, change):
        return replace(
            pool,
            members=tuple(change(one) for one in pool.members),
        )

    def team_as(self, change, team_id):
        team = self.teams.get(team_id)
        return team and replace(
            team,
            default=team.default and change(team.default),
            members=tuple(change(one) for one in team.members),
        )

    def play(self, past):
        match = match_rules(past.lead, self.rules, past.at, self.team_rules)
        self.tally.by_rule[match.rule.id] += 1
        if not match.is_routed:
            return self.count(unrouted(past.lead, match, past.at))
        asked, made, called = {}, 0, False
        while True:
            decision = self.decide(past, match, asked, Asking(made, last_call_made=called))
            if decision.outcome is Outcome.LAST_CALL:
                called = True
                continue
            if decision.outcome not in (Outcome.OFFER, Outcome.ASSIGN):
                return self.count(decision)
            chosen = decision.chosen[0]
            answer = past.answers.get(chosen) if decision.outcome is Outcome.OFFER else None
            self.hand_over(match.pool_id, decision, chosen, past.at, taken=answer is None)
            if answer is None:
                return self.count(decision)
            asked[chosen] = answer
            (self.tally.missed if answer is Asked.MISSED else self.tally.declined)[chosen] += 1
            made += decision.stage is Stage.LINE

    def decide(self, past, match, asked, asking):
        def as_then(one):
            caps = (Cap("today", 1, 1),) if one.user_id in past.full else ()
            return replace(one, available=one.user_id not in past.away, caps=caps, asked=asked.get(one.user_id))

        everyone = [as_then(one) for one in self.everyone]
        if match.pool_id is None:
            line, team = without_pool(past.lead, match, past.at), self.team_as(as_then, match.team.id)
            return climb(past.lead, None, lambda: everyone, line, past.at, self.policy, asking, team)
        pools = {pool_id: self.everywhere(pool, as_then) for pool_id, pool in self.pools.items()}
        pool = pools[match.pool_id]
        pool = replace(pool, next_pool=self.linked(pool, pools))
        decision = hand_out(past.lead, pool, match, asking, past.at, self.policy)
        if decision.chosen:
            return decision
        team = self.team_as(as_then, match.team.id if match.team else pool.team_id)
        return climb(past.lead, pool, lambda: everyone, decision, past.at, self.policy, asking, team)

    def linked(self, pool, pools):
        if pool.next_pool is None:
            return None
        further = pools[pool.next_pool.id]
        return replace(further, next_pool=self.linked(further, pools))

    def hand_over(self, pool_id, decision, chosen, at, taken):
        moment = at
        if pool_id is not None:
            moment = ledger.after_all(self.pools[pool_id].members, at)
            self.pools[pool_id] = ledger.apply(self.pools[pool_id], replace(decision, outcome=Outcome.OFFER), at)

        def served(one):
            if one.user_id != chosen:
                return one
            pool_caps = tuple(
                cap._replace(used=cap.used + taken) if cap.pool_id == decision.pool_id else cap for cap in one.pool_caps
            )
            return replace(one, last_lead_at=moment, open_leads=one.open_leads + taken, pool_caps=pool_caps)

        self.pools = {each: self.everywhere(pool, served) for each, pool in self.pools.items()}
        self.everyone = [served(one) for one in self.everyone]
        self.teams = {team_id: self.team_as(served, team_id) for team_id in self.teams}

    def count(self, decision):
        self.tally.stages[decision.stage] += 1
        self.tally.outcomes[decision.outcome] += 1
        if decision.outcome in (Outcome.OFFER, Outcome.ASSIGN):
            self.tally.received.update(decision.chosen)


def some_agent(chance, name, **facts):
    return agent(
        name,
        tie_order=chance.randrange(5),
        last_lead_at=chance.choice([None, minutes_ago(chance.randrange(5))]),
        open_leads=chance.randrange(4),
        open_cap=chance.choice([100, 200, None]),
        caps=(Cap("today", 3, 3),) if chance.random() < 0.2 else (),
        hours=parse_hours({"sunday": [["09:00", "10:00"]]}, "UTC") if chance.random() < 0.2 else None,
        presence=chance.choice(list(Presence)),
        tags=frozenset(tag.text for tag in TAGS if chance.random() < 0.5),
        active=chance.random() < 0.9,
        performance=chance.choice([None, 40, 100, 130]),
        **facts,
    )


def some_people(chance, count):
    return tuple(some_agent(chance, one, weight=None) for one in chance.sample(NAMES, count))


def some_caps(chance, pool):
    """Limits of a member: open leads are noted, not replayed; what they got in a day is counted anew."""
    today = Cap("today", 4, chance.randrange(1, 6), pool, id_of(pool))
    return chance.choice([(), (), (today,), (Cap("open leads", 9, 9, pool, id_of(pool)), today)])


def some_pool(chance, name, further, picker=None, delivery=None):
    members = tuple(
        some_agent(
            chance,
            one,
            weight=chance.choice([0, 1, 1, 1, 2, 5, 10]),
            priority=chance.choice([-20, 0, 0, 10]),
            owed=chance.choice([0, 0, 0.25, -0.5]),
            second=chance.choice([0, 0.5]),
            pool_caps=some_caps(chance, name),
        )
        for one in chance.sample(NAMES, chance.randrange(1, 7))
    )
    return PoolFacts(
        id_of(name),
        name,
        picker or chance.choice(list(Picker)),
        delivery or chance.choice([Delivery.OFFER, *Delivery]),
        max_offers=chance.choice([0, 2, 8]),
        members=members,
        default_assignees=some_people(chance, chance.choice([0, 0, 1, 2])),
        default_mode=chance.choice([None, DefaultMode.TELL]),
        forfeit_at_cap=chance.random() < 0.3,
        single_user=chance.choice(members).user_id,
        last_call_seconds=chance.choice([None, 60]),
        next_pool=further,
        when_nobody_available=chance.choice(list(WhenNobody)),
        team_id=chance.choice([None, id_of("North"), id_of("South")]),
    )


def some_team(chance, name):
    default = some_agent(chance, "Agent 0", weight=None) if chance.random() < 0.2 else None
    return TeamFacts(id_of(name), default, some_people(chance, chance.choice([0, 2])))


def some_setup(chance, picker, delivery):
    last = some_pool(chance, "Last", None)
    middle = some_pool(chance, "Middle", chance.choice([None, last]))
    first = some_pool(chance, "Buyers", chance.choice([None, middle]), picker, delivery)
    rules = [
        Rule(id_of("Mail"), "Mail", middle.id, conditions={"source": ["mail"]}),
        Rule(id_of("Phone"), "Phone", None, conditions={"source": ["phone"]}, paused=chance.random() < 0.5),
        Rule(
            id_of("Away"),
            "Away",
            None,
            conditions={"source": ["form"]},
            to_team_id=id_of("North"),
            paused=chance.random() < 0.6,
        ),
        default_rule(),
    ]
    north = [
        Rule(id_of("Roofs"), "Roofs", last.id, conditions={"tag": ["roof"]}, team_id=id_of("North")),
        Rule(
            id_of("Solar"),
            "Solar",
            None,
            conditions={"tag": ["solar"]},
            team_id=id_of("North"),
            to_team_id=id_of("South"),
        ),
    ]
    teams = {
        id_of("North"): TeamRules(id_of("North"), "North", north, chance.choice([None, middle.id])),
        id_of("South"): TeamRules(id_of("South"), "South"),
    }
    people = {team.id: team for team in (some_team(chance, "North"), some_team(chance, "South"))}
    pools = {pool.id: pool for pool in (first, middle, last)}
    return Setup(rules, pools, some_people(chance, len(NAMES)), POLICY, teams, people)


def some_leads(chance, count):
    for place in range(count):
        found = tuple(tag for tag in TAGS if chance.random() < 0.2)
        lead = replace(LEAD, source=chance.choice(SOURCES), found=found)
        answers = {id_of(one): chance.choice(list(Asked)) for one in NAMES if chance.random() < 0.4}
        away = frozenset(id_of(one) for one in NAMES if chance.random() < 0.3)
        full = frozenset(id_of(one) for one in NAMES if chance.random() < 0.1)
        yield PastLead(lead, NOW + timedelta(seconds=place), answers, away, full)


@pytest.mark.parametrize("delivery", Delivery)
@pytest.mark.parametrize("picker", Picker)
def test_a_replay_comes_out_as_its_leads_one_by_one(picker, delivery):
    for seed in range(25):
        chance = Random(f"{picker} {delivery} {seed}")
        setup, leads = some_setup(chance, picker, delivery), list(some_leads(chance, 40))
        slowly = OneByOne(setup)
        for past in leads:
            slowly.play(past)
        assert replay(leads, setup) == slowly.tally, seed


def test_what_is_compared_reaches_every_rung_of_the_ladder():
    stages, outcomes = Counter(), Counter()
    for seed in range(120):
        chance = Random(seed)
        setup = some_setup(chance, None, None)
        tally = replay(some_leads(chance, 20), setup)
        stages, outcomes = stages + tally.stages, outcomes + tally.outcomes
    assert stages.keys() == set(Stage) - {Stage.SECOND_CHANCE, Stage.LAST_CALL}
    assert outcomes.keys() == set(Outcome) - {Outcome.LAST_CALL}


def test_a_lead_taken_in_one_pool_is_somebodys_last_lead_in_every_other():
    ana, ben = agent("Ana"), agent("Ben", tie_order=1)
    mail = PoolFacts(id_of("Mail"), "Mail", delivery=Delivery.ASSIGN, members=(ana,))
    rest = PoolFacts(id_of("Buyers"), "Buyers", delivery=Delivery.ASSIGN, members=(ana, ben))
    rules = [Rule(id_of("Mails"), "Mails", mail.id, conditions={"source": ["mail"]}), default_rule()]
    leads = [PastLead(LeadFacts(source=source), NOW) for source in ("mail", "form")]
    assert replay(leads, Setup(rules, {mail.id: mail, rest.id: rest})).received == {id_of("Ana"): 1, id_of("Ben"): 1}
