"""Shell scripts that a config runs before or after something: `pre_cmd` and `post_cmd`."""

from __future__ import annotations

import re

from advisor.nel.effective import Effective, children
from advisor.nel.values import ABSENT, Value
from advisor.nel.words import Command, split_commands
from advisor.patterns import pattern
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Subject, World
from advisor.subjects.tasks import TASKS, task_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context

_BEFORE = frozenset(["if", "then", "elif", "else", "do", "while", "until", "!", "time", "sudo", "{"])
_TRUST = "NEMO_EVALUATOR_TRUST_PRE_CMD"
_DEBIAN_AMD64 = pattern(r"(?<![\w./+-])[\w./+-]*(?:amd64|x86_64)[\w.+-]*\.deb\b")
_DANGERS = (
    (pattern(r"\b(?:curl|wget)\b[^\n;&]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b"), "it pipes a download into a shell"),
    (pattern(r"\bbase64\s+(?:-d|-D|--decode)\b"), "it decodes base64 text"),
    (pattern(r"\brm\s+(?:-f\s+)?(?:-\w*[rR]\w*|--recursive)\b"), "it deletes whole directories"),
)  # fmt: skip


def add_hooks(world: World, document: Document, context: Context) -> None:
    """One `hook` for each pre_cmd and post_cmd that is not empty."""
    for scope, path, node, parent in _hooks(world):
        if node is None or not isinstance(node.data, str) or not node.data.strip():
            continue
        subject = Subject(
            "hook",
            place_in(document, world.values, path),
            world,
            {
                "scope": scope,
                "which": str(path[-1]),
                "is_trusted": _TRUST in context.env_names,
                **{name: _lazy(compute, node) for name, compute in _COMPUTED.items()},
            },
            base=path,
            parent=world.singles[parent],
        )
        world.add(subject)


def _hooks(world: World) -> Iterator[tuple[str, Path, Effective | None, str]]:
    top = children(world.values.tree)
    evaluation, tasks = children(top.get("evaluation")), task_items(world)
    for which in ("pre_cmd", "post_cmd"):
        yield "evaluation", ("evaluation", which), evaluation.get(which), "evaluation"
        for index, item in tasks:
            yield "task", (*TASKS, index, which), children(item).get(which), "evaluation"
    yield "deployment", ("deployment", "pre_cmd"), children(top.get("deployment")).get("pre_cmd"), "deployment"
    for name, server in children(top.get("auxiliary_deployments")).items():
        yield "auxiliary", ("auxiliary_deployments", name, "pre_cmd"), children(server).get("pre_cmd"), "config"


def _lazy(compute: Callable[[str], Value], node: Effective) -> Callable[[], Value]:
    # The text as written: an interpolation in it must stay one in what a fix writes.
    return lambda: compute(str(node.data))


def dangers(script: str) -> str:
    """What a reader should look at before trusting the script, as a clause that a message ends with."""
    found = [words for pattern, words in _DANGERS if pattern.search(script)]
    return f"; {' and '.join(found)}" if found else ""


def _runs(command: Command, *names: str) -> bool:
    words = (word.text for word in command.words)
    return next((word for word in words if word not in _BEFORE), "") in names


def uses_wget(script: str) -> Value:
    """Whether it calls wget without having installed it."""
    for command in split_commands(script):
        texts = [word.text for word in command.words]
        if "install" in texts and any(text == "wget" or text.startswith("wget=") for text in texts):
            return False
        if texts[:2] in (["command", "-v"], ["which", "wget"]):
            return False
        if _runs(command, "wget"):
            return True
    return False


def with_curl(script: str) -> Value:
    """The script with curl in place of wget, where each call is a simple one."""
    out, at = [], 0
    for command in split_commands(script):
        if not _runs(command, "wget"):
            continue
        start = next(word.start for word in command.words if word.text == "wget")
        end = command.words[-1].end
        call = _as_curl([(word.text, script[word.start : word.end]) for word in command.words if word.start > start])
        if call is None:
            return ABSENT
        out += [script[at:start], call]
        at = end
    return "".join([*out, script[at:]]) if out else ABSENT


def _as_curl(words: list[tuple[str, str]]) -> str | None:
    """`[-q] URL`, or with `-O FILE` too; None for anything else. Each word with how it is written."""
    file, urls, rest = None, [], list(words)
    while rest:
        text, written = rest.pop(0)
        if text in ("-q", "-nv", "--quiet", "--no-verbose"):
            continue
        if text in ("-O", "-qO") and rest:
            file = rest.pop(0)[1]
        elif text == "-qO-" or text == "-O-":
            file = "-"
        elif text.startswith("-"):
            return None
        else:
            urls.append(written)
    if len(urls) != 1:
        return None
    return f"curl -L -o {file} {urls[0]}" if file else f"curl -L -O {urls[0]}"


def _pip_installs(script: str) -> list[int]:
    """Where `install` ends in each `pip install` that keeps a cache."""
    found = []
    for command in split_commands(script):
        texts = [word.text for word in command.words]
        if any(one.name == "PIP_NO_CACHE_DIR" for one in command.assignments) and texts in ([], ["export"]):
            return []
        pip = next((n for n, text in enumerate(texts) if re.fullmatch(r"(?:.*/)?pip3?(?:\.\d+)?", text)), None)
        if pip is None or texts[pip + 1 : pip + 2] != ["install"] or "--no-cache-dir" in texts or "uv" in texts[:pip]:
            continue
        if any(one.name == "PIP_NO_CACHE_DIR" for one in command.assignments):
            continue
        found.append(command.words[pip + 1].end)
    return found


def without_pip_cache(script: str) -> Value:
    """The script with `--no-cache-dir` in every `pip install`."""
    out, at = [], 0
    for end in _pip_installs(script):
        out += [script[at:end], " --no-cache-dir"]
        at = end
    return "".join([*out, script[at:]]) if out else ABSENT


def amd64_package(script: str) -> Value:
    found = _DEBIAN_AMD64.search(script)
    return found.group().rpartition("/")[2] if found else ABSENT


_COMPUTED: dict[str, Callable[[str], Value]] = {
    "dangers": dangers,
    "uses_wget": uses_wget,
    "with_curl": with_curl,
    "keeps_pip_cache": lambda script: bool(_pip_installs(script)),
    "without_pip_cache": without_pip_cache,
    "amd64_package": amd64_package,
}
