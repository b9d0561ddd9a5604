"""The forms of a rule: what a lead must be, when the rule counts, and where it sends leads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

from wtforms import HiddenField, RadioField, SelectMultipleField, ValidationError

from portal.blueprints.forms import Line, Lines, lines_of, menu, needed
from portal.blueprints.hours_form import THESE, HoursForm, once, typed_hours
from portal.blueprints.once import OnceForm
from portal.blueprints.settings.rule_ways import WayField
from portal.models import Channel, Rule
from portal.operations.drafted import DraftedRule
from portal.routing.conditions import CUSTOM, Operator, Strictness

ONE_A_LINE = "One a line; one of them has to fit. Empty = any."

LISTED = ("source", "lead_type", "tag", "country", "region", "city", "postcode", "language")
"""Fields of a lead a rule takes a list of texts for, one a line."""

CHANNEL_NAMES = {
    Channel.WEB: "Web",
    Channel.PHONE: "Phone",
    Channel.SMS: "SMS",
    Channel.CHAT: "Chat",
    Channel.EMAIL: "E-mail",
    Channel.SHEET: "Sheet",
    Channel.CSV: "CSV file",
    Channel.API: "API",
    Channel.MANUAL: "By hand",
}

MAY_BE_BLANK = {
    "source": "Source",
    "channel": "Channel",
    "lead_type": "Lead type",
    "tag": "Tag found in the lead",
    "country": "Country",
    "region": "Region",
    "city": "City",
    "postcode": "Postcode",
    "price": "Price",
    "language": "Language",
    "custom": "Fields of your own",
}
"""What a rule may let pass blank; fields of one's own together."""

_COMPARISON = re.compile(r"(?P<name>.+?)\s*(?P<sign>=|\bcontains\b)\s*(?P<value>.+)")


class RuleForm(HoursForm):
    """All fields of a rule."""

    seen = HiddenField()
    name = Line("Name", [needed("Please give the rule a name.")])
    goes_to = WayField("Leads go to")
    source = Lines("Source", description=ONE_A_LINE)
    channel = SelectMultipleField(
        "Channel", choices=menu((channel.value, name) for channel, name in CHANNEL_NAMES.items())
    )
    lead_type = Lines("Lead type", description=ONE_A_LINE)
    tag = Lines("Tag found in the lead", description=ONE_A_LINE)
    country = Lines("Country", description=ONE_A_LINE)
    region = Lines("Region", description=ONE_A_LINE)
    city = Lines("City", description=ONE_A_LINE)
    postcode = Lines("Postcode", description="One a line; 28* is every postcode that begins with 28. Empty = any.")
    language = Lines("Language", description=ONE_A_LINE)
    price_min = Line("Price from")
    price_max = Line("Price up to", description="Fits when the lead's price or budget overlaps.")
    has_phone = RadioField(
        "Phone number",
        choices=menu([("", "With or without"), ("yes", "Only with one"), ("no", "Only without")]),
        default="",
    )
    custom = Lines(
        "Fields of your own",
        description="One a line, such as: rooms = 3, or: size = 3 | 4, or: notes contains pool.",
    )
    blank_passes = SelectMultipleField(
        "Let leads pass that leave blank",
        choices=menu(MAY_BE_BLANK.items()),
        description="Of what is asked above. Unticked: a lead that does not say it does not fit.",
    )

    # The rule that is changed; None = a new one.
    present: Rule | DraftedRule | None = None

    def offer(self, ways: Iterable[tuple[str, str]]) -> Self:
        """Fill the menu of pools and teams."""
        self.goes_to.offer(ways)
        return self

    def validate_custom(self, field: Lines) -> None:
        """Each line compares a field with something."""
        for line in lines_of(field.data):
            if _compared(line) is None:
                raise ValidationError(
                    f"“{line[:40]}” compares nothing. Write it like rooms = 3, size = 3 | 4, or notes contains pool."
                )

    def way(self) -> Mapping[str, Any]:
        """Where leads shall go, as the operations take it."""
        return self.goes_to.wanted()

    def wanted(self) -> dict[str, Any]:
        """What was typed, as the operations take it."""
        conditions = self._conditions()
        listed = {f"conditions.{name}": name for name in (*LISTED, "channel", "has_phone")}
        custom = {f"conditions.{CUSTOM}{name}": "custom" for name in conditions.get("fields", {})}
        prices = {"conditions.price": "price_min", "conditions.price.min": "price_min"}
        self.aliases = {
            **self.aliases_of_hours("hours"),
            **listed,
            **custom,
            **prices,
            "conditions.price.max": "price_max",
            "conditions.fields": "custom",
            "pool_id": "goes_to",
            "to_team_id": "goes_to",
        }
        return {
            "name": self.name.data,
            **self.way(),
            "conditions": conditions,
            "strictness": self._strictness(conditions),
            "hours": self.hours(),
        }

    def _conditions(self) -> dict[str, Any]:
        prices = {"min": self.price_min.data, "max": self.price_max.data}
        found: dict[str, Any] = {name: lines_of(self[name].data) for name in LISTED}
        found |= {
            "channel": list(self.channel.data or ()),
            "price": {end: typed.replace(",", "") for end, typed in prices.items() if typed},
            "has_phone": {"yes": True, "no": False}.get(self.has_phone.data or ""),
            "fields": once("custom", [_comparison(line) for line in lines_of(self.custom.data)]),
        }
        return {name: value for name, value in found.items() if value not in ([], {}, None)}

    def _strictness(self, conditions: dict[str, Any]) -> dict[str, str]:
        """For each field asked about. What a program said of single fields of one's own stays for as long as their box
        does."""
        before = self.present.strictness if self.present else {}
        ticked, was_ticked = set(self.blank_passes.data or ()), _may_be_blank(before)
        kept = {*_asked(self.present.conditions)} if self.present else set()
        found = {}
        for name in _asked(conditions):
            box = _box_of(name)
            stays = name in kept and (box in ticked) == (box in was_ticked)
            if before.get(name) == Strictness.EXACT_OR_EMPTY if stays else box in ticked:
                found[name] = Strictness.EXACT_OR_EMPTY.value
        return found


class NewRuleForm(RuleForm, OnceForm):
    """The form of a new rule."""

    def validate_goes_to(self, field: WayField) -> None:
        """Whoever only types a name must not stop all leads on their way to the default rule."""
        asked = (*LISTED, "channel", "price_min", "price_max", "has_phone", "custom")
        if field.data or self.hours_kind.data == THESE:
            return
        if not any(self[name].data for name in asked):
            told = "This rule would take every lead and give it to nobody."
            raise ValidationError(f"{told} Choose where they go, or say below which leads it is for.")


def typed_rule(rule: Rule | DraftedRule, goes_to: str) -> dict[str, Any]:
    """What the form of this rule starts with.

    Args:
        goes_to: where it leads, as the menu has it.
    """
    conditions = rule.conditions
    price = conditions.get("price") or {}
    has_phone = conditions.get("has_phone")
    return {
        "name": rule.name,
        "goes_to": goes_to,
        **{name: "\n".join(_texts(conditions.get(name))) for name in LISTED},
        "channel": _texts(conditions.get("channel")),
        "price_min": str(price.get("min") or ""),
        "price_max": str(price.get("max") or ""),
        "has_phone": "" if has_phone is None else "yes" if has_phone else "no",
        "custom": "\n".join(_written(name, each) for name, each in (conditions.get("fields") or {}).items()),
        "blank_passes": sorted(_may_be_blank(rule.strictness)),
        **typed_hours(rule.hours),
    }


def _may_be_blank(strictness: Mapping[str, str]) -> set[str]:
    """The boxes that are ticked for this."""
    return {_box_of(name) for name, how in strictness.items() if how == Strictness.EXACT_OR_EMPTY}


def _box_of(name: str) -> str:
    return "custom" if name.startswith(CUSTOM) else name


def _asked(conditions: Mapping[str, Any]) -> list[str]:
    """The fields a rule asks about that a lead may leave blank, by the names strictness gives them."""
    plain = [name for name in conditions if name not in ("fields", "has_phone")]
    return [*plain, *(CUSTOM + name for name in conditions.get("fields") or {})]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _compared(line: str) -> re.Match[str] | None:
    # With one blank at most between words, or thousands of them would be tried at every place.
    return _COMPARISON.fullmatch(" ".join(line.split()))


def _comparison(line: str) -> tuple[str, dict[str, Any]]:
    """A field of one's own and how it is compared; a line that is none is left for routing to complain about."""
    found = _compared(line)
    if found is None:
        return line, {}
    name, value = found["name"].strip(), found["value"].strip()
    if found["sign"] != "=":
        return name, {Operator.CONTAINS.value: value}
    values = [each.strip() for each in value.split("|") if each.strip()]
    return name, {Operator.EQUALS.value: value} if len(values) < 2 else {Operator.ONE_OF.value: values}


def _written(name: str, comparison: dict[str, Any]) -> str:
    for operator, value in comparison.items():
        if operator == Operator.CONTAINS:
            return f"{name} contains {value}"
        return f"{name} = {' | '.join(_texts(value))}"
    return name
