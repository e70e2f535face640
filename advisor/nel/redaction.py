"""Keeps secrets out of everything that is printed: at most their first 4 characters are shown."""

from __future__ import annotations

import re

from advisor.document.nodes import Data, Mapping, Node, Scalar, Sequence
from advisor.nel.secrets import find_secrets, mask, may_hold_secret, names_secret, suspects
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document

# Shorter ones cannot be told from other text, and showing 4 characters of them shows nearly all.
_SHORTEST = 5
_BEFORE_HOST = pattern(r"://[^\s/@]*@")
_USERINFO = pattern(r"://[^\s/@:]*:([^\s/@]+)@|://([^\s/@:]{8,})@")
_SECRET_WORDS = ("key", "token", "secret", "passw", "credential", "authorization")
_NAME = pattern(r"[\w-]*")
_LONGEST_NAME = 60
_VALUE_AFTER = pattern(
    r"""[\w-]*+["']?[ \t]*[:=][ \t]*(?:[&!]\S+[ \t]+)*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#,{}\[\]"'][^\n#,{}\[\]]*))"""
)
_BLOCK_AFTER = pattern(
    r"""[\w-]*+["']?[ \t]*:[ \t]*(?:[&!]\S+[ \t]+)*[|>][-+0-9]*[^\n]*\n((?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)+)"""
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
    may_hold = may_hold_secret(text)
    if may_hold:
        yield from _by_shape(text)
    yield from _by_name(text)
    if document.root is not None:
        # Without a backslash every word of a value stands in the text as it is.
        yield from _in_tree(document.root, by_shape=may_hold or "\\" in text)


def _by_shape(text: str) -> Iterator[str]:
    """Secrets that their own look tells. Only lines that could hold one are looked at closely."""
    if "-----BEGIN" in text:
        yield from (text[start:end] for start, end in find_secrets(text))
    places = list(suspects(text))
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


def _by_name(text: str) -> Iterator[str]:
    """Values of keys, variables and flags whose name says that they hold a secret."""
    # The one capital whose small form is two characters would move all that comes after it.
    lower = text.replace("\u0130", "i").lower()
    for word in _SECRET_WORDS:
        at = lower.find(word)
        while at >= 0:
            value = _named_at(text, at)
            if value is not None:
                yield value
            at = lower.find(word, at + len(word))


def _named_at(text: str, at: int) -> str | None:
    """The secret below a name that has a word of `_SECRET_WORDS` at this place."""
    start, first = at, max(0, at - _LONGEST_NAME)
    while start > first and ((char := text[start - 1]).isalnum() or char in "_-"):
        start -= 1
    name = _NAME.match(text, start)
    if name is None or not names_secret(name[0].strip("-").replace("-", "_")):
        return None
    found = _VALUE_AFTER.match(text, at)
    if found is None:
        return None
    value = str(found[found.lastindex or 0])
    if value.startswith(("|", ">")) and (block := _BLOCK_AFTER.match(text, at)):
        return block[1].strip()
    value = value.strip().removeprefix("lit:").strip()
    return None if _is_public(value, name[0]) else value


def _in_tree(root: Node, *, by_shape: bool) -> Iterator[str]:
    """The same, of the values as YAML reads them; `by_shape` says whether any may be told by its look."""
    todo: list[Node] = [root]
    if isinstance(root, Scalar):
        yield from _in_scalar("", root, by_shape=by_shape)
    for node in todo:
        if isinstance(node, Mapping):
            for name, entry in node.entries.items():
                value = entry.value
                if not isinstance(value, Scalar):
                    todo.append(value)
                elif by_shape or names_secret(name):
                    yield from _in_scalar(name, value, by_shape=by_shape)
        elif isinstance(node, Sequence):
            for item in node.items:
                value = item.value
                if not isinstance(value, Scalar):
                    todo.append(value)
                elif by_shape:
                    yield from _in_scalar("", value, by_shape=by_shape)


def _in_scalar(name: str, node: Scalar, *, by_shape: bool) -> Iterator[str]:
    text = node.text
    if name and names_secret(name) and not _is_public(value := text.removeprefix("lit:").strip(), name):
        yield value
    elif by_shape and (node.style == '"' or "\\" in text or "\n" in text):
        yield from (text[start:end] for start, end in find_secrets(text, name))


def _is_public(value: str, name: str) -> bool:
    """Whether a value below a secret's name is none itself. A password may be a plain word, a key or token never is."""
    return bool(_NO_SECRET.search(value) or (_WORDS.match(value) and not _ALWAYS.search(name)))
