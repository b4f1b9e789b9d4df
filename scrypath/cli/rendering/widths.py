"""How wide each column of a table becomes when the table is wider than the terminal.

Rich would narrow the widest column first, whatever is in it, and cut its words. Here headings are folded first, then
sentences, then other texts, and only sentences are ever folded within a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

GAP = 2  # between two columns
LEAST = 12  # a sentence is folded, within a word if need be, before it becomes narrower
READABLE = 24  # narrower, it is one word to a line


@dataclass(frozen=True, slots=True)
class Wish:
    """What one column asks for, in characters.

    Parameters
    ----------
    wanted
        Width at which nothing is folded.
    cells
        Width at which only the heading is folded.
    least
        Width that it keeps even when the table stays too wide for the terminal.
    sentence
        Narrowed before columns of other texts.
    """

    wanted: int
    cells: int
    least: int
    sentence: bool = False


def wish(heading: str, texts: Iterable[str], *, number: bool = False, sentence: bool = False) -> Wish:
    """What a column of these texts asks for: numbers are not folded, other texts between their words.

    Examples
    --------
    >>> wish("Failed at (UTC)", ["2026-03-01 12:30:05"])
    Wish(wanted=19, cells=19, least=10, sentence=False)
    >>> wish("Rows", ["34,006"], number=True)
    Wish(wanted=6, cells=6, least=6, sentence=False)
    """
    words = [cell_len(word) for word in heading.split()]
    cells = [line for text in texts for line in text.splitlines()]
    widest = max(map(cell_len, cells), default=0)
    wanted = max(widest, cell_len(heading))
    if number:
        return Wish(wanted, wanted, wanted)
    longest = max((cell_len(word) for text in cells for word in text.split()), default=0)
    least = max([min(longest, LEAST) if sentence else longest, *words])
    return Wish(wanted, max(widest, least), least, sentence)


def fitted(wishes: Sequence[Wish], width: int) -> list[int]:
    """The width of each column of a table of this width: headings are folded first, then sentences, then texts.

    Examples
    --------
    >>> name, sentence, time = Wish(4, 4, 4), Wish(30, 30, 10, sentence=True), Wish(20, 19, 10)
    >>> [fitted([name, sentence, time], width) for width in (58, 57, 47, 33, 5)]
    [[4, 30, 20], [4, 30, 19], [4, 20, 19], [4, 10, 15], [4, 10, 10]]
    """
    widths = [wish.wanted for wish in wishes]
    excess = sum(widths) + GAP * (len(wishes) - 1) - width
    for floors in (
        [wish.cells for wish in wishes],
        [wish.least if wish.sentence else wish.cells for wish in wishes],
        [wish.least for wish in wishes],
    ):
        while excess > 0:
            can_yield = [place for place, floor in enumerate(floors) if widths[place] > floor]
            if not can_yield:
                break
            widths[max(can_yield, key=widths.__getitem__)] -= 1
            excess -= 1
    return widths


def too_narrow(wish: Wish, width: int) -> bool:
    """Whether a column of sentences cannot be read at this width.

    Examples
    --------
    >>> sentence = Wish(60, 60, 12, sentence=True)
    >>> too_narrow(sentence, 12), too_narrow(sentence, 40), too_narrow(Wish(60, 60, 12), 12)
    (True, False, False)
    """
    return wish.sentence and width < min(wish.wanted, READABLE)
