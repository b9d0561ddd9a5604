"""What there is to look at: every page, as one of the demo's people sees it. A new page is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Who(Enum):
    """Whose window it is. `screenshots.subjects` knows who that is in the demo."""

    NOBODY = "nobody"
    OWNER = "owner"
    MANAGER = "manager"
    AGENT = "agent"
    # Whoever is offered a lead just now.
    OFFERED = "offered"


@dataclass(frozen=True, slots=True)
class Shown:
    """One page.

    Args:
        name: the pictures' file names begin with it.
        path: may name something of the demo in braces; `screenshots.subjects` finds it.
        who: who looks.
        press: a CSS selector that is pressed before the picture is taken: a menu, a dialog.
    """

    name: str
    path: str
    who: Who = Who.NOBODY
    press: str | None = None


# Offers first: those that run end within five minutes.
PAGES = (
    Shown("offer-open", "/o/{open_offer}"),
    Shown("offer-in-line", "/o/{waiting_offer}"),
    Shown("offer-on-any-page", "/me", Who.OFFERED),
    Shown("dashboard", "/dashboard", Who.MANAGER),
    Shown("leads-unassigned", "/leads?bucket=unassigned", Who.MANAGER),
    Shown("lead-on-offer", "/leads/{offered_lead}", Who.MANAGER),
    Shown("offers-of-mine", "/offers", Who.OFFERED),
    Shown("offer-accepted", "/o/{accepted_offer}"),
    Shown("offer-declined", "/o/{declined_offer}"),
    Shown("offer-missed", "/o/{missed_offer}"),
    Shown("offer-taken", "/o/{taken_offer}"),
    Shown("offer-withdrawn", "/o/{withdrawn_offer}"),
    Shown("login", "/login"),
    Shown("forgot", "/forgot"),
    Shown("set-password", "/set-password/{password_link}"),
    Shown("link-over", "/set-password/nonsense"),
    Shown("not-found-signed-out", "/nowhere"),
    Shown("leads-mine", "/leads?bucket=mine", Who.AGENT),
    Shown("leads-masked", "/leads?bucket=unassigned", Who.AGENT),
    Shown("leads-assigned", "/leads?bucket=assigned", Who.MANAGER),
    Shown("leads-closed", "/leads?bucket=closed", Who.MANAGER),
    Shown("leads-found", "/leads?bucket=assigned&q=battery", Who.MANAGER),
    Shown("leads-nothing-found", "/leads?bucket=assigned&q=submarine", Who.MANAGER),
    Shown("leads-narrow", "/leads/narrow?bucket=assigned", Who.MANAGER),
    Shown("lead-new", "/leads/new", Who.MANAGER),
    Shown("lead-mine", "/leads/{agents_lead}", Who.AGENT),
    Shown("lead-masked", "/leads/{offered_lead}", Who.AGENT),
    Shown("lead-owned", "/leads/{told_lead}", Who.MANAGER),
    Shown("lead-being-reassigned", "/leads/{reassigned_lead}", Who.MANAGER),
    Shown("lead-reassign", "/leads/{told_lead}/reassign", Who.MANAGER),
    Shown("lead-edit", "/leads/{told_lead}/edit", Who.MANAGER),
    Shown("lead-waiting", "/leads/{waiting_lead}", Who.MANAGER),
    Shown("lead-needs-attention", "/leads/{unattended_lead}", Who.MANAGER),
    Shown("lead-closed", "/leads/{closed_lead}", Who.MANAGER),
    Shown("me", "/me", Who.AGENT),
    Shown("menu", "/leads?bucket=mine", Who.AGENT, press="details.menu > summary"),
    Shown("people", "/people", Who.OWNER),
    Shown("receiving", "/people/receiving", Who.MANAGER),
    Shown("receiving-pool", "/people/receiving?pool={pool}", Who.OWNER),
    Shown("person", "/people/{agent}", Who.OWNER),
    Shown("person-new", "/people/new", Who.OWNER),
    Shown("deactivate", "/people/{agent}/deactivate", Who.OWNER),
    Shown("preview", "/settings/preview", Who.OWNER),
    Shown("pools", "/pools", Who.OWNER),
    Shown("pool", "/pools/{pool}", Who.OWNER),
    Shown("pool-new", "/pools/new", Who.OWNER),
    Shown("pool-edit", "/pools/{pool}/edit", Who.OWNER),
    Shown("pool-delete", "/pools/{pool}/delete", Who.OWNER),
    Shown("allocations", "/allocations", Who.OWNER),
    Shown("settings", "/settings", Who.OWNER),
    Shown("company", "/settings/company", Who.OWNER),
    Shown("hand-out", "/leads/hand-out", Who.OWNER),
    Shown("holding", "/settings/holding", Who.OWNER),
    Shown("rules", "/settings/rules", Who.OWNER),
    Shown("rule", "/settings/rules/{rule}/edit", Who.OWNER),
    Shown("rule-new", "/settings/rules/new", Who.OWNER),
    Shown("rule-delete", "/settings/rules/{rule}/delete", Who.OWNER),
    Shown("tags", "/settings/tags", Who.OWNER),
    Shown("tag", "/settings/tags/{tag}", Who.OWNER),
    Shown("quarantine", "/settings/quarantine", Who.OWNER),
    Shown("draft", "/settings/draft", Who.OWNER),
    Shown("draft-pool", "/settings/draft/pools/1", Who.OWNER),
    Shown("draft-rule", "/settings/draft/rules/1/edit", Who.OWNER),
    Shown("draft-rule-new", "/settings/draft/rules/new", Who.OWNER),
    Shown("draft-rule-delete", "/settings/draft/rules/1/delete", Who.OWNER),
    Shown("draft-team", "/settings/draft/teams/{sorting_team}/rules", Who.OWNER),
    Shown("draft-team-rule", "/settings/draft/teams/{sorting_team}/rules/1/edit", Who.OWNER),
    Shown("draft-team-rule-new", "/settings/draft/teams/{sorting_team}/rules/new", Who.OWNER),
    Shown("draft-team-rule-delete", "/settings/draft/teams/{sorting_team}/rules/1/delete", Who.OWNER),
    Shown("versions", "/settings/versions", Who.OWNER),
    Shown("version", "/settings/versions/1", Who.OWNER),
    Shown("version-roll-back", "/settings/versions/1/roll-back", Who.OWNER),
    Shown("availability", "/people/{agent}/availability", Who.OWNER),
    Shown("teams", "/settings/teams", Who.OWNER),
    Shown("team", "/settings/teams/{team}", Who.OWNER),
    Shown("team-rules", "/settings/teams/{team}/rules", Who.OWNER),
    Shown("team-rule-new", "/settings/teams/{team}/rules/new", Who.OWNER),
    Shown("roles", "/settings/roles", Who.OWNER),
    Shown("role-new", "/settings/roles/new", Who.OWNER),
    Shown("role", "/settings/roles/{role}", Who.OWNER),
    Shown("ownership", "/settings/ownership", Who.OWNER),
    Shown("audit", "/audit", Who.OWNER),
    Shown("feedback-lists", "/settings/conversion", Who.OWNER),
    Shown("feedback-status", "/settings/conversion/statuses/{status}", Who.OWNER),
    Shown("keys", "/settings/keys", Who.OWNER),
    Shown("key-revoke", "/settings/keys/{key}/revoke", Who.OWNER),
    Shown("outbox", "/outbox", Who.OWNER),
    Shown("outbox-alarms", "/outbox?cause=alarm", Who.OWNER),
    Shown("first-steps", "/demo/wiped", Who.OWNER),
    Shown("logout", "/logout", Who.OWNER),
    Shown("forbidden", "/people", Who.AGENT),
    Shown("not-found", "/leads/00000000-0000-7000-8000-000000000000", Who.AGENT),
    Shown("styleguide", "/styleguide", Who.OWNER),
    Shown("api-docs", "/api/docs"),
    Shown("api-forms", "/api/docs/forms"),
)

# The few that stand in docs/screenshots, by page, size and look.
IN_DOCS = (
    ("offer-open", "phone", "light"),
    ("offers-of-mine", "phone", "dark"),
    ("leads-mine", "phone", "light"),
    ("dashboard", "desk", "light"),
    ("lead-owned", "desk", "light"),
    ("allocations", "desk", "light"),
    ("leads-assigned", "desk", "dark"),
)

# Addresses that answer no page of their own, and what they do answer; those that name an act or a part are left out.
NOT_PAGES = {
    "/": "leads on to where somebody begins",
    "/audit/log.csv": "a file",
    "/favicon.ico": "a picture",
    "/healthz": "for programs",
    "/leads/export.csv": "a file",
    "/leads/<uuid:lead_id>/contact.vcf": "a file",
    "/leads/<uuid:lead_id>/row": "a part of the list",
    "/live/token": "for programs",
    "/look": "leads back to the page it was chosen on",
    "/manifest.webmanifest": "for programs",
    "/metrics": "for programs",
    "/o/<token>/contact.vcf": "a file",
    "/offers/now": "a part of the page of offers",
    "/readyz": "for programs",
    "/static/<path:filename>": "files",
    "/styleguide/error": "the page of any error, which is looked at elsewhere",
}
# For people of two companies; the demo has none.
NOT_IN_DEMO = frozenset({"/which-company"})
