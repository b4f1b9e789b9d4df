"""What a query asks for: its terms, phrases and negations, and the graph of how they combine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from scrypath.local.engine.search.derive import Typos, derivations, split
from scrypath.local.engine.search.docids import Docids
from scrypath.local.engine.search.postings import Postings
from scrypath.local.engine.search.tokens import Tokenizer

MAX_WORDS: Final = 10
MAX_TOKENS: Final = 1000
MAX_SYNONYMS: Final = 50
MAX_SYNONYM_WORDS: Final = 100
MAX_WORD_BYTES: Final = 250

type Phrase = tuple[str | None, ...]


@dataclass(slots=True)
class Term:
    """One thing to find: a word with its variants by number of typos, or a phrase.

    Parameters
    ----------
    word
        The word as typed, in normal form; empty for a phrase.
    first, last
        Numbers of the query's terms it stands for; more than one for words written together.
    start, end
        Positions in the query.
    phrase
        Words that must stand side by side, None for a stop word among them.
    prefix
        Whether a word may only begin like this one.
    typos
        How many typos are tolerated.
    ngram
        The words that are written together, if they are.
    known
        Whether the index has the word itself.
    synonyms
        What may stand instead.
    words
        Words of the index one and two typos away.
    halves
        The two words it may consist of.
    documents
        The documents it matches, by number of typos.
    """

    word: str
    first: int
    last: int
    start: int
    end: int
    phrase: Phrase | None = None
    prefix: bool = False
    typos: int = 0
    ngram: Phrase = ()
    known: bool = True
    synonyms: list[Phrase] = field(default_factory=list)
    words: tuple[list[str], list[str]] = ([], [])
    halves: tuple[str, str] | None = None
    documents: list[Docids] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of words of the query it stands for."""
        return self.last - self.first + 1

    @property
    def base_typos(self) -> int:
        """Typos that writing words together counts for."""
        return 0 if self.size == 1 else self.size

    @property
    def max_typos(self) -> int:
        """The highest number of typos this term can have, a split word counting as one."""
        return 0 if self.phrase is not None else max(1, self.typos)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    Parameters
    ----------
    terms
        The terms in the order of the query.
    nodes
        The terms and the words written together, with the documents they match.
    negative_words, negative_phrases
        What must not appear.
    """

    terms: list[Term]
    nodes: list[Term]
    negative_words: list[str]
    negative_phrases: list[Phrase]

    def starting(self, at: int) -> Iterator[Term]:
        """Yield the nodes that begin with the term of this number."""
        return (node for node in self.nodes if node.first == at)

    @property
    def size(self) -> int:
        """Number of terms."""
        return len(self.terms)


def parse(text: str, settings: Mapping[str, Any], tokenizer: Tokenizer) -> Query:
    """Return the terms of a query; their documents are not looked up yet."""
    typos = Typos(settings)
    prefixes = settings["prefixSearch"] != "disabled"
    reader = _Reader(typos, prefixes)
    tokens = [token for _, token in zip(range(MAX_TOKENS), tokenizer.tokens(text), strict=False)]
    for index, token in enumerate(tokens):
        if len(reader.terms) >= MAX_WORDS:
            break
        if token.kind in {"word", "stop"}:
            reader.word(token.text, stop=token.kind == "stop", final=index == len(tokens) - 1)
        else:
            reader.separator(token.text, hard=token.kind == "hard")
    reader.close()
    nodes = list(reader.terms)
    for term in reader.terms:
        for count in (2, 3):
            group = reader.terms[term.first - count + 1 : term.first + 1] if term.first >= count - 1 else []
            joined = _together(group, typos) if group else None
            if joined is not None:
                nodes.append(joined)
    synonyms = _synonyms(settings, tokenizer)
    for node in nodes:
        key = node.ngram or (node.word,)
        node.synonyms = synonyms.get(key, []) if node.phrase is None else []
    return Query(reader.terms, nodes, reader.negative_words, reader.negative_phrases)


def look_up(query: Query, settings: Mapping[str, Any], postings: Postings) -> None:
    """Find the variants of every node in the index, and the documents of each number of typos."""
    typos = Typos(settings)
    for node in query.nodes:
        if node.phrase is not None:
            node.documents = [postings.phrase(node.phrase)]
            continue
        if len(node.word.encode()) > MAX_WORD_BYTES:
            node.documents = [set(), set(), set()]
            continue
        exact = postings.prefix(node.word) if node.prefix else postings.words([node.word])
        for synonym in node.synonyms:
            exact |= postings.phrase(synonym)
        node.known = postings.contains(node.word)
        node.words = derivations(postings, typos, node.word, node.typos, prefix=node.prefix)
        halves = split(postings, node.word)
        node.halves = None if halves is None or node.ngram == halves else halves
        one = postings.words(node.words[0], tolerant=True)
        if node.halves is not None:
            one |= postings.phrase(node.halves)
        node.documents = [exact, one, postings.words(node.words[1], tolerant=True)]


def _synonyms(settings: Mapping[str, Any], tokenizer: Tokenizer) -> dict[Phrase, list[Phrase]]:
    found: dict[Phrase, list[Phrase]] = {}
    for word, others in settings["synonyms"].items():
        phrases = found.setdefault(tuple(tokenizer.words(word)), [])
        count = sum(map(len, phrases))
        for other in others:
            phrase: Phrase = tuple(tokenizer.words(other))
            if phrase and len(phrases) < MAX_SYNONYMS and count + len(phrase) <= MAX_SYNONYM_WORDS:
                phrases.append(phrase)
                count += len(phrase)
    return found


def _together(group: Sequence[Term], typos: Typos) -> Term | None:
    if any(term.phrase is not None for term in group):
        return None
    if any(left.end + 1 != right.start for left, right in pairwise(group)):
        return None
    word = "".join(term.word for term in group)
    if len(word.encode()) > MAX_WORD_BYTES:
        return None
    return Term(
        word,
        first=group[0].first,
        last=group[-1].last,
        start=group[0].start,
        end=group[-1].end,
        prefix=group[-1].prefix,
        typos=max(0, typos.allowed(word) - (len(group) - 1)),
        ngram=tuple(term.word for term in group),
    )


class _Reader:
    def __init__(self, typos: Typos, prefixes: bool) -> None:
        self.typos = typos
        self.prefixes = prefixes
        self.terms: list[Term] = []
        self.negative_words: list[str] = []
        self.negative_phrases: list[Phrase] = []
        self.position = -1
        self.quoted: list[str | None] | None = None
        self.quoted_from = 0
        self.negative_phrase = False
        self.negative_next = False
        self.after_space = True

    def word(self, word: str, *, stop: bool, final: bool) -> None:
        self.position += 1
        self.after_space = False
        if self.quoted is not None:
            if all(part is None for part in self.quoted):
                self.quoted_from = self.position
            self.quoted.append(None if stop else word)
        elif self.negative_next:
            self.negative_words.append(word)
            self.negative_next = False
        elif final or not stop:
            self.add(Term(word, 0, 0, self.position, self.position))
            self.terms[-1].prefix = final and self.prefixes
            self.terms[-1].typos = self.typos.allowed(word)

    def add(self, term: Term) -> None:
        term.first = term.last = len(self.terms)
        self.terms.append(term)

    def separator(self, text: str, *, hard: bool) -> None:
        if hard:
            self.position += 7
            if self.quoted is not None:
                self.end_phrase()
                self.quoted = []
        quotes = text.count('"')
        if quotes:
            if self.quoted is not None:
                quotes -= 1
                self.end_phrase()
                self.negative_phrase = False
            if quotes % 2:
                self.negative_phrase = self.negative_next
                self.quoted = []
        self.negative_next = self.quoted is None and text == "-" and self.after_space
        self.after_space = text[-1:].isspace()

    def end_phrase(self) -> None:
        words, self.quoted = self.quoted or [], None
        if all(word is None for word in words):
            return
        if self.negative_phrase:
            self.negative_phrases.append(tuple(words))
        else:
            self.add(Term("", 0, 0, self.quoted_from, self.position, phrase=tuple(words)))

    def close(self) -> None:
        if self.quoted is not None:
            self.end_phrase()
