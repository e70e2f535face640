"""Keeps secrets out of everything that is printed: at most their first 4 characters are shown."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from advisor.document.nodes import Data, Mapping, Node, Scalar
from advisor.nel.secrets import find_secrets, mask, names_secret
from advisor.patterns import pattern
from advisor.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document

# Shorter ones cannot be told from other text, and showing 4 characters of them shows nearly all.
_SHORTEST = 5
_LONG_WORD = pattern(r"[A-Za-z0-9]{10,}")
_BEFORE_HOST = pattern(r"://[^\s/@]*@")
_USERINFO = pattern(r"://[^\s/@:]*:([^\s/@]+)@|://([^\s/@:]{8,})@")
_SECRET_WORDS = ("key", "token", "secret", "passw", "credential", "authorization")
_NAME = pattern(r"[\w-]*")
_LONGEST_NAME = 60
_VALUE_AFTER = pattern(
    r"""[\w-]*["']?[ \t]*[:=][ \t]*(?:[&!]\S+[ \t]+)*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#,{}\[\]"'][^\n#,{}\[\]]*))"""
)
_BLOCK_AFTER = pattern(
    r"""[\w-]*["']?[ \t]*:[ \t]*(?:[&!]\S+[ \t]+)*[|>][-+0-9]*[^\n]*\n((?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+)"""
)
# What stands where a secret belongs and is none: a variable's name, an interpolation, a placeholder, plain words.
_NO_SECRET = pattern(
    r"\$\{|\$[A-Za-z_(]|<|\?\?\?|\A(?:host:|runtime:)|\A(?:\w+:)?[A-Z_][A-Z0-9_]*\Z|\A(?:null|Null|~|[Tt]rue|[Ff]alse|None|none|dummy|[\d.]{1,6})\Z"
)
_WORDS = pattern(r"[a-z]+(?:[-_][a-z]+)*\Z|.*\s", re.DOTALL)
_ALWAYS = pattern(r"passw|secret", re.IGNORECASE)


class Redactor(NamedTuple):
    """`secrets` are (secret, what is shown in its place), longest first."""

    secrets: tuple[tuple[str, str], ...] = ()

    def text(self, text: str) -> str:
        for secret, shown in self.secrets:
            if secret in text:
                text = text.replace(secret, shown)
        return text

    def in_place(self, text: str) -> str:
        """As `text`, each secret made as long as it was, so that places in the text stay."""
        for secret, shown in self.secrets:
            if secret in text:
                text = text.replace(secret, shown.ljust(len(secret), "*")[: len(secret)])
        return text

    def data(self, data: Data) -> Data:
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {self.text(name): self.data(value) for name, value in data.items()}
        if isinstance(data, list):
            return [self.data(value) for value in data]
        return data


# The last document and its redactor: whoever advises on a document asks for it more than once.
_last: list[tuple[Document, Redactor]] = []


def redactor_for(document: Document) -> Redactor:
    """A redactor for the secrets that a document holds, in its comments and in what does not parse too."""
    if not (_last and _last[0][0] is document):
        _last[:] = [(document, _redactor(document))]
    return _last[0][1]


def _redactor(document: Document) -> Redactor:
    found: dict[str, None] = {}
    for text in _secrets_of(document):
        for line in text.splitlines():
            piece = line.strip()
            if len(piece) >= _SHORTEST:
                found[piece] = None
    return Redactor(tuple((one, mask(one)) for one in sorted(found, key=len, reverse=True)))


def _secrets_of(document: Document) -> Iterator[str]:
    text = document.text
    yield from _by_shape(text)
    yield from _by_name(text)
    if document.root is not None:
        yield from _in_tree(document.root)


def _by_shape(text: str) -> Iterator[str]:
    """Secrets that their own look tells. Only lines that could hold one are looked at closely."""
    if "-----BEGIN" in text:
        yield from (text[start:end] for start, end in find_secrets(text))
    places = [match.start() for match in _LONG_WORD.finditer(text) if _may_be_random(match[0])]
    if "@" in text:
        places = sorted(places + [match.start() for match in _BEFORE_HOST.finditer(text)])
        yield from (one[1] or one[2] for one in _USERINFO.finditer(text))
    end = -1
    for place in places:
        if place > end:
            start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
            end = end if end >= 0 else len(text)
            line = text[start:end]
            yield from (line[a:b] for a, b in find_secrets(line))


def _may_be_random(word: str) -> bool:
    """Digits among letters, or capitals inside of a word."""
    if word.islower() and word.isalpha():
        return False
    if word.isalpha():
        return not word.isupper() and sum(map(str.isupper, word)) > 1
    return not word.isdigit()


def _by_name(text: str) -> Iterator[str]:
    """Values of keys, variables and flags whose name says that they hold a secret."""
    lower = text.lower()
    for word in _SECRET_WORDS:
        at = lower.find(word)
        while at >= 0:
            yield from _named_at(text, at)
            at = lower.find(word, at + len(word))


def _named_at(text: str, at: int) -> Iterator[str]:
    start = at
    while start > max(0, at - _LONGEST_NAME) and (text[start - 1].isalnum() or text[start - 1] in "_-"):
        start -= 1
    name = _NAME.match(text, start)
    if name is None or not _secret_name(name[0].strip("-").replace("-", "_")):
        return
    block = _BLOCK_AFTER.match(text, at)
    found = block or _VALUE_AFTER.match(text, at)
    if found is None:
        return
    value = next(group for group in found.groups() if group is not None).strip()
    if block or not _is_public(value := value.removeprefix("lit:").strip(), name[0]):
        yield value


def _in_tree(root: Node) -> Iterator[str]:
    """The same, of the values as YAML reads them."""
    todo: list[tuple[str, Node]] = [("", root)]
    for name, node in todo:
        if isinstance(node, Scalar):
            text = node.text
            if name and _secret_name(name) and not _is_public(value := text.removeprefix("lit:").strip(), name):
                yield value
            elif node.style == '"' or "\\" in text or "\n" in text:
                yield from (text[start:end] for start, end in find_secrets(text, name))
        elif isinstance(node, Mapping):
            todo += [(key, entry.value) for key, entry in node.entries.items()]
        else:
            todo += [("", item.value) for item in node.items]


def _is_public(value: str, name: str) -> bool:
    """Whether a value below a secret's name is none itself. A password may be a plain word, a key or token never is."""
    return bool(_NO_SECRET.search(value) or (_WORDS.match(value) and not _ALWAYS.search(name)))


@cache
def _secret_name(name: str) -> bool:
    return names_secret(name)
