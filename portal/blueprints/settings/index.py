"""The way to each settings page: on the phone, whose bar has room for few, this is how all of them are reached."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.blueprints.settings.blueprint import blueprint
from portal.page_frame import outbox_exists
from portal.permissions import Right, may, reaches_company
from portal.sign_in import signed_in, signed_in_user


@dataclass(frozen=True, slots=True)
class Entry:
    """A page, what it is for, and the right it needs (None = open to all)."""

    endpoint: str
    name: str
    meaning: str
    icon: str
    right: Right | None
    # Only where the right reaches the whole company.
    company_wide: bool = False


_GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Handing out",
        (
            Entry("distribution.listed", "Pools", "Who takes part, and whose turn it is.", "pools", Right.DISTRIBUTION),
            Entry(
                "allocations.page",
                "Lead Allocations",
                "How many of the new leads each person gets.",
                "allocations",
                Right.DISTRIBUTION,
                company_wide=True,
            ),
            Entry(
                "settings.rules",
                "Rules",
                "Which leads go to which pool or team.",
                "rules",
                Right.DISTRIBUTION,
            ),
            Entry(
                "settings.tags",
                "Tags",
                "Words that are looked for in leads, and what they are worth.",
                "rules",
                Right.DISTRIBUTION,
                company_wide=True,
            ),
            Entry(
                "settings.quarantine",
                "Quarantine",
                "Whose new leads are kept back, and whose always come through.",
                "rules",
                Right.DISTRIBUTION,
                company_wide=True,
            ),
            Entry(
                "settings.describe",
                "Preview",
                "Describe a lead and see who would get it, and why.",
                "why",
                Right.DISTRIBUTION,
            ),
            Entry(
                "settings.draft",
                "Draft",
                "Try other rules and weights on past leads before they count.",
                "rules",
                Right.DISTRIBUTION,
                company_wide=True,
            ),
            Entry(
                "settings.versions",
                "Versions",
                "What was changed when, and the way back.",
                "clock",
                Right.DISTRIBUTION,
                company_wide=True,
            ),
        ),
    ),
    (
        "People",
        (
            Entry(
                "people.listed", "People", "Who works here, what they may do, who is paused.", "people", Right.PEOPLE
            ),
            Entry("settings.teams", "Teams", "The tree of offices and teams.", "teams", Right.PEOPLE),
            Entry(
                "settings.roles",
                "Roles",
                "What each role lets people do; roles of your own.",
                "people",
                Right.PEOPLE,
                company_wide=True,
            ),
        ),
    ),
    (
        "Company",
        (
            Entry(
                "settings.company",
                "Company",
                "Name, time zone, and what happens when nobody can take a lead.",
                "company",
                Right.COMPANY,
            ),
            Entry(
                "settings.holding",
                "Holding leads",
                "When you are open, and whether managers see each new lead first.",
                "clock",
                Right.COMPANY,
            ),
            Entry(
                "settings.conversion",
                "Conversion",
                "Your words for what became of a lead, and who hears of comments.",
                "done",
                Right.COMPANY,
            ),
            Entry("outbox.listed", "Outbox", "Messages that would have been sent by mail.", "outbox", Right.COMPANY),
            Entry("settings.ownership", "Ownership", "Hand the company over.", "company", Right.OWNERSHIP),
            Entry("audit.listed", "Log of changes", "Who changed what, from what to what.", "clock", Right.AUDIT),
            Entry("settings.keys", "API keys", "For websites and programs that send or read leads.", "keys", None),
        ),
    ),
    ("You", (Entry("me.page", "My settings", "Your name, new leads on or off, your password.", "me", None),)),
)


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """The pages the viewer may open."""
    groups = [(name, [entry for entry in entries if _is_open(entry)]) for name, entries in _GROUPS]
    return render_template("settings/index.html", groups=[group for group in groups if group[1]])


def _is_open(entry: Entry) -> bool:
    if entry.endpoint == "outbox.listed" and not outbox_exists():
        return False
    if entry.right is None:
        return True
    return (reaches_company if entry.company_wide else may)(signed_in_user(), entry.right)
