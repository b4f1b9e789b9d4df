"""The languages Meilisearch knows, by ISO 639-1 and 639-3 code, in the order of its messages."""

from __future__ import annotations

from typing import Final

_CODES: Final = """
af ak am ar az be bn bg ca cs da de el en eo et fi fr gu he hi hr hu hy id it jv ja kn ka km ko la lv lt ml
mr mk my ne nl nb or pa fa pl pt ro ru si sk sl sn es sr sv ta te tl th tk tr uk ur uz vi yi zh zu
afr aka amh ara aze bel ben bul cat ces dan deu ell eng epo est fin fra guj heb hin hrv hun hye ind ita jav
jpn kan kat khm kor lat lav lit mal mar mkd mya nep nld nob ori pan pes pol por ron rus sin slk slv sna spa
srp swe tam tel tgl tha tuk tur ukr urd uzb vie yid zho zul cmn
"""
LOCALES: Final = tuple(_CODES.split())
_TWO: Final = len([code for code in LOCALES if len(code) == 2])
_LONG: Final = dict(zip(LOCALES[:_TWO], LOCALES[_TWO:], strict=False))


def name(code: str) -> str:
    """Return how the server calls a language in its answers.

    Examples
    --------
    >>> name("fr"), name("eng")
    ('Fra', 'Eng')
    """
    return _LONG.get(code, code).capitalize()
