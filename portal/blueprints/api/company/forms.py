"""What is sent about the company."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Flag, Form, Free, Text, Whole
from portal.models import ReturningContacts
from portal.operations.company import GREATEST_RATE_LIMIT
from portal.routing.facts import PerformanceInRouting, PresenceMode


class CompanyForm(Form):
    """The company's settings, each as wanted. `rate_limit` in requests a second and key."""

    later = frozenset(
        {
            "manual_intercept",
            "opening_hours",
            "contact_within",
            "hold_spacing_seconds",
            "reopen_routes",
            "agents_may_hand_back",
            "conversion_statuses",
            "lost_reasons",
        }
    )
    name = Text()
    time_zone = Text()
    country = Text()
    fallback_any_active = Flag()
    returning_contacts = Choice(ReturningContacts)
    named_counts_as_turn = Flag()
    isolate_leads = Flag()
    unassigned_visible_when_isolated = Flag()
    currency = Text()
    presence_mode = Choice(PresenceMode)
    # By day such as 2026-12-25, with what is celebrated: nobody is given leads then.
    holidays = Free()
    untagged_qualify_all = Flag()
    performance_in_routing = Choice(PerformanceInRouting, allow_none=True)
    name_as_tag = Flag()
    email_as_tag = Flag()
    # Whether people may pause themselves and note days away.
    self_service_pause = Flag()
    # Whether others than those who manage see no names of others in the reasons for a lead's way.
    mask_names_in_why = Flag()
    rate_limit = Whole(least=1, most=GREATEST_RATE_LIMIT)
