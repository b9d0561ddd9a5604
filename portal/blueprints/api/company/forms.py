"""What is sent about the company."""

from __future__ import annotations

from portal.blueprints.api.fields import Choice, Flag, Form, Free, Text, Whole
from portal.blueprints.api.rules.forms import HOURS
from portal.models import ReturningContacts
from portal.operations.company import GREATEST_RATE_LIMIT, RAREST_REMINDER
from portal.routing.facts import PerformanceInRouting, PresenceMode
from portal.routing.holding import LEAST_SPACING, MOST_SPACING


class CompanyForm(Form):
    """The company's settings, each as wanted. `rate_limit` in requests a second and key.

    While `manual_intercept` is on, every new lead is held until it is released. One that comes outside the
    `opening_hours` is held until they open; then held leads go out, the oldest first, `hold_spacing_seconds` apart.
    """

    later = frozenset(
        {
            "contact_within",
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
    # How often default assignees are reminded of a lead that waits for them; null = never.
    catch_all_reminder_minutes = Whole(least=1, most=RAREST_REMINDER, allow_none=True)
    returning_contacts = Choice(ReturningContacts)
    named_counts_as_turn = Flag()
    isolate_leads = Flag()
    unassigned_visible_when_isolated = Flag()
    currency = Text()
    manual_intercept = Flag()
    opening_hours = Free(allow_none=True, metadata={"description": HOURS})
    hold_spacing_seconds = Whole(least=LEAST_SPACING, most=MOST_SPACING)
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
