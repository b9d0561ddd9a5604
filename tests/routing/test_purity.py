"""Routing is a pure function: same facts, same decision, and nothing but the standard library."""

import ast
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portal.routing
from portal.routing import ledger
from portal.routing.facts import Asked, Asking
from portal.routing.ladder import climb
from portal.routing.route import hand_out

from .crew import LEAD, NOW, agent, minutes_ago, pool

MODULES = sorted(Path(portal.routing.__file__).parent.glob("*.py"))
IMPURE = {"now", "utcnow", "today", "time", "monotonic", "uuid1", "uuid4", "random", "randrange", "shuffle", "environ"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_imports_the_standard_library_and_routing_alone(module):
    for imported in imports(ast.parse(module.read_text())):
        assert imported.split(".")[0] in sys.stdlib_module_names or imported.startswith("portal.routing")


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_reads_no_clock_and_draws_no_lots(module):
    used = {node.attr for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Attribute)}
    assert not used & IMPURE


people = st.lists(
    st.builds(
        dict,
        weight=st.integers(0, 9),
        owed=st.integers(-9, 9).map(lambda tenths: tenths / 10),
        active=st.booleans(),
        available=st.booleans(),
        asked=st.sampled_from([None, None, *Asked]),
        last_lead_at=st.sampled_from([None, minutes_ago(1), minutes_ago(2)]),
    ),
    max_size=8,
)


@given(people, st.integers(0, 9), st.randoms(use_true_random=False))
def test_the_same_facts_give_the_same_decision_in_whatever_order_members_are_loaded(people, offers_made, random):
    members = [agent(f"{place}", tie_order=place, **facts) for place, facts in enumerate(people)]
    asking = Asking(offers_made, tuple(one.user_id for one in members if one.asked is Asked.MISSED))
    one = decide(members, asking)
    assert decide(members, asking) == one
    shuffled = random.sample(members, len(members))
    other = hand_out(LEAD, pool(*shuffled), None, asking, NOW)
    line = hand_out(LEAD, pool(*members), None, asking, NOW)
    assert (other.chosen, other.stage, other.tie_break) == (line.chosen, line.stage, line.tie_break)
    assert ledger.apply(pool(*members), line, NOW) == ledger.apply(pool(*members), line, NOW)


def decide(members, asking):
    decision = hand_out(LEAD, pool(*members), None, asking, NOW)
    return decision if decision.chosen else climb(LEAD, pool(*members), lambda: members, decision, NOW)
