"""“What can this person see and do”, in sentences: told from the same rules that decide it."""

from __future__ import annotations

from portal.models import LeadAccess, User
from portal.permissions import Isolation, boxes_of, manages, powers, sees_company, sees_teams
from portal.rights import Right

_BOXES = {
    LeadAccess.UNASSIGNED: "Leads nobody owns yet.",
    LeadAccess.MINE: "Their own leads.",
    LeadAccess.ASSIGNED: "Leads of colleagues.",
}

# What one may do, for the whole company and for one's own team and those below.
_DOES = {
    Right.OWNERSHIP: ("Owns the company, and can hand that over.", ""),
    Right.COMPANY: ("Changes settings, keys and wording of the company.", ""),
    Right.PEOPLE: ("Adds, changes and deactivates people.", "Adds, changes and deactivates people of {team}."),
    Right.DISTRIBUTION: ("Sets up pools and rules.", "Sets up pools and rules of {team}."),
    Right.SOURCES: ("Sets up where leads come from.", ""),
    Right.ASSIGN: ("Hands out and takes back leads they see.", ""),
    Right.REPORTS: ("Reads reports.", ""),
    Right.EXPORT: ("Exports leads they see.", ""),
    Right.INSIGHTS: ("Sees match scores.", ""),
    Right.AUDIT: ("Reads the log of changes.", ""),
    Right.RECEIVE: ("Is given leads.", ""),
}

_NO_TEAM = "no team yet, and so of nobody: put them in a team"


def sees_in_words(user: User, isolation: Isolation, team: str | None) -> list[str]:
    """Which leads somebody sees, and how much of them.

    Args:
        isolation: of their company.
        team: the name of theirs.
    """
    if not user.active:
        return ["Nothing: they are deactivated and cannot sign in."]
    if sees_company(user):
        return ["Every lead of the company."]
    if sees_teams(user):
        return [f"Every lead of {team} and the teams below it.", "Their own leads, whatever team they are of."]
    boxes = boxes_of(user, isolation)
    if not boxes:
        return ["No leads: no box is ticked."]
    told = [_BOXES[box] for box in LeadAccess if box in boxes]
    if isolation is not Isolation.OFF:
        told.append("Nothing else: the company shows agents no other leads.")
    if not manages(user):
        told.append("Of a lead that is or was on offer to others only what and where, until it is theirs.")
    return told


def does_in_words(user: User, team: str | None) -> list[str]:
    """What somebody may do."""
    held = powers(user)
    where = f"{team} and the teams below" if team else _NO_TEAM
    told = [
        (whole if right in held.whole else in_team).format(team=where)
        for right, (whole, in_team) in _DOES.items()
        if right in held.held
    ]
    return told or ["Nothing beyond looking."]
