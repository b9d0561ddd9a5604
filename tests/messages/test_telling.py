"""Times, areas and budgets in plain words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.messages.telling import area, budget, length, shortened


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (5, "5 seconds"),
        (60, "1 minute"),
        (300, "5 minutes"),
        (90, "1 minute 30 seconds"),
        (3600, "1 hour"),
        (5400, "1 hour 30 minutes"),
        (5401, "1 hour 30 minutes"),
        (86400, "1 day"),
        (90000, "1 day 1 hour"),
        (0, "0 seconds"),
    ],
)
def test_lengths_are_told_as_people_would(seconds: int, said: str) -> None:
    assert length(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ({"min": "350000", "max": "420000", "currency": "USD"}, "350,000 to 420,000 USD"),
        ({"min": 1000}, "from 1,000"),
        ({"max": "999.5", "currency": "EUR"}, "up to 999.50 EUR"),
        ({"min": "5", "max": "5"}, "5"),
        ({"currency": "EUR"}, None),
        ({"min": "a lot"}, None),
        ({"min": "NaN", "max": "Infinity"}, None),
        ({}, None),
    ],
)
def test_budgets_are_told_with_what_is_known(price: dict[str, object], said: str | None) -> None:
    assert budget(price) == said


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ({"city": "Leeds", "country": "GB", "postcode": "LS1 4AP", "address": "1 Boar Lane"}, "Leeds, GB"),
        ({"postcode": "94107", "country": "US"}, "94107, US"),
        ({"address": "1 Boar Lane", "lat": 53.7, "lng": -1.5}, None),
        ({}, None),
    ],
)
def test_an_area_is_never_an_address(location: dict[str, object], said: str | None) -> None:
    assert area(location) == said


def test_long_texts_are_cut_and_empty_ones_left_out() -> None:
    assert shortened("  \n ") is None
    assert shortened(None) is None
    assert shortened(" hello ") == "hello"
    cut = shortened("word " * 1000)
    assert cut is not None
    assert len(cut) <= 2001
    assert cut.endswith("…")
