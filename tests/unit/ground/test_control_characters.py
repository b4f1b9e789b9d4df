"""Nothing that steers a terminal is passed on."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from scrypath.control_characters import escaped, escaped_json

TURNING = {
    "LRE",
    "RLE",
    "PDF",
    "LRO",
    "RLO",
    "LRI",
    "RLI",
    "FSI",
    "PDI",
}  # as Unicode names bidirectional controls
texts = st.text(st.characters(categories=["Cc", "Cf", "Cs", "Lu", "Zl", "Zp"]), max_size=20)


@given(texts)
def test_no_character_that_a_terminal_acts_on_is_left(text: str) -> None:
    shown = escaped(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} and c not in "\t\n"]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    ]
    assert escaped(shown) == shown
    shown.encode()  # no stream refuses it
    assert "\n" not in escaped(text, one_line=True)


@given(texts.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_json_means_the_same_as_before(text: str) -> None:
    written = escaped_json(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(written) == {"text": text}
    assert escaped(written, one_line=True) == written


def test_ordinary_text_is_left_as_it_is() -> None:
    assert escaped("Zürich – 東京 👍🏽 مرحبا\tx\n") == "Zürich – 東京 👍🏽 مرحبا\tx\n"
