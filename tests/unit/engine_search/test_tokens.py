from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.local.engine.search.tokens import BREAK, HOLE, MAX_POSITIONS, WEIGHT, Tokenizer, normal

PLAIN = Tokenizer({})


@pytest.mark.parametrize(
    ("texts", "body"),
    [
        (
            ['The quick ("brown") fox can\'t jump 32.3 feet, right?'],
            "the quick brown fox can t jump 32 3 feet ¶ right",
        ),
        (["Brr, it's 29.3°F!"], "brr ¶ it s 29 3°f"),
        (["kebab-case snake_case a=b c|d"], "kebab case snake case a=b c|d"),
        (["Crème Brûlée", "œuvre"], "creme brulee ¶ oeuvre"),
        (["北京市 Beijing", "Санкт-Петербург"], "北京市 beijing ¶ санкт петербург"),
        (["ፋni"], "ፋ ni"),
        (["one. two.three; four", "five"], "one ¶ two three ¶ four ¶ five"),
        (["", "!", "x"], "x"),
    ],
)
def test_bodies(texts: list[str], body: str) -> None:
    assert unicodedata.normalize("NFC", PLAIN.body(texts)) == body


def test_stop_words_leave_a_hole_and_are_told_apart_by_case() -> None:
    tokenizer = Tokenizer({"stopWords": ["the"]})
    assert tokenizer.body(["the house The house"]) == f"{HOLE} house the house"


def test_separators_can_be_changed() -> None:
    tokenizer = Tokenizer({"nonSeparatorTokens": ["#", "_"], "separatorTokens": ["|", "<br>"]})
    assert tokenizer.body(["C#_x a|b c<br>d"]) == "c#_x a b c d"


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_the_fast_way_finds_the_words_of_the_slow_way(text: str) -> None:
    fast = [word for word in PLAIN.body([text]).split(" ") if word not in {BREAK, ""}]
    assert fast == PLAIN.words(text)


@given(st.text(max_size=40))
def test_tokens_cover_the_text_in_order(text: str) -> None:
    at = 0
    for token in PLAIN.tokens(text):
        assert at <= token.start < token.end <= len(text)
        at = token.end


@given(st.text(max_size=20))
def test_normal_words_stay_as_they_are(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize("settings", [{}, {"stopWords": ["the"]}])
def test_words_of_a_long_text_are_kept_up_to_the_last_place_that_is_searched(
    settings: dict[str, Any],
) -> None:
    tokenizer = Tokenizer(settings)
    found = tokenizer.body(["a first", "word " * MAX_POSITIONS, "behind"]).split(" ")
    assert found[:4] == ["a", "first", BREAK, "word"]
    assert sum(WEIGHT.get(word, 1) for word in found) == MAX_POSITIONS
    assert "behind" not in found


def test_a_long_text_is_cut_into_the_words_of_a_short_one() -> None:
    text = "Über den Wolken, muss die Freiheit! " * 5000
    expected = PLAIN.body([text[:3600]]).split(" ")
    assert PLAIN.body([text, "x"]).split(" ")[: len(expected)] == expected
