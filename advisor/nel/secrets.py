"""Texts that are secrets by their shape, and how much of one may be shown.

A false alarm is worse than a miss here: words, paths, model names, digests, `${...}`, names of variables never count.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from math import log2

from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 4
# Behind an issuer's prefix, so many letters and digits in a row are no word.
_UNMISTAKABLE = 24

# Shapes that their issuer makes unmistakable.
_ISSUED = pattern(
    r"""(?<![A-Za-z0-9_])(?:
        hf_[A-Za-z0-9]{16,}
      | nvapi-[A-Za-z0-9_-]{16,}
      | sk-(?:[a-z0-9]+-)*[A-Za-z0-9_-]{16,}
      | (?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])
      | gh[pousr]_[A-Za-z0-9]{20,}
      | github_pat_[A-Za-z0-9_]{22,}
      | gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_.-]{16,}
      | xox[abeoprs]-[A-Za-z0-9-]{16,}
      | AIza[0-9A-Za-z_-]{30,}
      | eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    )""",
    re.VERBOSE,
)
_PRIVATE_KEY = pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_USERINFO = pattern(r"\b[a-z][a-z0-9+.-]*://[^\s/@:]*:([^\s/@]+)@(?!sha256:)", re.IGNORECASE)
_BEARER = pattern(r"\b(?:bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
# KEY=value and --api-key value in a command; an unquoted value ends at a blank.
_ASSIGNED = pattern(
    r"""(?:\b[A-Za-z0-9_]*(?:api_?key|token|secret|passw(?:or)?d|access_?key)\s*[=:]\s*
      | --[a-z-]*(?:api-key|token|secret|password)[=\s]\s*)["']?([^\s"'$<>(){}]{8,})""",
    re.IGNORECASE | re.VERBOSE,
)
# `token=` and 8 characters; an issuer's prefix and 16: nothing shorter has such a shape.
_SHORTEST_ASSIGNED, _SHORTEST_ISSUED = 14, 19
# Beside / + or = it is a piece of base64: a picture as soon as a key.
_RUN = pattern(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9]{32,}(?![A-Za-z0-9/+=])")

_SECRET_NAME = pattern(
    r"(?:^|_)(?:API_?KEYS?|ACCESS_?KEY(?:_ID)?|SECRET_?KEY|PRIVATE_?KEY|AUTH_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|PAT|CREDENTIALS?"
    r"|AUTHORIZATION)(?:$|_)",
    re.IGNORECASE,
)
# Names of names, and tokens that are pieces of text.
_NOT_SECRET_NAME = pattern(
    r"(?:_|^)(?:NAME|NAMES|REF|FILE|PATH|DIR|URL|URI|TYPE|COUNT|LIMIT)$|REASONING|TOKENIZER|_TOKENS$|(?:EOS|BOS|PAD|START|END|STOP)_TOKEN",
    re.IGNORECASE,
)
_PLACEHOLDER = pattern(
    r"\$\{|\$[A-Za-z_(]|<|>|\.\.\.|…|\*\*\*|(.)\1{5,}|your|example|placeholder|changeme|change_me|redacted|dummy|xxxx",
    re.IGNORECASE,
)
_VARIABLE = pattern(r"(?:host:|runtime:)?[A-Z_][A-Z0-9_]*\Z")
# Letters and digits of ASCII as one mark, anything else as a blank: long words are then found without a pattern.
_MARKS = bytes(ord("x") if chr(code).isalnum() and code < 128 else ord(" ") for code in range(256))
_LONG = b"x" * 10


@lru_cache(maxsize=4096)
def names_secret(name: str) -> bool:
    """Whether a key or variable of this name holds a secret: HF_TOKEN, api_key; not api_key_name, max_new_tokens."""
    return bool(_SECRET_NAME.search(name)) and not _NOT_SECRET_NAME.search(name)


def looks_like_secret(text: str, name: str = "") -> bool:
    """Whether a text holds a secret. `name` is the key or variable that it is the value of, where there is one."""
    return bool(find_secrets(text, name))


def find_secrets(text: str, name: str = "") -> tuple[tuple[int, int], ...]:
    """The secrets in a text, as (start, end) in it, in order and apart. Below a name that says so, less is enough."""
    if not may_hold_secret(text):
        return ()
    found = sorted(
        set(_shapes(text)) | ({_whole(text)} if name and names_secret(name) and _key_like(_stripped(text)) else set())
    )
    apart: list[tuple[int, int]] = []
    for start, end in found:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return tuple(apart)


def may_hold_secret(text: str) -> bool:
    """What every text with a secret in it passes, and hardly any other."""
    if ("@" in text and "://" in text) or "-----BEGIN" in text:
        return True
    return next(suspects(text), None) is not None


def suspects(text: str) -> Iterator[int]:
    """Where long words stand that may be none. Every secret has one, but for a private key and one before a host."""
    if len(text) < len(_LONG):
        return
    marks = text.encode("ascii", "replace").translate(_MARKS)
    start = marks.find(_LONG)
    while start >= 0:
        end = marks.find(b" ", start)
        end = len(text) if end < 0 else end
        word = text[start:end]
        if _is_mixed(word) or end - start >= _UNMISTAKABLE:
            yield start
        start = marks.find(_LONG, end)


def _is_mixed(word: str) -> bool:
    """Digits among letters, or capitals inside of a word."""
    if word.isalpha():
        return not (word.islower() or word.isupper()) and sum(map(str.isupper, word)) > 1
    return not word.isdigit()


def mask(text: str) -> str:
    """What may be shown of a secret: its first 4 characters, fewer of a short one."""
    return text[: min(_SHOWN, len(text) // 4)] + "…"


def _shapes(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        for match in _USERINFO.finditer(text):
            if not _PLACEHOLDER.search(match[1]) and match[1].lower() not in ("password", "pass", "token"):
                yield match.span(1)
    if len(text) < _SHORTEST_ASSIGNED:
        return
    for shape in (_BEARER, _ASSIGNED):
        for match in shape.finditer(text):
            if _key_like(match[1]):
                yield match.span(1)
    if len(text) < _SHORTEST_ISSUED:
        return
    for match in _ISSUED.finditer(text):
        if (_random(match[0]) or _longest_run(match[0]) >= _UNMISTAKABLE) and not _PLACEHOLDER.search(match[0]):
            yield match.span()
    if "-----BEGIN" in text:
        yield from (match.span() for match in _PRIVATE_KEY.finditer(text))
    for match in _RUN.finditer(text):
        if _scrambled(match[0]):
            yield match.span()


def _whole(text: str) -> tuple[int, int]:
    stripped = _stripped(text)
    start = text.index(stripped)
    return start, start + len(stripped)


def _stripped(text: str) -> str:
    return text.strip().removeprefix("lit:").strip()


def _key_like(text: str) -> bool:
    """A value that can only be a key: one word, letters and digits mixed, no name, path or address."""
    if (
        len(text) < 12
        or _PLACEHOLDER.search(text)
        or _VARIABLE.match(text)
        or re.search(r"\s|://|^[/~.]|[/:].*[/:]", text)
    ):
        return False
    return _longest_run(text) >= 12 and bool(re.search("[0-9]", text)) and _random(text)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"[A-Za-z0-9]+", text)), default=0)


def _random(text: str) -> bool:
    """Letters and digits (or both cases) mixed as no word mixes them."""
    body = re.sub(r"\A(?:hf|gh[pousr]|github_pat)_|\A(?:nvapi|sk|xox.|gl[a-z]+)-", "", text)
    longest = max(re.findall(r"[A-Za-z0-9]+", body), key=len, default="")
    kinds = sum(bool(re.search(kind, longest)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return (
        len(longest) >= 10
        and kinds >= 2
        and _entropy(longest) > 2.8
        and len(re.findall("[0-9]", longest)) + _changes(longest) >= 4
    )


def _scrambled(text: str) -> bool:
    """All three kinds of character, changing as often as chance has it."""
    return bool(
        re.search("[a-z]", text)
        and re.search("[A-Z]", text)
        and re.search("[0-9]", text)
        and _changes(text) >= 0.5 * len(text)
        and _entropy(text) > 4
    )


def _changes(text: str) -> int:
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in text]
    return sum(a != b for a, b in pairwise(kinds))


def _entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    counts = [text.count(c) for c in set(text)]
    return -sum(n / len(text) * log2(n / len(text)) for n in counts)
