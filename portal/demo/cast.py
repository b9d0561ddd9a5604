"""Who works at the demo company, and what its customers ask for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

PASSWORD = "sunny-roof-42"  # noqa: S105 (printed at every start; the demo holds nothing real)


@dataclass(frozen=True, slots=True)
class Worker:
    """One person of the demo company."""

    name: str
    email: str
    title: str
    roles: tuple[str, ...]
    team: str | None = None
    weight: int = 0
    open_cap: int | None = None
    available: bool = True


COMPANY = "Sunrise Solar (demo)"
TEAMS = ("North", "South")

# The first four are told at every start. The owner is first.
CAST = (
    Worker("Olivia Owens", "olivia@demo.example", "owner: sees and changes everything", ("owner",)),
    Worker("Marco Silva", "marco@demo.example", "manager: hands leads out, gets the alarms", ("manager",), "North"),
    Worker("Ana Torres", "ana@demo.example", "agent: is offered leads", ("agent",), "North", weight=10),
    Worker("Ben Fischer", "ben@demo.example", "agent: is offered leads", ("agent",), "North", weight=10),
    Worker("Chloe Martin", "chloe@demo.example", "agent, works half the week", ("agent",), "South", weight=5),
    Worker("Dev Patel", "dev@demo.example", "agent, takes three at a time", ("agent",), "South", weight=10, open_cap=3),
    Worker("Emma Novak", "emma@demo.example", "agent, on a break", ("agent",), "South", weight=10, available=False),
    Worker("Finn O'Brien", "finn@demo.example", "trusted employee", ("trusted_employee",), "South", weight=5),
)

_FIRST = [
    "Grace",
    "Henry",
    "Isla",
    "Jack",
    "Karen",
    "Liam",
    "Maya",
    "Noah",
    "Olga",
    "Paul",
    "Quinn",
    "Rosa",
    "Sam",
    "Tara",
    "Umar",
    "Vera",
    "Will",
    "Xenia",
    "Yusuf",
    "Zoe",
    "Amelie",
    "Bruno",
    "Carla",
    "Diego",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
]
_LAST = [
    "Adams",
    "Baker",
    "Costa",
    "Dubois",
    "Evans",
    "Ferrari",
    "Garcia",
    "Haas",
    "Ito",
    "Jensen",
    "Kowalski",
    "Lopez",
    "Meyer",
    "Nguyen",
    "Okafor",
    "Pereira",
    "Quiroga",
    "Rossi",
    "Schmidt",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Weber",
    "Xu",
    "Young",
    "Zhang",
]
_SOURCES = (("Website form", "web"), ("Spring ad", "web"), ("Home fair", "manual"), ("Partner portal", "api"))
_WISHES = (
    ("Solar panels", "We would like a quote for panels on a south-facing roof, about 60 square metres.", ["roof"]),
    ("Battery", "We have panels already and want a battery for the night.", ["battery"]),
    ("Heat pump", "Our oil heating is 25 years old. What would a heat pump cost?", ["heating"]),
    ("Wall box", "Need a wall box for two cars, and somebody who can do the paperwork.", ["car"]),
    ("Solar panels", "Please call after 5 pm. Flat roof, two storeys.", ["roof", "evening"]),
)
_CITIES = (("Austin", "TX", "78701"), ("Denver", "CO", "80202"), ("Portland", "OR", "97205"), ("Tucson", "AZ", "85701"))


def customer(random: Random) -> dict[str, Any]:
    """A lead as `POST /api/v1/leads` takes it."""
    first, last = random.choice(_FIRST), random.choice(_LAST)
    source, channel = random.choice(_SOURCES)
    lead_type, text, tags = random.choice(_WISHES)
    city, region, postcode = random.choice(_CITIES)
    low = random.randrange(4, 20) * 1_000
    return {
        "name": f"{first} {last}",
        # 555-0100 to 555-0199 are set aside for fiction.
        "phone": f"+1 {random.choice((512, 303, 503, 520))} 555 01{random.randrange(100):02d}",
        "email": f"{first}.{last}.{random.randrange(10_000)}@mail.example".lower(),
        "text": text,
        "source": source,
        "channel": channel,
        "lead_type": lead_type,
        "tags": tags,
        "location": {"country": "US", "city": city, "region": region, "postcode": postcode},
        "price": {"min": f"{low}.00", "max": f"{low + 6_000}.00", "currency": "USD"},
        "language": "en",
    }
