"""What we say, per cause and channel; pure. `render` gives an e-mail from facts."""

from __future__ import annotations

from collections.abc import Callable

from portal.messages import wording
from portal.messages.facts import AboutLead, Customer, Facts, Links, Remark, Window
from portal.messages.letter import Letter, Rendered, written

__all__ = ["AboutLead", "Customer", "Facts", "Links", "Remark", "Rendered", "Window", "causes_worded", "render"]

# Cause → its wording. A cause that is not here is not said yet.
_WORDINGS: dict[str, Callable[[Facts], Letter]] = {
    "offer": wording.offer,
    "assigned": wording.assigned,
    "accepted_copy": wording.accepted_copy,
    "missed": wording.missed,
    "last_call": wording.last_call,
    "offer_reminder": wording.offer_reminder,
    "reassigned_away": wording.reassigned_away,
    "touch": wording.touch,
    "comment": wording.comment,
    "mention": wording.mention,
    "catch_all": wording.catch_all,
    "alarm": wording.alarm,
    "account": wording.account,
}


def causes_worded() -> frozenset[str]:
    """The causes there are words for."""
    return frozenset(_WORDINGS)


def render(facts: Facts) -> Rendered:
    """The e-mail for these facts.

    Raises:
        KeyError: there is no wording for this cause.
    """
    return written(_WORDINGS[facts.cause](facts), facts.recipient, facts.company)
