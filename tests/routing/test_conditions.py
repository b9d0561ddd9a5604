"""What rules ask of leads, and what is said about it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing.chain import check_chain
from portal.routing.conditions import Conditions, check_conditions
from portal.routing.facts import LeadFacts, Rule
from portal.routing.hours import parse_hours
from portal.routing.route import match_rules
from portal.routing.tags import Tag

from .crew import NOW, default_rule, id_of

LEAD = LeadFacts(
    source="Website",
    channel="form",
    lead_type="Buyer",
    tags=("Pool",),
    found=(Tag("Sea view"),),
    language="es",
    has_phone=True,
    location={"country": "Spain", "region": "Málaga", "city": "Marbella", "postcode": "29 602"},
    fields={"rooms": "3", "notes": "Wants a quiet street"},
    price_min=Decimal(200_000),
    price_max=Decimal(300_000),
)


def check(conditions, strictness=None, **facts):
    return Conditions.of(conditions, strictness or {}).check(replace(LEAD, **facts))


MET = [
    ({}, "restricts nothing"),
    ({"source": [], "price": {}, "fields": {}}, "restricts nothing"),
    ({"source": ["website"]}, "source is Website"),
    ({"source": "WEBSITE "}, "source is Website"),
    ({"source": ["Portal", "Website"]}, "source is Website"),
    ({"lead_type": ["buyer"]}, "lead type is Buyer"),
    ({"tag": ["pool"]}, "tag is Pool"),
    ({"tag": ["SEA  VIEW"]}, "tag is Sea view"),
    ({"region": ["Malaga"]}, "region is Málaga"),
    ({"city": ["ｍａｒｂｅｌｌａ"]}, "city is Marbella"),
    ({"postcode": ["29602"]}, "postcode is 29 602"),
    ({"postcode": ["28*", "29*"]}, "postcode is 29 602"),
    ({"price": {"min": "100000"}}, "price is 100,000 or more"),
    ({"price": {"max": "200000"}}, "price is not above 200,000"),
    ({"price": {"min": "300000", "max": "400000"}}, "price is 300,000 to 400,000"),
    ({"has_phone": True}, "has a phone number"),
    ({"fields": {"rooms": {"equals": "3"}}}, "rooms is 3"),
    ({"fields": {"notes": {"contains": "QUIET"}}}, "notes contains QUIET"),
    ({"fields": {"rooms": {"one_of": ["2", "3"]}}}, "rooms is 3"),
    (
        {"source": ["Website"], "channel": ["form"], "language": ["ES"]},
        "source is Website; channel is form; language is es",
    ),
]

NOT_MET = [
    ({"source": ["Website"], "channel": ["phone"], "city": ["Ronda"]}, "source is Website; channel is not phone"),
    ({"source": ["Portal", "Mail", "Fair"]}, "source is not Portal, Mail or Fair"),
    ({"source": list("abcdefgh")}, "source is not a, b, c, d, e or 3 more"),
    ({"tag": ["garden"]}, "tag is not garden"),
    ({"postcode": ["2960"]}, "postcode is not 2960"),
    ({"postcode": ["28*"]}, "postcode is not 28*"),
    ({"price": {"min": "300001"}}, "price is below 300,001"),
    ({"price": {"max": "199999.99"}}, "price is above 199,999.99"),
    ({"has_phone": False}, "has a phone number"),
    ({"fields": {"rooms": {"equals": "4"}}}, "rooms is not 4"),
    ({"fields": {"notes": {"contains": "loud"}}}, "notes does not contain loud"),
    ({"fields": {"garden": {"equals": "yes"}}}, "garden is blank"),
]


@pytest.mark.parametrize(("conditions", "why"), MET)
def test_met_and_why(conditions, why):
    assert check(conditions) == (True, why)


@pytest.mark.parametrize(("conditions", "why"), NOT_MET)
def test_not_met_and_why(conditions, why):
    assert check(conditions) == (False, why)


BLANK = [
    ({"source": ["Website"]}, {"source": None}, "source"),
    ({"source": ["Website"]}, {"source": "  "}, "source"),
    ({"tag": ["pool"]}, {"tags": (), "found": ()}, "tag"),
    ({"city": ["Ronda"]}, {"location": {}}, "city"),
    ({"postcode": ["29*"]}, {"location": {"postcode": ""}}, "postcode"),
    ({"price": {"min": "1"}}, {"price_min": None, "price_max": None}, "price"),
    ({"fields": {"rooms": {"equals": "3"}}}, {"fields": {}}, "fields.rooms"),
    ({"fields": {"rooms": {"contains": "3"}}}, {"fields": {"rooms": " "}}, "fields.rooms"),
]


@pytest.mark.parametrize(("conditions", "facts", "field"), BLANK)
def test_a_blank_field_passes_only_where_that_is_said(conditions, facts, field):
    name = field.removeprefix("fields.")
    assert check(conditions, **facts) == (False, f"{name} is blank")
    assert check(conditions, {field: "exact"}, **facts) == (False, f"{name} is blank")
    assert check(conditions, {field: "exact_or_empty"}, **facts) == (True, f"{name} is blank, which is let pass")


def test_a_field_that_is_not_blank_is_held_to_its_values_all_the_same():
    assert check({"source": ["Portal"]}, {"source": "exact_or_empty"}) == (False, "source is not Portal")


def test_no_phone_number_is_asked_for_too():
    assert check({"has_phone": False}, has_phone=False) == (True, "has no phone number")
    assert check({"has_phone": True}, has_phone=False) == (False, "has no phone number")


def test_a_price_with_one_end_is_open_at_the_other():
    assert check({"price": {"min": "900000"}}, price_max=None)[0]
    assert check({"price": {"max": "100"}}, price_min=None)[0]


REFUSED = [
    ({"moon": "full"}, "moon", "moon is not a field"),
    ({"source": 3}, "source", "a text or a list of texts"),
    ({"source": [3]}, "source", "a text or a list of texts"),
    ({"source": ["  "]}, "source", "blank"),
    ({"source": ["x" * 201]}, "source", "at most 200 characters"),
    ({"source": ["x"] * 201}, "source", "at most 200 values; 201 were given"),
    ({"postcode": "*"}, "postcode", "every postcode"),
    ({"price": "100"}, "price", "a min, a max or both"),
    ({"price": {"least": "1"}}, "price", "a min, a max or both"),
    ({"price": {"min": "cheap"}}, "price.min", "cheap is not a price"),
    ({"price": {"max": "NaN"}}, "price.max", "not a price"),
    ({"price": {"max": "-1"}}, "price.max", "not a price"),
    ({"price": {"max": "1e9"}}, "price.max", "not a price"),
    ({"price": {"max": True}}, "price.max", "not a price"),
    ({"price": {"min": "300000", "max": "100000"}}, "price", "300,000, is above the highest, 100,000"),
    ({"has_phone": "yes"}, "has_phone", "true or false"),
    ({"fields": ["rooms"]}, "fields", "by name"),
    ({"fields": {"rooms": "3"}}, "fields.rooms", "one comparison: equals, contains, one_of"),
    ({"fields": {"rooms": {"like": "3"}}}, "fields.rooms", "one comparison"),
    ({"fields": {"rooms": {"equals": "3", "contains": "3"}}}, "fields.rooms", "one comparison"),
    ({"fields": {"rooms": {"equals": ["3"]}}}, "fields.rooms", "one text"),
    ({"fields": {"rooms": {"one_of": [""]}}}, "fields.rooms", "blank"),
    ({"fields": {" ": {"equals": "3"}}}, "fields. ", "1 to 200 characters"),
    ({"fields": {str(place): {"equals": "3"} for place in range(51)}}, "fields", "At most 50"),
    ([], "conditions", "by field"),
]


class TestSaving:
    @pytest.mark.parametrize(("conditions", "field", "message"), REFUSED)
    def test_what_is_wrong_is_named_with_its_field(self, conditions, field, message):
        [(named, said)] = check_conditions(conditions, {})
        assert named == field
        assert message in said

    @pytest.mark.parametrize(
        ("strictness", "field"),
        [
            ({"moon": "exact"}, "strictness.moon"),
            ({"fields": "exact"}, "strictness.fields"),
            ({"source": "lax"}, "strictness.source"),
        ],
    )
    def test_a_strictness_nobody_knows_is_refused(self, strictness, field):
        assert [named for named, _ in check_conditions({}, strictness)] == [field]

    @pytest.mark.parametrize("conditions", [conditions for conditions, _ in MET + NOT_MET])
    def test_everything_a_rule_can_ask_can_be_saved(self, conditions):
        assert check_conditions(conditions, {"source": "exact_or_empty", "fields.rooms": "exact"}) == []


class TestRules:
    rule = Rule(id_of("Sea"), "Sea", id_of("Sellers"), conditions={"city": ["Marbella"]})

    def test_the_first_rule_whose_conditions_are_met_wins(self):
        ronda = replace(self.rule, conditions={"city": ["Ronda"]})
        match = match_rules(LEAD, [ronda, self.rule, default_rule()])
        assert match.rule is self.rule
        assert [check.why for check in match.checks] == ["city is not Ronda", "city is Marbella"]

    def test_outside_its_hours_a_rule_is_not_met(self):
        nine_to_five = parse_hours({"monday": [["09:00", "17:00"]]}, "Europe/Madrid")
        rules = [replace(self.rule, hours=nine_to_five), default_rule()]
        assert match_rules(LEAD, rules, NOW).checks[0].why == "city is Marbella"
        evening = datetime(2026, 3, 2, 20, tzinfo=UTC)
        match = match_rules(LEAD, rules, evening)
        assert match.rule == default_rule()
        assert match.checks[0].why == "outside its hours"

    def test_hours_are_not_passed_over_for_want_of_a_moment(self):
        nine_to_five = parse_hours({"monday": [["09:00", "17:00"]]}, "Europe/Madrid")
        with pytest.raises(ValueError, match="'Sea': its hours need a moment"):
            match_rules(LEAD, [replace(self.rule, hours=nine_to_five)])

    @pytest.mark.parametrize("conditions", [{"price": "100"}, {"source": 3}, {"fields": {"rooms": {"like": "3"}}}])
    def test_malformed_conditions_are_not_passed_over(self, conditions):
        with pytest.raises(ValueError, match="'Sea': "):
            match_rules(LEAD, [replace(self.rule, conditions=conditions)])

    def test_a_rule_may_name_a_team(self):
        assert replace(self.rule, team_id=id_of("North")).team_id == id_of("North")


values = st.lists(st.sampled_from(["a", "Á", " b", "c"]), max_size=3)


@given(values, st.sampled_from(["A", "B", "d", "", None]), st.booleans())
def test_a_field_is_met_exactly_when_it_is_empty_or_holds_the_value(accepted, value, lets_blank):
    met, _ = check({"source": accepted}, {"source": "exact_or_empty"} if lets_blank else {}, source=value)
    plain = {text.strip().lower().replace("á", "a") for text in accepted}
    assert met is (not accepted or (lets_blank if not value else value.lower() in plain))


class TestChains:
    a, b, c, d = map(id_of, "abcd")

    def test_end_where_there_is_no_next_pool(self):
        assert check_chain({self.a: self.b, self.b: self.c, self.c: None, self.d: self.b}) is None
        assert check_chain({self.a: self.d}) is None

    def test_in_a_loop_are_told_in_the_order_leads_would_take(self):
        assert check_chain({self.a: self.a}) == (self.a,)
        assert check_chain({self.a: self.b, self.b: self.c, self.c: self.b}) == (self.b, self.c)


def test_a_custom_field_that_is_null_is_blank() -> None:
    lead = LeadFacts(fields={"rooms": None})  # type: ignore[dict-item]  # JSON has null
    conditions = {"fields": {"rooms": {"equals": "3"}}}
    assert not Conditions.of(conditions, {}).check(lead)[0]
    assert Conditions.of(conditions, {"fields.rooms": "exact_or_empty"}).check(lead)[0]
    assert not Conditions.of({"fields": {"rooms": {"contains": "on"}}}, {}).check(lead)[0]
