"""What is sent about pools."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Flag, Form, Free, Id, Part, Several, Text, Whole, WholeText
from portal.blueprints.api.rules.forms import HOURS
from portal.blueprints.api.users.forms import Caps
from portal.operations.pool_fields import (
    GREATEST_PRIORITY,
    GREATEST_WEIGHT,
    LONGEST_WINDOW,
    LONGEST_WITHOUT_CONTACT,
    MOST_DEFAULT_ASSIGNEES,
    MOST_FROM_A_POND,
    MOST_MEMBERS,
    MOST_OFFERS,
    SHORTEST_WINDOW,
)
from portal.routing.facts import DefaultMode, Delivery, Picker, Timer, WhenNobody

MOST_TURNS = 100


class MemberForm(Form):
    """A user in a pool, or a tag, which stands for all who carry it and have no entry of their own: exactly one of the
    two. Weight 0 = paused in this pool."""

    user_id = Id()
    agent_tag = Text()
    weight = Whole(least=0, most=GREATEST_WEIGHT, load_default=1)
    # Points added to the score in best match.
    priority = Whole(least=-GREATEST_PRIORITY, most=GREATEST_PRIORITY, load_default=0)
    # Limits on leads of this pool; those of the person count besides.
    caps = Part(Caps)


class PoolForm(Form):
    """A pool's fields, each as wanted. Windows in seconds."""

    later = frozenset(
        {
            "available_to",
            "triggers",
        }
    )
    name = Text()
    team_id = Id(allow_none=True)
    picker = Choice(Picker)
    # Who gets the leads when the picker is single.
    single_user_id = Id(allow_none=True)
    delivery = Choice(Delivery)
    window_seconds = Whole(least=SHORTEST_WINDOW, most=LONGEST_WINDOW)
    # Whether windows count all time or only the pool's working time.
    timer = Choice(Timer)
    hours = Free(allow_none=True, metadata={"description": HOURS})
    max_offers = Whole(least=0, most=MOST_OFFERS)
    default_assignee_ids = Several(Id(), metadata={"maxItems": MOST_DEFAULT_ASSIGNEES})
    default_mode = Choice(DefaultMode, allow_none=True)
    # Once more to all who missed the lead, for so long; null = no last call is made.
    last_call_seconds = Whole(least=SHORTEST_WINDOW, most=LONGEST_WINDOW, allow_none=True)
    # Where a lead goes that nobody here took.
    next_pool_id = Id(allow_none=True)
    when_nobody_available = Choice(WhenNobody)
    # Whether members who have as many leads as they may have lose what they are owed, or keep it until they have room.
    forfeit_at_cap = Flag()
    # In which time, in seconds, an owner has to log a contact, or the lead is reassigned; null = no matter.
    contact_within = Whole(least=SHORTEST_WINDOW, most=LONGEST_WITHOUT_CONTACT, allow_none=True)
    # For leads that have an owner and shall have another: neither rules nor pools lead here.
    for_reassignment = Flag()
    # Leads a person may take from a pond in a day; null = no limit.
    pond_limit = Whole(least=1, most=MOST_FROM_A_POND, allow_none=True)
    members = Several(Part(MemberForm), metadata={"maxItems": MOST_MEMBERS})


class NewPoolForm(PoolForm):
    """A pool to make; what is left out has its usual value."""

    name = Text(required=True)


class MembersForm(Form):
    """All members a pool shall have."""

    members = Several(Part(MemberForm), required=True, metadata={"maxItems": MOST_MEMBERS})


class NextForm(Form):
    """How far to look ahead."""

    count = WholeText(least=1, most=MOST_TURNS, load_default=5)
