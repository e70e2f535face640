"""A server's arguments as flags, by the rules of its own parser."""

from __future__ import annotations

import re

from advisor.nel.engine import EngineVersion
from advisor.nel.engine_table import KNOWN, NEGATION, UNKNOWN, FlagAnswer
from advisor.nel.image import VLLM
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from advisor.nel.command import Serve
    from advisor.nel.words import Word

_NUMBER = pattern(r"-(?:\d+|\d*\.\d+)\Z")
_BLANK = pattern(r"\s")
# `sglang serve` takes it away before its parser sees the rest.
_BEFORE_PARSER = {"sglang serve": "--model-type"}
_FILES = ("--config",)
# `vllm serve --omni` is the program of another package, vllm-omni, with flags of its own.
_OTHER_PROGRAM = "--omni"

Range: TypeAlias = "tuple[int, int]"


class Flag(NamedTuple):
    """One flag of a command. `name` is the engine's main name ("--tensor-parallel-size"), or the one written where the
    engine does not tell; `key` is the rest of a dotted one ("cudagraph_mode" of `--compilation-config.cudagraph_mode`).

    `value` is None for a boolean and where it is missing; of a list it is the words joined by blanks. `known` is False
    where only a shell can tell the value, `guessed` is True where the engine does not say whether it takes one.
    Ranges are indexes in the command's text; `span` is name and value.
    """

    name: str
    written: str
    value: str | None
    span: Range
    name_span: Range
    value_span: Range | None
    answer: FlagAnswer
    values: tuple[str, ...] = ()
    key: str = ""
    negated: bool = False
    known: bool = True
    guessed: bool = False
    missing: bool = False


class Arguments(NamedTuple):
    """The flags in order, the model where it stands as a word of its own, and the words that belong to nothing.

    `complete` is False where more flags may come from a shell or a file.
    """

    flags: tuple[Flag, ...]
    model: Word | None
    stray: tuple[Word, ...]
    complete: bool

    def get(self, name: str) -> Flag | None:
        """The flag that counts: of several the last. A dotted one is another flag."""
        return next((flag for flag in reversed(self.flags) if flag.name == name and not flag.key), None)

    def all(self, name: str) -> tuple[Flag, ...]:
        return tuple(flag for flag in self.flags if flag.name == name)


def parse_flags(serve: Serve, engine: EngineVersion) -> Arguments:
    """The flags of a server's words."""
    if any(word.text == _OTHER_PROGRAM for word in serve.words) and engine.engine == VLLM:
        engine = EngineVersion("vllm-omni", engine.version, (), "the flags of vllm-omni are not in our tables")
    reader = _Reader(serve, engine)
    reader.read()
    complete = serve.complete and not any(flag.name in _FILES for flag in reader.flags)
    model = reader.stray.pop(0) if reader.stray and serve.entry and not serve.entry.endswith("server") else None
    return Arguments(tuple(reader.flags), model, tuple(reader.stray), complete)


class _Reader:
    def __init__(self, serve: Serve, engine: EngineVersion) -> None:
        self.words, self.engine = serve.words, engine
        self.before_parser = _BEFORE_PARSER.get(serve.entry)
        self.at = 0
        self.flags: list[Flag] = []
        self.stray: list[Word] = []

    def read(self) -> None:
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            if word.text == "--":
                self.stray += self.words[self.at :]
                return
            if _is_option(word):
                self.flags.append(self.flag(word))
            else:
                self.stray.append(word)

    def flag(self, word: Word) -> Flag:
        written, equals, _inline = word.text.partition("=")
        if self.engine.engine == VLLM and written.startswith("-O") and not written.startswith("-O."):
            return self.optimization(word)
        base, key = written, ""
        if self.engine.engine == VLLM:
            base, _, key = written.partition(".")
        answer = self.answer(base)
        if answer.status == UNKNOWN and not written.startswith("--") and len(written) > 2:
            short = self.answer(written[:2])
            if short.status == KNOWN and short.nargs != 0:
                return self.made(word, short, word.text[:2], "", cut=2)
        if equals:
            return self.made(word, answer, base, key, len(base) + bool(key) + len(key) + 1)
        return self.made(word, answer, base, key, None)

    def answer(self, written: str) -> FlagAnswer:
        if written == self.before_parser:
            return FlagAnswer(KNOWN, written, written, nargs=1)
        return self.engine.flag(written)

    def optimization(self, word: Word) -> Flag:
        """`-O3`, `-O=3` and `-O 3`: a level of the compilation until 0.11, a flag of its own since."""
        own = self.engine.flag("--optimization-level")
        cut: int | None = len(word.text) - len(word.text.removeprefix("-O").removeprefix("="))
        if word.text == "-O":
            cut = None
            following = self.words[self.at].text if self.at < len(self.words) else ""
            if not re.match(r"[0-3]\Z", following):
                return self.made(word, self.engine.flag("-O"), "-O", "", None)
        if own.flag is not None and own.status not in ("not-yet",):
            return self.made(word, own, "-O", "", cut)
        return self.made(word, self.engine.flag("-O"), "-O", "level", cut)

    def made(self, word: Word, answer: FlagAnswer, base: str, key: str, cut: int | None) -> Flag:
        """The flag, with the value that follows in the word from `cut` on, or in the next words."""
        negated = answer.matched == NEGATION
        nargs = 0 if negated else answer.nargs
        if key:
            nargs = 1
        guessed = nargs is None
        if cut is not None:
            name_end = word.range(0, cut)[1] if cut < len(word.text) else word.end
            value_span: Range | None = word.range(cut, len(word.text))
            values: tuple[str, ...] = (word.text[cut:],)
            taken: tuple[Word, ...] = (word,)
            if word.text[cut - 1] == "=":
                name_end = word.range(0, cut - 1)[1]
        else:
            name_end = word.end
            taken = self.take(nargs, dotted=bool(key))
            values = tuple(one.text for one in taken)
            value_span = (taken[0].start, taken[-1].end) if taken else None
        return Flag(
            answer.flag or (base.replace("_", "-") if self.engine.engine == VLLM and base.startswith("--") else base),
            f"{base}.{key}" if key and base != "-O" else base,
            " ".join(values) if values else None,
            (word.start, max(word.end, taken[-1].end if taken else 0)),
            (word.start, name_end),
            value_span,
            answer,
            values,
            key,
            negated,
            word.known and all(one.known for one in taken),
            guessed,
            missing=not values and nargs in (1, "+"),
        )

    def take(self, nargs: int | str | None, *, dotted: bool) -> tuple[Word, ...]:
        """The words that the flag takes: those up to the next flag, as many as it may have."""
        start = self.at
        most = 0 if nargs == 0 else len(self.words) if nargs in ("+", "*") else 1
        if dotted and start < len(self.words):
            # vLLM takes the next word whatever it looks like.
            self.at += 1
            return self.words[start : self.at]
        while self.at - start < most and self.at < len(self.words):
            word = self.words[self.at]
            if word.text == "--" or _is_option(word):
                break
            self.at += 1
        return self.words[start : self.at]


def _is_option(word: Word) -> bool:
    """argparse: it begins with a dash, is no number, and has no blank before its `=`."""
    text = word.text
    return (
        text.startswith("-") and len(text) > 1 and not _NUMBER.match(text) and not _BLANK.search(text.partition("=")[0])
    )
