"""A shell script as words with exact places. Nothing is run and nothing is expanded."""

from __future__ import annotations

import re
from functools import lru_cache

from advisor.patterns import pattern
from advisor.records import NamedTuple

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = pattern(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_OPERATOR = pattern(r"&&|\|\||\|&|;;&|;;|;&|;|\||&(?!>)|\n|\(|\)")
_REDIRECTION = pattern(r"\d*(?:<<<|<<-?|<>|>>|>\||>&|<&|>|<)|&>>?")
_PLAIN = pattern(r"[^\s\\'\"`$;&|()<>#{}]+")
# What templates leave to fill in; a shell would read two redirections.
_PLACEHOLDER = pattern(r"<[A-Za-z][^<>|&;\n'\"`$]{0,80}>")
# Of what NEL fills in, only these hold several words.
_MANY_WORDS = pattern(r"(?:args|command|flags|options)\s*\}\Z")
_MAX_BRACES = 20
_SPECIAL = "0123456789@*#?$!-_"


class Word(NamedTuple):
    """One word after unquoting. What only a shell can tell (`$VAR`, `$(...)`) stays in `text` as written, and
    `known` is False. `splits` says that it may become several words, or none.

    `start` and `end` are indexes in the script, quotes included; `starts` has the index of every character of `text`.
    """

    text: str
    start: int
    end: int
    starts: tuple[int, ...]
    known: bool = True
    splits: bool = False

    def range(self, start: int, end: int) -> tuple[int, int]:
        """The script's range for `text[start:end]`."""
        if start == 0 and end == len(self.text):
            return self.start, self.end
        if start >= end:
            at = self.starts[start] if start < len(self.starts) else self.end
            return at, at
        return self.starts[start], self.starts[end - 1] + 1


class Assignment(NamedTuple):
    """`NAME=value`, before a command, exported, or on its own."""

    name: str
    value: Word
    exported: bool = False

    @property
    def start(self) -> int:
        return self.value.start - len(self.name) - 1


class Command(NamedTuple):
    """One simple command: its words without assignments and redirections. `ended` is False where a quote stays open."""

    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    ended: bool = True


@lru_cache(maxsize=256)
def split_commands(script: str) -> tuple[Command, ...]:
    """Every simple command of a script, in order, those in groups and conditions too. Never raises."""
    reader = _Reader(script)
    reader.read()
    return tuple(reader.commands)


class _Reader:
    def __init__(self, script: str) -> None:
        self.script = script
        self.at = 0
        self.commands: list[Command] = []
        self.words: list[Word] = []
        self.assignments: list[Assignment] = []
        self.documents: list[tuple[str, bool]] = []
        self.open = False

    def read(self) -> None:
        script, size = self.script, len(self.script)
        while self.at < size:
            char = script[self.at]
            if char in " \t\r\v\f":
                self.at += 1
            elif script.startswith("\\\n", self.at) or script.startswith("\\\r\n", self.at):
                self.at += 2 if script[self.at + 1] == "\n" else 3
            elif char == "#":
                end = script.find("\n", self.at)
                self.at = size if end < 0 else end
            elif (redirection := _REDIRECTION.match(script, self.at)) and not _PLACEHOLDER.match(script, self.at):
                self.redirect(redirection.group())
            elif operator := _OPERATOR.match(script, self.at):
                self.at = operator.end()
                self.finish()
                if operator.group() == "\n":
                    self.skip_documents()
            else:
                self.add(self.word())
        self.finish()

    def add(self, word: Word) -> None:
        match = _ASSIGNMENT.match(self.script, word.start)
        bare = not self.words or all(
            one.text in ("export", "declare", "local", "readonly", "env") for one in self.words
        )
        if match and bare and word.text.startswith(match.group()):
            cut = len(match.group())
            value = Word(word.text[cut:], match.end(), word.end, word.starts[cut:], word.known, splits=False)
            self.assignments.append(Assignment(match[1], value, bool(self.words) and self.words[0].text != "local"))
        elif not (word.text in ("{", "}") and word.end == word.start + 1):
            self.words.append(word)

    def finish(self) -> None:
        if self.words or self.assignments:
            self.commands.append(Command(tuple(self.words), tuple(self.assignments), not self.open))
        self.words, self.assignments, self.open = [], [], False

    def redirect(self, operator: str) -> None:
        self.at += len(operator)
        while self.at < len(self.script) and self.script[self.at] in " \t":
            self.at += 1
        if self.at >= len(self.script) or _OPERATOR.match(self.script, self.at):
            if self.script.startswith("(", self.at):
                self.at = self.closing(self.at + 1, "(", ")")
            return
        target = self.word()
        if operator.lstrip("0123456789") in ("<<", "<<-"):
            self.documents.append((target.text, operator.endswith("-")))

    def skip_documents(self) -> None:
        """Past the bodies of the here-documents that the line before began."""
        for name, tabs in self.documents:
            while self.at < len(self.script):
                end = self.script.find("\n", self.at)
                end = len(self.script) if end < 0 else end
                line = self.script[self.at : end].rstrip("\r")
                self.at = min(end + 1, len(self.script))
                if (line.lstrip("\t") if tabs else line) == name:
                    break
        self.documents = []

    def word(self) -> Word:
        script, size, start = self.script, len(self.script), self.at
        text: list[str] = []
        starts: list[int] = []
        known, splits = True, False

        def literal(begin: int, end: int) -> None:
            text.append(script[begin:end])
            starts.extend(range(begin, end))

        while self.at < size:
            at, char = self.at, script[self.at]
            if placeholder := _PLACEHOLDER.match(script, at):
                literal(at, placeholder.end())
                self.at, known = placeholder.end(), False
                continue
            if char in " \t\r\v\f" or _OPERATOR.match(script, at) or (char in "<>" and at > start):
                break
            if plain := _PLAIN.match(script, at):
                literal(at, plain.end())
                self.at = plain.end()
            elif char == "\\":
                if script.startswith("\n", at + 1) or script.startswith("\r\n", at + 1):
                    self.at = at + (2 if script[at + 1] == "\n" else 3)
                    continue
                literal(min(at + 1, size - 1), min(at + 2, size))
                self.at = at + 2
            elif char == "'" or script.startswith("$'", at):
                begin = at + (1 if char == "'" else 2)
                end = script.find("'", begin)
                self.open |= end < 0
                end = size if end < 0 else end
                literal(begin, end)
                # NEL replaces `${` before a shell sees the quotes.
                known &= "${" not in script[begin:end] and (char == "'" or "\\" not in script[begin:end])
                self.at = end + 1
            elif char == '"' or script.startswith('$"', at):
                self.at = at + (1 if char == '"' else 2)
                known &= self.quoted(text, starts)
            elif char in "$`":
                end = self.expansion(at)
                literal(at, end)
                if end > at + 1:
                    known, splits = False, splits or _may_split(script[at:end])
                self.at = end
            elif char == "{" and self.braces(at):
                known, splits = False, True
                literal(at, at + 1)
                self.at = at + 1
            else:
                literal(at, at + 1)
                self.at = at + 1
        self.at = min(max(self.at, start + 1), size)
        return Word("".join(text), start, self.at, tuple(starts), known, splits)

    def quoted(self, text: list[str], starts: list[int]) -> bool:
        """The rest of a double-quoted string; False where it holds an expansion."""
        script, size, known = self.script, len(self.script), True
        while self.at < size and script[self.at] != '"':
            at, end = self.at, self.at + 1
            if script[at] == "\\" and script[at + 1 : at + 2] in tuple('$`"\\'):
                at, end = at + 1, at + 2
            elif script.startswith("\\\n", at):
                self.at = at + 2
                continue
            elif script[at] in "$`":
                end = self.expansion(at)
                known &= end == at + 1
            text.append(script[at:end])
            starts.extend(range(at, end))
            self.at = end
        self.open |= self.at >= size
        self.at += 1
        return known

    def expansion(self, at: int) -> int:
        """The end of the `$...` or backquoted command that begins at `at`; one further for a `$` that is just one."""
        script, size = self.script, len(self.script)
        if script[at] == "`":
            end = at + 1
            while end < size and script[end] != "`":
                end += 2 if script[end] == "\\" else 1
            self.open |= end >= size
            return min(end + 1, size)
        if script.startswith("${", at):
            return self.closing(at + 2, "{", "}")
        if script.startswith("$(", at):
            return self.closing(at + 2, "(", ")")
        name = _NAME.match(script, at + 1)
        if name:
            return name.end()
        return at + 2 if at + 1 < size and script[at + 1] in _SPECIAL else at + 1

    def closing(self, at: int, opener: str, closer: str) -> int:
        """Past the bracket that closes the one before `at`, quotes inside respected."""
        script, size, depth, quote = self.script, len(self.script), 1, ""
        while at < size:
            char = script[at]
            if char == "\\" and quote != "'":
                at += 2
                continue
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == opener:
                depth += 1
            elif char == closer:
                depth -= 1
                if depth == 0:
                    return at + 1
            at += 1
        self.open = True
        return size

    def braces(self, at: int) -> bool:
        """Whether an unquoted `{` begins a brace expansion: a comma or `..` before its `}`, in the same word."""
        depth, found, quote = 0, False, ""
        for i in range(at, len(self.script)):
            char = self.script[i]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in " \t\n;&|":
                return False
            elif char == "{":
                depth += 1
                if depth > _MAX_BRACES:
                    return True
            elif char == "}":
                depth -= 1
                if depth == 0:
                    return found
            elif depth == 1 and (char == "," or self.script.startswith("..", i)):
                found = True
        return False


def _may_split(expansion: str) -> bool:
    """Whether what takes an unquoted expansion's place may be several words, or none."""
    if expansion.startswith("${") and re.search(r"[.:]", expansion):
        return bool(_MANY_WORDS.search(expansion))
    return True
