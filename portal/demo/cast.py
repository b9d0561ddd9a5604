"""Who works at the demo company, in which team and pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

COMPANY = "Sunrise Solar"
TIME_ZONE = "America/Chicago"
PASSWORD = "sunny-roof-42"  # noqa: S105 (printed at every start; the demo holds nothing real)

AUSTIN, SAN_ANTONIO, DALLAS = TEAMS = ("Austin", "San Antonio", "Dallas–Fort Worth")


@dataclass(frozen=True, slots=True)
class Worker:
    """One person of the demo company.

    Args:
        title: what is printed beside their sign-in.
        open_cap: most open leads they take.
        place: the postcode they work around, and how many kilometres.
    """

    name: str
    email: str
    title: str
    roles: tuple[str, ...]
    team: str | None = None
    phone: str | None = None
    open_cap: int | None = None
    place: tuple[str, int] | None = None

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Group:
    """A pool: members and default assignees by first name, and tags that are members. `window` in seconds."""

    name: str
    delivery: str
    members: dict[str, int]
    defaults: tuple[str, ...]
    window: int = 300
    max_offers: int = 4
    pond_limit: int | None = None
    tags: Mapping[str, int] = field(default_factory=dict)
    # Most leads of the pool some have open, by first name.
    open_caps: Mapping[str, int] = field(default_factory=dict)
    for_reassignment: bool = False


# The first four are told at every start. The owner is first.
CAST = (
    Worker(
        "Olivia Owens", "olivia@demo.example", "owner: sees and changes everything", ("owner",), None, "+15125550100"
    ),
    Worker("Marco Silva", "marco@demo.example", "manager: hands leads out, gets the alarms", ("manager",)),
    Worker("Ana Torres", "ana@demo.example", "agent: is offered leads", ("agent",), AUSTIN, "+15125550117"),
    Worker("Ben Fischer", "ben@demo.example", "agent: is offered leads", ("agent",), AUSTIN, "+15125550142"),
    Worker("Priya Raman", "priya@demo.example", "admin: looks after people, pools and keys", ("admin",)),
    Worker(
        "Grace Kim",
        "grace@demo.example",
        "manager of one team who sells, too",
        ("manager", "agent"),
        SAN_ANTONIO,
        "+12105550123",
    ),
    Worker(
        "Chloe Martin",
        "chloe@demo.example",
        "agent, works half the week",
        ("agent",),
        SAN_ANTONIO,
        place=("78209", 450),
    ),
    Worker("Dev Patel", "dev@demo.example", "agent, takes twelve at a time", ("agent",), SAN_ANTONIO, open_cap=12),
    Worker("Finn O'Brien", "finn@demo.example", "trusted employee", ("trusted_employee",), DALLAS),
    Worker("Jonas Weber", "jonas@demo.example", "agent", ("agent",), DALLAS, "+12145550188"),
    Worker("Emma Novak", "emma@demo.example", "agent, on a break", ("agent",), DALLAS),
    Worker("Luis Ortega", "luis@demo.example", "agent, left a while ago", ("agent",), DALLAS),
)

EVERYDAY = Group(
    "New enquiries",
    "offer",
    {"Ana": 10, "Ben": 10, "Dev": 10, "Jonas": 10, "Emma": 10, "Luis": 10, "Chloe": 5, "Finn": 5, "Grace": 3},
    ("Marco", "Grace"),
)
WEEKEND = Group("Weekend desk", "assign", {"Ben": 2, "Grace": 1, "Jonas": 2}, ("Grace",))
SECOND_LOOK = Group("Second look", "pond", {"Chloe": 1, "Finn": 1, "Grace": 1}, ("Marco",), pond_limit=3)
SOUTH = Group(
    "San Antonio desk",
    "offer",
    {"Chloe": 5, "Dev": 10, "Grace": 5, "Ben": 3},
    ("Marco", "Grace"),
    open_caps={"Ben": 40},
)
CHARGERS = Group(
    "Chargers and service",
    "offer",
    {"Finn": 10, "Jonas": 10, "Ana": 3, "Ben": 3},
    ("Marco", "Grace"),
    tags={"battery": 3},
)
SECOND_TRY = Group(
    "Second try", "broadcast", {"Chloe": 1, "Dev": 1, "Grace": 1}, ("Marco",), window=86_400, for_reassignment=True
)
GROUPS = (EVERYDAY, WEEKEND, SECOND_LOOK, SOUTH, CHARGERS, SECOND_TRY)


@dataclass(frozen=True, slots=True)
class Sorting:
    """A rule beside the default one: what it asks of a lead, and which pool gets what fits, or which team."""

    name: str
    conditions: dict[str, list[str]]
    group: Group | None = None
    paused: bool = False
    team: str | None = None


@dataclass(frozen=True, slots=True)
class OwnWay:
    """What a team does with leads that are sent to it: rules of its own, and the pool that gets the rest."""

    team: str
    sortings: tuple[Sorting, ...]
    rest: Group


# What is looked for in leads, with its weight; and who is good at what.
# Whose mails are kept in quarantine.
SPAMMERS = "solar-lead-lists.example"

TAGS = {"battery": 70, "second quote": 30, "rental": 20, "storage": 50}
GOOD_AT = {"Ben": ("battery", "storage"), "Jonas": ("battery",), "Chloe": ("second quote", "rental")}

# In the order they are looked at.
SORTINGS = (
    Sorting("Small jobs", {"lead_type": ["EV charger", "Service"]}, CHARGERS),
    Sorting("South of Austin", {"city": ["San Antonio", "New Braunfels", "Boerne", "San Marcos"]}, team=SAN_ANTONIO),
    Sorting("Wants to compare", {"tag": ["second quote"]}, SECOND_LOOK, paused=True),
)

IN_THE_SOUTH = OwnWay(SAN_ANTONIO, (Sorting("Batteries", {"tag": ["battery"]}, CHARGERS),), SOUTH)
