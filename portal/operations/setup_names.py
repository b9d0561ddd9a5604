"""What people, pools, rules and teams are called in a set-up file, and which ids that comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.extensions import db
from portal.models import Pool, Team, User
from portal.operations.setup_file import Kind


@dataclass(frozen=True, slots=True)
class Names:
    """What the people, teams and pools of the company are called in a file, by id."""

    people: Mapping[UUID, str]
    teams: Mapping[UUID, str]
    pools: Mapping[UUID, str]
    # Teams whose name from the top is not theirs alone.
    doubtful: frozenset[str] = frozenset()

    @classmethod
    def now(cls, company_id: UUID) -> Names:
        """As they are called now."""
        people = db.session.execute(select(User.id, User.email).where(User.company_id == company_id))
        pools = select(Pool.id, Pool.name).where(Pool.company_id == company_id, Pool.deleted_at.is_(None))
        teams = _team_paths(company_id)
        doubtful = frozenset(path for path, count in Counter(teams.values()).items() if count > 1)
        return cls(_pairs(people), teams, _pairs(db.session.execute(pools)), doubtful)

    def written(self, kind: Kind, value: Any) -> Any:
        """A column's value as a file has it."""
        match kind:
            case Kind.PERSON:
                return self.people.get(value)
            case Kind.PEOPLE:
                return [self.people[each] for each in value]
            case Kind.TEAM:
                return self.teams.get(value)
            case Kind.POOL:
                return self.pools.get(value)
            case _:
                return value

    def ids(self, kind: Kind) -> dict[str, UUID]:
        """Ids of one kind by what they are called."""
        match kind:
            case Kind.TEAM:
                return {path: each for each, path in self.teams.items() if path not in self.doubtful}
            case Kind.POOL:
                return {name: each for each, name in self.pools.items()}
            case _:
                return {email: each for each, email in self.people.items()}


def _pairs(rows: Iterable[Any]) -> dict[UUID, str]:
    return {row[0]: row[1] for row in rows}


def _team_paths(company_id: UUID) -> dict[UUID, str]:
    rows = db.session.execute(select(Team.id, Team.parent_id, Team.name).where(Team.company_id == company_id))
    teams = {row.id: row for row in rows}
    return {team_id: " / ".join(_names_down_to(team_id, teams)) for team_id in teams}


def _names_down_to(team_id: UUID, teams: Mapping[UUID, Any]) -> list[str]:
    names, here, most = list[str](), teams.get(team_id), len(teams)
    while here is not None and len(names) <= most:
        names.insert(0, here.name)
        here = teams.get(here.parent_id)
    return names
