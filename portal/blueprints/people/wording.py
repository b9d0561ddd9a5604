"""Roles and lead access in words."""

from __future__ import annotations

from collections.abc import Iterable

from portal.models import LeadAccess, Role

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
    Role.MANAGER: "sees all leads and hands them out",
    Role.TRUSTED_EMPLOYEE: "receives leads",
    Role.AGENT: "receives leads",
}

ACCESS_NAMES = {
    LeadAccess.UNASSIGNED: "Unassigned leads",
    LeadAccess.MINE: "Their own leads",
    LeadAccess.ASSIGNED: "Leads of colleagues",
}


def roles_in_words(roles: Iterable[str]) -> str:
    """`Manager, Agent`."""
    return ", ".join(ROLE_NAMES[Role(role)] for role in roles)
