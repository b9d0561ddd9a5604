"""Roles and lead access in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portal.models import LeadAccess, Role
from portal.rights import GRANTS, is_own

ROLE_NAMES = {
    Role.OWNER: "Owner",
    Role.ADMIN: "Admin",
    Role.EDITOR: "Editor",
    Role.MANAGER: "Manager",
    Role.TRUSTED_EMPLOYEE: "Trusted employee",
    Role.AGENT: "Agent",
}

ROLE_MEANINGS = {
    Role.OWNER: "everything, and receives leads",
    Role.ADMIN: "everything but ownership, and receives leads",
    Role.EDITOR: "people, pools and rules",
    Role.MANAGER: "sees all leads, or those of their team and below when in one, and hands them out",
    Role.TRUSTED_EMPLOYEE: "receives leads",
    Role.AGENT: "receives leads",
}

ACCESS_NAMES = {
    LeadAccess.UNASSIGNED: "Unassigned leads",
    LeadAccess.MINE: "Their own leads",
    LeadAccess.ASSIGNED: "Leads of colleagues",
}


GRANT_NAMES = {
    "company": "settings, keys and wording",
    "people": "people of the whole company",
    "people:team": "people of their team and below",
    "distribution": "pools and rules of the whole company",
    "distribution:team": "pools and rules of their team and below",
    "sources": "sources of leads",
    "assign": "hands out leads",
    "see_all": "sees all leads (of their team and below, when in one)",
    "reports": "reports",
    "export": "exports leads",
    "insights": "match scores",
    "audit": "the log of changes",
    "receive": "receives leads",
}


def roles_in_words(roles: Iterable[str], own: Mapping[str, str]) -> str:
    """`Manager, Agent`.

    Args:
        own: names of the company's own roles, by id.
    """
    return ", ".join(own.get(role, "Own role") if is_own(role) else ROLE_NAMES[Role(role)] for role in roles)


def grants_in_words(grants: Iterable[str]) -> str:
    """What a role of the company's own lets somebody do."""
    return ", ".join(GRANT_NAMES[grant] for grant in GRANTS if grant in tuple(grants))
