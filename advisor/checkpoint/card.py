"""The model card: what the front matter says of the model, and the serve commands that its code blocks document."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from advisor.checkpoint.jsonfile import read_text, strings

if TYPE_CHECKING:
    from advisor.checkpoint.files import CheckpointFiles

MAX_BYTES = 2 * 1024 * 1024
MAX_FRONT_MATTER = 128 * 1024
MAX_DEPTH = 20
MAX_COMMANDS = 50
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_STARTS = ("vllm serve", "vllm.entrypoints", "sglang.launch_server", "sglang serve", "trtllm-serve")


@dataclass(frozen=True, slots=True)
class ServeCommand:
    """One documented command. `flags` as written, names with their dashes, value None for a switch; `line` from 1."""

    engine: Literal["vllm", "sglang", "trtllm"]
    model: str | None
    flags: tuple[tuple[str, str | None], ...]
    environment: tuple[tuple[str, str], ...]
    line: int

    def flag(self, *names: str) -> str | None:
        """The value of the first of these flags that is there."""
        return next((value for name, value in self.flags if name in names and value is not None), None)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """README.md. `base_models` as the front matter names them, which may be a local path."""

    base_models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    commands: tuple[ServeCommand, ...] = ()

    def documented(self, engine: str, *names: str) -> tuple[str, ...]:
        """The values that this engine's documented commands give a flag, e.g. --reasoning-parser; each once."""
        values = (command.flag(*names) for command in self.commands if command.engine == engine)
        return tuple(dict.fromkeys(value for value in values if value is not None))


def read_card(files: CheckpointFiles) -> ModelCard | None:
    """README.md, or None where there is none that can be read."""
    text = read_text(files, "README.md", MAX_BYTES)
    if text is None:
        return None
    front, body, first_line = _split(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    data = _front_matter(files, front) if front else {}
    return ModelCard(
        base_models=strings(data.get("base_model")),
        tags=strings(data.get("tags")),
        commands=tuple(serve_commands(body, first_line)),
    )


def serve_commands(text: str, first_line: int = 1) -> list[ServeCommand]:
    """Serve commands in the fenced blocks of Markdown, continuation lines joined."""
    found: list[ServeCommand] = []
    fence = ""
    pending, begun = "", 0
    for number, line in enumerate(text.split("\n"), first_line):
        mark = _FENCE.match(line)
        if mark and (not fence or (line.strip().startswith(fence) and not line.strip().strip(fence[0]))):
            fence = "" if fence else mark[1]
            pending = ""
            continue
        if not fence:
            continue
        begun = begun if pending else number
        pending += line.strip()
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        command = _command(pending, begun)
        pending = ""
        if command is not None:
            found.append(command)
            if len(found) == MAX_COMMANDS:
                break
    return found


def _command(text: str, line: int) -> ServeCommand | None:
    text = text.removeprefix("$ ").removeprefix("> ")
    if len(text) > 10_000 or not any(start in text for start in _STARTS):
        return None
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return None
    environment: list[tuple[str, str]] = []
    while words and (_ASSIGNMENT.match(words[0]) or words[0] in ("export", "env", "nohup", "sudo")):
        name, equals, value = words.pop(0).partition("=")
        if equals:
            environment.append((name, value))
    engine, rest = _engine(words)
    if engine is None:
        return None
    positional, flags = _flags(rest)
    model = next((v for name, v in flags if name in ("--model", "--model-path")), None) or positional
    return ServeCommand(engine, model, tuple(flags), tuple(environment), line)


def _engine(words: list[str]) -> tuple[Literal["vllm", "sglang", "trtllm"] | None, list[str]]:
    head = words[:4]
    if head[:2] == ["vllm", "serve"]:
        return "vllm", words[2:]
    if head[:2] == ["sglang", "serve"]:
        return "sglang", words[2:]
    if head[:1] == ["trtllm-serve"]:
        return "trtllm", words[2:] if head[1:2] == ["serve"] else words[1:]
    for at, word in enumerate(head):
        if word == "-m" and at + 1 < len(words):
            module = words[at + 1]
            if module.startswith("vllm.entrypoints."):
                return "vllm", words[at + 2 :]
            if module == "sglang.launch_server":
                return "sglang", words[at + 2 :]
    return None, []


def _flags(words: list[str]) -> tuple[str | None, list[tuple[str, str | None]]]:
    positional: str | None = None
    flags: list[tuple[str, str | None]] = []
    for at, word in enumerate(words):
        if word in ("&&", ";", "|", "&", ">", ">>", "2>&1"):
            break
        if word.startswith("-") and len(word) > 1 and not word[1].isdigit():
            name, equals, value = word.partition("=")
            flags.append((name, value if equals else None))
        elif at and flags and flags[-1][1] is None and words[at - 1] == flags[-1][0]:
            flags[-1] = (flags[-1][0], word)
        elif positional is None and not flags:
            positional = word
    return positional, flags


def _split(text: str) -> tuple[str, str, int]:
    """Front matter, the rest, and the line number of the rest's first line."""
    if not text.startswith("---\n"):
        return "", text, 1
    end = text.find("\n---", 3)
    if end < 0:
        return "", text, 1
    front = text[4 : end + 1]
    after = text.find("\n", end + 1)
    body = text[after + 1 :] if after >= 0 else ""
    return front, body, front.count("\n") + 3


def _front_matter(files: CheckpointFiles, text: str) -> dict[str, Any]:
    """The YAML as strings, lists and mappings only: no date or number of a stranger is ever built."""
    import yaml

    if len(text) > MAX_FRONT_MATTER:
        files.report("card-front-matter", "README.md", "the front matter is too long to be read")
        return {}
    try:
        depth = 0
        # Composing recurses in C, so the depth is counted on the events first.
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                files.report("card-front-matter", "README.md", "the front matter is nested too deeply")
                return {}
        data = yaml.load(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 2}" if mark else ""
        files.report("card-front-matter", "README.md", f"the front matter is not YAML{where}")
        return {}
    return data if isinstance(data, dict) else {}
