"""Tags are found in leads as whole words, whatever the case, the accents and the width."""

import unicodedata
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.routing.tags import PIECE, Tag, Tagger, TagKind, normal, pieces


def found(text, *tags):
    return [tag.text for tag in Tagger(map(Tag, tags)).find(text)]


class TestFind:
    @pytest.mark.parametrize(
        "text",
        [
            "pool",
            "A POOL!",
            "with (pool)",
            "Pool, garden",
            "ｐｏｏｌ",
            "pöol",
            "line\npool\nline",
            "po\u00adol",
            "swim-pool",
        ],
    )
    def test_a_word_wherever_it_stands(self, text):
        assert found(text, "Pool") == ["Pool"]

    @pytest.mark.parametrize("text", ["pools", "carpool", "poo l", "pool_2", "pool2", ""])
    def test_not_a_part_of_a_word(self, text):
        assert found(text, "pool") == []

    @pytest.mark.parametrize("text", ["in NEW  York City", "New\tYork", "Néw york", "(new york)"])
    def test_a_phrase(self, text):
        assert found(text, "New York") == ["New York"]

    @pytest.mark.parametrize("text", ["new in York", "New, York", "York New", "New Yorker", "new"])
    def test_not_a_phrase_that_is_interrupted(self, text):
        assert found(text, "New York") == []

    def test_a_phrase_and_the_words_in_it(self):
        assert found("In New York", "York", "New York", "new") == ["new", "New York", "York"]

    def test_each_once_in_the_order_they_are_met(self):
        assert found("garden pool garden", "pool", "garden") == ["garden", "pool"]

    @pytest.mark.parametrize(
        ("tag", "text"),
        [
            ("C++", "speaks c++ well"),
            ("24/7", "open 24/7."),
            ("#vip", "a #VIP!"),
            ("Łódź", "in lodz"),
            ("Straße", "an der STRASSE 5"),
            ("İzmir", "from izmir"),
            ("O'Brien", "Mr O’Brien"),
            ("first-class", "first–class"),
            ("ελλάδα", "ΕΛΛΑΔΑ"),
            ("ёлка", "ЕЛКА"),
            ("हिन्दी", "वह हिन्दी बोलता है"),
            ("東京", "東京都に住む"),
            ("マンション", "ﾏﾝｼｮﾝを探す"),
        ],
    )
    def test_what_people_write(self, tag, text):
        assert found(text, tag) == [tag]

    @pytest.mark.parametrize(("tag", "text"), [("C++", "plan c"), ("ニス", "テニス"), ("か", "が"), ("हिन्द", "हिन्दी")])
    def test_what_only_looks_alike(self, tag, text):
        assert found(text, tag) == []

    @pytest.mark.parametrize("text", ["tom@acme.com", "to: <Tom@Acme.com>", "tom@acme.com.", "write tom@acme.com, now"])
    def test_an_address(self, text):
        assert found(text, "tom@acme.com") == ["tom@acme.com"]

    @pytest.mark.parametrize("text", ["ana.tom@acme.com", "ana-tom@acme.com", "tom@acme.com.mx", "tomtom@acme.com"])
    def test_not_an_address_within_another(self, text):
        assert found(text, "tom@acme.com") == []

    def test_a_domain_in_an_address(self):
        assert found("tom@acme.com", "acme.com") == ["acme.com"]

    def test_none_of_what_is_blank(self):
        assert found("anything", "", "  ") == []

    def test_with_kind_and_weight_as_they_were_given(self):
        tag = Tag("Villa", TagKind.EXCLUSIVE, 90)
        assert Tagger([tag]).find("a villa") == (tag,)


def test_tags_sent_along_are_known_by_their_text():
    tagger = Tagger([Tag("New York"), Tag("Pool")])
    assert [tag.text for tag in tagger.named([" NEW  york ", "garden"])] == ["New York"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(texts)
def test_a_normal_text_stays_as_it_is(text):
    assert normal(normal(text)) == normal(text)


@given(texts)
def test_composed_or_not_makes_no_difference(text):
    assert normal(unicodedata.normalize("NFD", text)) == normal(unicodedata.normalize("NFC", text))


@given(st.one_of(texts, st.text("aé_1 \n.,@-“”«東かカ\u093fह\x01\x1c\u00a0", max_size=30)))
def test_the_fast_way_to_tell_words_apart_is_the_same(text):
    assert pieces(text) == PIECE.findall(text)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), st.lists(st.sampled_from("abcd"), max_size=30))
def test_a_phrase_is_found_exactly_where_its_words_follow_each_other(phrase, words):
    stands = any(words[place : place + len(phrase)] == phrase for place in range(len(words)))
    assert (found(" ".join(words), " ".join(phrase)) != []) is stands


def test_thousands_of_tags_that_begin_alike_are_found_as_quickly():
    started = perf_counter()
    tagger = Tagger(Tag(f"calle {number} bis") for number in range(5_000))
    assert [tag.text for tag in tagger.find("calle " * 10_000 + "77 bis")] == ["calle 77 bis"]
    # Far from a measurement: one look for each tag and place would take minutes.
    assert perf_counter() - started < 5


def test_a_text_made_to_be_slow_is_not():
    tagger = Tagger(Tag(" ".join(["a"] * count)) for count in range(1, 50))
    started = perf_counter()
    assert len(tagger.find("a " * 4_000)) == 49
    # Far from a measurement: one search per tag and place would take minutes.
    assert perf_counter() - started < 5
