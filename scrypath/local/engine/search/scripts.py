"""Writing systems by Unicode block: a word ends where another begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

BLOCKS: Final[dict[str, str]] = {
    "latin": "0041-005A 0061-007A 0080-02AF 1D00-1D2A 1D2C-1D77 1D79-1DBF 1E00-1EFF 2100-214F 2C60-2C7F"
    " A720-A7FF AB30-AB6F",
    "cyrillic": "0400-0484 0487-052F 2DE0-2DFF A640-A69D 1D2B 1D78 A69F",
    "arabic": "0600-06FF 0750-07FF 08A0-08FF FB50-FDFF FE70-FEFF 10E60-10E7F 1EE00-1EEFF",
    "devanagari": "0900-097F A8E0-A8FF 1CD0-1CFF",
    "hebrew": "0590-05FF",
    "ethiopic": "1200-139F 2D80-2DDF AB00-AB2F",
    "georgian": "10A0-10FF",
    "bengali": "0980-09FF",
    "hangul": "AC00-D7FF 1100-11FF 3130-318F 3200-32FF A960-A97F FF00-FFEF",
    "chinese and japanese": "3040-30FF 2E80-2E99 2E9B-2EF3 2F00-2FD5 3005 3007 3021-3029 3038-303B 3400-4DB5"
    " 4E00-9FCC F900-FA6D FA70-FAD9",
    "greek": "0370-03FF",
    "kannada": "0C80-0CFF",
    "tamil": "0B80-0BFF",
    "thai": "0E00-0E7F",
    "gujarati": "0A80-0AFF",
    "gurmukhi": "0A00-0A7F",
    "telugu": "0C00-0C7F",
    "malayalam": "0D00-0D7F",
    "oriya": "0B00-0B7F",
    "myanmar": "1000-109F",
    "sinhala": "0D80-0DFF",
    "khmer": "1780-17FF 19E0-19FF",
}


def codes(name: str) -> set[int]:
    """Return the code points of a writing system."""
    found: set[int] = set()
    for block in BLOCKS[name].split():
        low, _, high = block.partition("-")
        found.update(range(int(low, 16), int(high or low, 16) + 1))
    return found


def ranges(points: Iterable[int]) -> str:
    """Return code points as the inside of a character class of a regular expression."""
    known = set(points)
    parts: list[str] = []
    for code in sorted(known):
        if code - 1 not in known:
            parts.append(f"\\U{code:08x}")
        elif code + 1 not in known:
            parts.append(f"-\\U{code:08x}")
    return "".join(parts)
