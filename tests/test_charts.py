"""Where the bars of a chart stand."""

from __future__ import annotations

import pytest

from portal.charts import bars


def test_bars_stand_side_by_side_and_reach_up_to_their_value() -> None:
    chart = bars([("Mon", 5), ("Tue", 10)], width=200, height=100)
    low, high = chart.bars
    assert (low.height, high.height) == (50, 100)
    assert low.y + low.height == high.y + high.height == 100
    assert low.x + low.width < 100 <= high.x
    assert chart.lines == ((50, 5), (0, 10))


def test_a_chart_of_nothing_is_flat() -> None:
    assert all(bar.height == 0 for bar in bars([("Mon", 0), ("Tue", 0)]).bars)
    assert bars([]).bars == ()


def test_few_labels_stand_below_many_bars_the_first_among_them() -> None:
    labelled = [bar.label for bar in bars([(str(day), 1) for day in range(1, 15)], labels=5).bars if bar.is_labelled]
    assert labelled[0] == "1"
    assert 3 <= len(labelled) <= 5


@pytest.mark.parametrize(("most", "top"), [(1, 1), (3, 4), (7, 8), (9, 10), (11, 20), (430, 500), (0.3, 0.4)])
def test_the_top_line_is_a_round_number_above_all_values(most: float, top: float) -> None:
    [bar] = bars([("a", most)], height=100).bars
    assert bar.height == pytest.approx(100 * most / top, abs=0.01)


def test_lines_stand_only_where_a_whole_number_does() -> None:
    assert [value for _, value in bars([("a", 1)]).lines] == [1]
