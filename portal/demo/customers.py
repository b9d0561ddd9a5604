"""What the demo's customers are called, where they live and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

_FIRST = (
    "Grace", "Henry", "Isla", "Jack", "Karen", "Liam", "Maya", "Noah", "Olga", "Paul", "Quinn", "Rosa", "Sam",
    "Tara", "Umar", "Vera", "Will", "Xenia", "Yusuf", "Zoe", "Amelie", "Bruno", "Carla", "Diego", "Elif",
    "Femi", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lamar", "Mateo", "Nadia", "Owen", "Petra", "Ravi",
    "Sofia", "Theo", "Valeria",
)  # fmt: skip
_LAST = (
    "Adams", "Baker", "Costa", "Dubois", "Evans", "Ferrari", "Garcia", "Haas", "Ito", "Jensen", "Kowalski",
    "Lopez", "Meyer", "Nguyen", "Okafor", "Pereira", "Quiroga", "Rossi", "Schmidt", "Tanaka", "Ueda", "Vogel",
    "Weber", "Xu", "Young", "Zhang", "Alvarez", "Brooks", "Castillo", "Delgado", "Ellis", "Flores",
    "Guerrero", "Hughes", "Ibarra", "Johnson", "Kelly", "Lawson", "Mitchell", "Navarro", "Ortiz", "Porter",
    "Reyes", "Sanders", "Trevino", "Villarreal", "Walker", "Zamora",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Town:
    """Somewhere in Texas, with its area codes and how many of the customers live there."""

    name: str
    postcodes: tuple[str, ...]
    area_codes: tuple[str, ...]
    share: int


_TOWNS = (
    Town("Austin", ("78704", "78745", "78757", "78723"), ("512", "737"), 9),
    Town("Round Rock", ("78664", "78681"), ("512", "737"), 4),
    Town("Georgetown", ("78626", "78633"), ("512", "737"), 2),
    Town("San Marcos", ("78666",), ("512", "830"), 2),
    Town("San Antonio", ("78209", "78230", "78249"), ("210", "726"), 7),
    Town("New Braunfels", ("78130", "78132"), ("830",), 3),
    Town("Boerne", ("78006",), ("830",), 1),
    Town("Dallas", ("75206", "75214", "75230"), ("214", "469", "972"), 6),
    Town("Plano", ("75023", "75074"), ("972", "469"), 3),
    Town("Fort Worth", ("76107", "76116"), ("817", "682"), 4),
    Town("Arlington", ("76012", "76017"), ("817", "682"), 2),
    Town("Waco", ("76708", "76712"), ("254",), 1),
)
_AREA_CODES = tuple(dict.fromkeys(code for town in _TOWNS for code in town.area_codes))
_STREETS = (
    "Oak Hollow Dr",
    "Bluebonnet Ln",
    "Pecan Grove",
    "Mesquite Trl",
    "Live Oak St",
    "Ridgeview Rd",
    "Cedar Bend",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. Budgets in thousands of dollars."""

    lead_type: str
    text: str
    tags: tuple[str, ...]
    budget: tuple[int, int] | None = None
    language: str = "en"


_WISHES = (
    Wish(
        "Solar panels",
        "We would like a quote for panels on a south-facing roof, about 650 square feet.",
        ("roof",),
        (14, 24),
    ),
    Wish("Solar panels", "Our electric bill was $310 last month. Is solar worth it for us?", ("bill",), (12, 26)),
    Wish("Solar panels", "Please call after 5 pm. Flat roof, two stories.", ("roof", "evening")),
    Wish(
        "Solar panels",
        "Building a new house in the spring and want solar planned in from the start.",
        ("new build",),
        (18, 32),
    ),
    Wish("Solar panels", "Had another quote for 8.4 kW and want to compare.", ("second quote",), (16, 22)),
    Wish(
        "Solar panels",
        "Quisiera un presupuesto para paneles en una casa de 180 metros cuadrados.",
        ("roof",),
        (12, 20),
        "es",
    ),
    Wish("Solar panels", "Does the HOA have to agree? Ours is strict.", ("HOA",)),
    Wish("Battery", "We have panels already and want a battery for outages.", ("battery", "outage"), (9, 16)),
    Wish("Battery", "How many hours does one battery keep a fridge and two rooms running?", ("battery",)),
    Wish("Battery", "Me interesa una batería para los cortes de luz.", ("battery", "outage"), (9, 14), "es"),
    Wish(
        "Solar and battery", "Panels and a battery together, please. We work from home.", ("roof", "battery"), (24, 42)
    ),
    Wish(
        "Solar and battery",
        "Want to be off the grid as far as that makes sense. Two acres, room for a ground mount.",
        ("ground mount",),
        (30, 60),
    ),
    Wish("EV charger", "Need a charger for two cars, and somebody who does the permit.", ("car",), (1, 4)),
    Wish("EV charger", "Charger in the garage, panel is full. What would that cost?", ("car", "panel"), (2, 5)),
    Wish("Heat pump", "Our furnace is 25 years old. What would a heat pump cost?", ("heating",), (8, 15)),
    Wish("Roof and solar", "Hail got our roof in May. New roof and panels in one go?", ("roof", "hail"), (28, 48)),
    Wish("Roof and solar", "Insurance pays for the roof; we would like to add solar.", ("roof", "insurance"), (22, 36)),
    Wish("Service", "One of our inverters shows a red light since yesterday.", ("service",)),
    Wish("Service", "The monitoring app lost our system after we changed the router.", ("service",)),
    Wish(
        "Commercial",
        "Small warehouse, 11,000 square feet of flat roof. Who can come and look?",
        ("commercial", "roof"),
        (80, 160),
    ),
)
_SHARES = (9, 9, 6, 4, 5, 5, 3, 6, 3, 2, 7, 2, 4, 3, 3, 4, 3, 3, 2, 2)


@dataclass(frozen=True, slots=True)
class Way:
    """How a message comes: the source's name, the channel it travels by, how many of a hundred do."""

    source: str
    channel: str
    share: int


WAYS = (
    Way("Website form", "web", 26),
    Way("Solar calculator", "web", 17),
    Way("Spring ad", "sheet", 13),
    Way("Search ad", "web", 10),
    Way("Hotline", "phone", 9),
    Way("Partner portal", "api", 8),
    Way("Website chat", "chat", 5),
    Way("Home show", "csv", 5),
    Way("Text line", "sms", 4),
    Way("hello@ mailbox", "email", 3),
)
# The last two digits of their numbers: people of the past, and those who come while the demo runs.
PAST, TO_COME = range(75), range(75, 100)
# How often somebody leaves out a digit.
_MISTYPED = 0.02
BY_HAND = Way("Referral", "manual", 0)

AGAIN = (
    "Did you get my message? I would still like to hear from you.",
    "I forgot to say: the roof was redone in 2019.",
    "Could we move our call to Thursday?",
    "Here is the bill you asked for: 1,420 kWh in July.",
    "My neighbour just got panels from you. Is there a discount for the street?",
    "Wednesday at ten is fine.",
    "We talked it over and would like the bigger battery.",
    "Is the tax credit still there if we sign next month?",
)
LATER = (
    "We spoke last month; now we are ready to go on.",
    "Our panels run well. Now we would like a battery.",
    "Hello again! My sister wants to talk to you, too, but first: can you add a charger for us?",
    "It is me once more. Prices were too high then, but our bill went up again.",
)


class Customers:
    """Gives one made-up customer after the other, none twice.

    Numbers are 555-0100 to 555-0199 in real area codes, which are set aside for fiction.

    Args:
        random: where chance comes from; the same seed gives the same people.
        numbers: the last two digits that are used.
    """

    def __init__(self, random: Random, numbers: range = PAST) -> None:
        self._random = random
        self._numbers = numbers
        self._free: dict[str, list[int]] = {}
        self._count = 0

    def one(self, way: Way | None = None) -> dict[str, Any]:
        """Somebody new, as `POST /api/v1/leads` takes them."""
        random = self._random
        way = way or random.choices(WAYS, [each.share for each in WAYS])[0]
        (wish,) = random.choices(_WISHES, _SHARES)
        (town,) = random.choices(_TOWNS, [each.share for each in _TOWNS])
        first, last = random.choice(_FIRST), random.choice(_LAST)
        lead: dict[str, Any] = {
            "name": f"{first} {last}",
            "text": wish.text,
            "source": way.source,
            "channel": way.channel,
            "lead_type": wish.lead_type,
            "tags": list(wish.tags),
            "location": {"country": "US", "region": "TX", "city": town.name, "postcode": random.choice(town.postcodes)},
            "language": wish.language,
        }
        if wish.budget:
            low, high = wish.budget
            lead["price"] = {"min": f"{low}000.00", "max": f"{high}000.00", "currency": "USD"}
        if random.random() < 0.3:
            lead["location"]["address"] = f"{random.randrange(100, 9900)} {random.choice(_STREETS)}"
        return lead | self._reached_at(town, way, first, last)

    def _reached_at(self, town: Town, way: Way, first: str, last: str) -> dict[str, str]:
        """Callers leave a number, writers an address, most leave both."""
        phone = self._number(town.area_codes)
        self._count += 1
        email = f"{first}.{last}.{self._random.randrange(100)}{self._count:03d}@mail.example".lower()
        if self._random.random() < _MISTYPED and way.channel == "web":
            return {"phone": phone[:-1], "email": email}
        if way.channel in ("phone", "sms"):
            return {"phone": phone}
        if way.channel == "email":
            return {"email": email}
        return {"phone": phone, "email": email}

    def _number(self, area_codes: tuple[str, ...]) -> str:
        """A number of one of these areas; of any other where all are taken."""
        for area_code in (*self._random.sample(area_codes, len(area_codes)), *_AREA_CODES):
            if area_code not in self._free:
                self._free[area_code] = self._random.sample(self._numbers, len(self._numbers))
            if self._free[area_code]:
                return f"({area_code}) 555-01{self._free[area_code].pop():02d}"
        # All are used: somebody who was here before writes again.
        self._free.clear()
        return self._number(area_codes)
