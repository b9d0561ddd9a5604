"""Making a company's set-up what a file says, through the same operations the pages use, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from portal.errors import Conflict, FieldError, Invalid
from portal.models import User
from portal.operations import company, pools, rules, tag_members, tags, teams
from portal.operations.locking import lock_all_pools
from portal.operations.setup_difference import Difference, differences
from portal.operations.setup_file import COMPANY, POOL, RULE, TAG, TEAM, Data, Kind
from portal.operations.setup_names import Names
from portal.operations.setup_read import Reader, arguments, member_arguments
from portal.operations.setup_told import setup_now
from portal.operations.transaction import operation, taken_back
from portal.permissions import Right, require_company_wide
from portal.queries.tags import tags_by_text
from portal.routing.chain import check_chain
from portal.routing.tags import normal

Result = TypeVar("Result")


@operation
def apply_setup(data: Any, *, by: User) -> list[Difference]:
    """Make the set-up what `data` says; gives what became different, nothing when it was so already.

    Raises:
        Forbidden: no right to.
        Invalid: something in it makes no sense; names each place.
        Conflict: a pool it takes away still has open offers.
    """
    require_company_wide(by, Right.DISTRIBUTION)
    # Pools before everything else but what guards tags and teams, all of them in one order, whatever the order of the
    # file.
    tag_members.lock()
    teams.lock_tree(by)
    lock_all_pools()
    before = setup_now(by.company_id, with_ids=True)
    wanted = Reader(Names.now(by.company_id)).check(data)
    _Applying(wanted, before, by).all()
    return differences(before, setup_now(by.company_id, with_ids=True))


@operation
def plan_setup(data: Any, *, by: User) -> list[Difference]:
    """What `apply_setup` would change; it is carried out and taken back, so both say the same. Errors likewise."""
    return carried_out_for_a_moment(data, lambda found: found, by=by)


@operation
def carried_out_for_a_moment(data: Any, look: Callable[[list[Difference]], Result], *, by: User) -> Result:
    """What `look` finds where the set-up is as `data` says; afterwards it is as it was.

    Args:
        look: is given what is different.
    """
    with taken_back():
        return look(apply_setup(data, by=by))


class _Applying:
    """One file on its way into the tables."""

    def __init__(self, wanted: Data, present: Data, by: User) -> None:
        self.wanted, self.present, self.by = wanted, present, by
        self.names = Names.now(by.company_id)
        self.pool_of: dict[int, UUID] = {}
        self.new_groups: list[int] = []

    def all(self) -> None:
        """Pools before the rules that name them; those that go are taken away when no rule names them any more."""
        # Before the company's row, which a change of anything writes.
        tag_members.lock()
        self._pools()
        self._tags()
        self._rules()
        self._teams()
        self._leave_pools()
        self._become_groups()
        self._company()

    def _company(self) -> None:
        told = arguments(self.wanted.get("company", {}), self.present["company"], COMPANY, self.names)
        if told:
            with _at("company"):
                company.change_company(by=self.by, **told)

    def _tags(self) -> None:
        if "tags" not in self.wanted:
            return
        there = {tag.normal: tag for tag in tags_by_text(tags.MOST_TAGS)}
        for place, entry in enumerate(self.wanted["tags"]):
            with _at(f"tags.{place}"):
                tag = there.pop(normal(entry["text"]), None)
                if tag is None:
                    tags.make_tag(by=self.by, **arguments(entry, {}, TAG, self.names))
                    continue
                present = {name: getattr(tag, name) for name in ("text", "kind", "weight")}
                if told := arguments(entry, present, TAG, self.names):
                    tags.change_tag(tag.id, by=self.by, **told)
        for tag in there.values():
            tags.delete_tag(tag.id, by=self.by)

    def _pools(self) -> None:
        """New ones first with nothing but a name, so that all can name one another."""
        entries = self.wanted.get("pools", [])
        present = _matched(entries, self.present["pools"])
        for place, entry in enumerate(entries):
            if place not in present:
                with _at(f"pools.{place}"):
                    # The picker needs to know its one; everything else can wait.
                    made = pools.make_pool(by=self.by, name=entry["name"])
                self.pool_of[place] = made.id
                present[place] = {"name": entry["name"]}
            else:
                self.pool_of[place] = UUID(present[place]["id"])
        self._rename(entries, present)
        self.names = Names.now(self.by.company_id)
        self._refuse_loops(entries)
        self._loosen(entries, present)
        self._end_groups(entries, present)
        for place, entry in enumerate(entries):
            told = arguments(entry, present[place], POOL, self.names)
            told |= member_arguments(entry, present[place], self.names)
            told.pop("name", None)
            if told.pop("for_reassignment", False):
                self.new_groups.append(place)
            if told:
                with _at(f"pools.{place}"):
                    pools.change_pool(self.pool_of[place], by=self.by, **told)

    def _rename(self, entries: Sequence[Data], present: Mapping[int, Data]) -> None:
        for place, entry in enumerate(entries):
            if entry["name"] != present[place]["name"]:
                with _at(f"pools.{place}"):
                    pools.change_pool(self.pool_of[place], by=self.by, name=entry["name"])

    def _loosen(self, entries: Sequence[Data], present: dict[int, Data]) -> None:
        """Cut what shall lead elsewhere: on the way from one set of chains to another, none may close a loop."""
        for place, entry in enumerate(entries):
            leads_to = present[place].get("next_pool")
            if leads_to is not None and entry.get("next_pool", leads_to) != leads_to:
                pools.change_pool(self.pool_of[place], by=self.by, next_pool_id=None)
                present[place] = present[place] | {"next_pool": None}

    def _end_groups(self, entries: Sequence[Data], present: Mapping[int, Data]) -> None:
        """Before anything leads to them, which nothing may while they are for reassignments."""
        for place, entry in enumerate(entries):
            if present[place].get("for_reassignment") and not entry.get("for_reassignment", True):
                pools.change_pool(self.pool_of[place], by=self.by, for_reassignment=False)

    def _become_groups(self) -> None:
        """After everything that led to them was let go of: pools, rules, and teams."""
        for place in self.new_groups:
            with _at(f"pools.{place}"):
                pools.change_pool(self.pool_of[place], by=self.by, for_reassignment=True)

    def _refuse_loops(self, entries: Sequence[Data]) -> None:
        """Said of the file as a whole: pool by pool, the order of changes would decide which of them is to blame."""
        loop = check_chain({entry["name"]: entry.get("next_pool") for entry in entries})
        if loop is not None:
            place = next(place for place, entry in enumerate(entries) if entry["name"] == loop[0])
            way = " → ".join(f"“{name}”" for name in (*loop, loop[0]))
            raise Invalid.field(f"pools.{place}.next_pool", f"Leads would go round for ever: {way}. Cut it somewhere.")

    def _leave_pools(self) -> None:
        if "pools" not in self.wanted:
            return
        staying = set(self.pool_of.values())
        leaving = [pool for pool in self.present["pools"] if UUID(pool["id"]) not in staying]
        # One that leads on to another would hold it in place.
        for pool in leaving:
            if pool.get("next_pool"):
                pools.change_pool(UUID(pool["id"]), by=self.by, next_pool_id=None)
        for pool in leaving:
            with _at(f"pool “{pool['name']}”"):
                pools.delete_pool(UUID(pool["id"]), by=self.by)

    def _rules(self) -> None:
        if "rules" not in self.wanted:
            return
        *entries, default = self.wanted["rules"]
        *others, present_default = self.present["rules"]
        self._list(entries, others, "rules")
        with _at(f"rules.{len(entries)}"):
            if told := arguments(_with_one_way(default), present_default, RULE, self.names):
                rules.change_rule(UUID(present_default["id"]), by=self.by, **told)

    def _list(self, entries: Sequence[Data], present: Sequence[Data], path: str, team_id: UUID | None = None) -> None:
        """One list of rules, without the default rule."""
        matched = _matched(entries, present)
        staying = {each["id"] for each in matched.values()}
        for rule in present:
            if rule["id"] not in staying:
                rules.delete_rule(UUID(rule["id"]), by=self.by)
        order = []
        for place, entry in enumerate(entries):
            with _at(f"{path}.{place}"):
                order.append(self._rule(_with_one_way(entry), matched.get(place), team_id))
        if order and order != [UUID(each["id"]) for each in present]:
            rules.order_rules(order, by=self.by)

    def _rule(self, entry: Data, present: Data | None, team_id: UUID | None) -> UUID:
        if present is None:
            return rules.make_rule(by=self.by, team_id=team_id, **arguments(entry, {}, RULE, self.names)).id
        if told := arguments(entry, present, RULE, self.names):
            rules.change_rule(UUID(present["id"]), by=self.by, **told)
        return UUID(present["id"])

    def _teams(self) -> None:
        """Their rules and defaults; of a team that is not in the list, all of them go."""
        if "teams" not in self.wanted:
            return
        present = {UUID(each["id"]): each for each in self.present["teams"]}
        entries = {self._team_meant(entry): (place, entry) for place, entry in enumerate(self.wanted["teams"])}
        for team_id, team in present.items():
            if team_id not in entries:
                self._list([], team["rules"], "teams")
                teams.change_team(team_id, by=self.by, default_pool_id=None, default_user_id=None)
        self._turn_nowhere([(team, entries[team_id][1]) for team_id, team in present.items() if team_id in entries])
        for team_id, (place, entry) in entries.items():
            before = present.get(team_id, {"rules": []})
            with _at(f"teams.{place}"):
                if told := arguments(entry, before, TEAM, self.names):
                    teams.change_team(team_id, by=self.by, **told)
            if "rules" in entry:
                self._list(entry["rules"], before["rules"], f"teams.{place}.rules", team_id)

    def _team_meant(self, entry: Data) -> UUID:
        """By id where a version told it, for a team may have another name by now."""
        by_id = {str(team_id): team_id for team_id in self.names.teams}
        return by_id.get(str(entry.get("id"))) or self.names.ids(Kind.TEAM)[entry["name"]]

    def _turn_nowhere(self, lists: Sequence[tuple[Data, Data]]) -> None:
        """Take their way from rules that shall lead elsewhere: between two sets of ways, none may close a circle."""
        for before, entry in lists:
            if "rules" not in entry:
                continue
            matched = {each["id"]: place for place, each in _matched(entry["rules"], before["rules"]).items()}
            for rule in before["rules"]:
                place = matched.get(rule["id"])
                leads_to = rule["to_team"]
                # One that stays and says nothing of it goes on leading where it does.
                wanted = None if place is None else _with_one_way(entry["rules"][place]).get("to_team", leads_to)
                if leads_to is not None and wanted != leads_to:
                    rules.change_rule(UUID(rule["id"]), by=self.by, to_team_id=None)
                    rule["to_team"] = None


def told_in_full(entries: Sequence[Data], present: Sequence[Data]) -> list[Data]:
    """The rules of a list as applying it would leave them: what one leaves out stays as it is.

    Args:
        present: the list there is, as `setup_now` tells it with ids.
    """
    matched = _matched(entries, [rule for rule in present if not rule.get("default")])
    default: Data = next((rule for rule in present if rule.get("default")), {})
    return [
        (default if entry.get("default") else matched.get(place, {})) | _with_one_way(entry)
        for place, entry in enumerate(entries)
    ]


def _with_one_way(rule: Data) -> Data:
    """A rule that names a pool, or none, names no team unless it says so."""
    return {"to_team": None} | rule if "pool" in rule else rule


def _matched(entries: Sequence[Data], present: Sequence[Data]) -> dict[int, Data]:
    """Which of the present ones each place of a list means: by id where it is known, else by name, one after the
    other."""
    by_id = {each["id"]: each for each in present}
    found = {place: by_id.pop(entry["id"]) for place, entry in enumerate(entries) if entry.get("id") in by_id}
    by_name = defaultdict(list)
    for each in by_id.values():
        by_name[each["name"]].append(each)
    for place, entry in enumerate(entries):
        if place not in found and by_name[entry["name"]]:
            found[place] = by_name[entry["name"]].pop(0)
    return found


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Complaints of an operation, by where in the file the value stands."""
    try:
        yield
    except Invalid as error:
        errors = [FieldError(f"{path}.{each.field}", each.message) for each in error.errors]
        raise Invalid(f"{path}: {error.detail}", errors) from error
    except Conflict as error:
        raise Conflict(f"{path}: {error.detail}") from error
