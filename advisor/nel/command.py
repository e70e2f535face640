"""Where a deployment's command starts a server, and with which words."""

from __future__ import annotations

import re
from functools import lru_cache

from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.words import Assignment, Command, Word, split_commands
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Words that come before a command without being one.
_KEYWORDS = frozenset(
    """
    if then elif else fi do done while until ! time { } exec eval function coproc
    """.split()  # noqa: SIM905
)
# Programs that run the rest of their words.
_WRAPPERS = frozenset(
    """
    nohup env command sudo mpirun mpiexec numactl taskset nice ionice stdbuf timeout srun setsid chrt
    nsys ncu tini dumb-init uv conda micromamba catchsegv unbuffer strace gosu trtllm-llmapi-launch
    nvidia_entrypoint.sh
    """.split()  # noqa: SIM905
)
# Programs that take a server's name as text, and run nothing.
_TALKERS = frozenset(
    """
    echo printf grep egrep pgrep pkill killall pip pip3 which whereis type man cat ls ps test [ [[ set
    unset trap curl wget sed awk export declare local alias read kill sleep cd mkdir rm cp mv touch for
    case in
    """.split()  # noqa: SIM905
)
_SHELLS = frozenset(("bash", "sh", "zsh", "dash", "ash"))
_PYTHON = pattern(r"(?:python|pypy)(?:\d(?:\.\d+)?)?\Z")
_MODULES = {
    "vllm.entrypoints.openai.api_server": VLLM,
    "sglang.launch_server": SGLANG,
    "sglang.srt.entrypoints.http_server": SGLANG,
    "tensorrt_llm.commands.serve": TRTLLM,
}
_MAX_DEPTH = 4


class Serve(NamedTuple):
    """One start of a server. `words` are its arguments (the model too), `program` the words that name it.

    `entry` is "vllm serve", "sglang serve", "trtllm-serve" or the Python module. `certain` is False behind a program
    that we do not know. `complete` is False where a shell may add or drop words that do not stand here.
    """

    engine: str
    entry: str
    words: tuple[Word, ...]
    program: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    certain: bool
    complete: bool

    @property
    def start(self) -> int:
        return self.program[0].start

    @property
    def end(self) -> int:
        return max(word.end for word in (*self.program, *self.words))


class Script(NamedTuple):
    """A command as NEL hands it to a shell: every start of a server, and every assignment with its place."""

    serves: tuple[Serve, ...]
    assignments: tuple[Assignment, ...]


@lru_cache(maxsize=256)
def read_command(script: str) -> Script:
    """Find the servers that a command starts. Never raises; what is in doubt is said to be so."""
    serves: list[Serve] = []
    assignments: list[Assignment] = []
    for command in _commands(split_commands(script), 0):
        assignments += command.assignments
        serve = _serve(command)
        if serve is not None:
            serves.append(serve)
    return Script(tuple(serves), tuple(assignments))


def read_arguments(text: str) -> Serve | None:
    """`extra_args` on their own: the words that a shell would give to the server before them."""
    commands = split_commands(text)
    if not commands:
        return None
    first = commands[0]
    # NAME=value is an argument here, not an assignment.
    words = tuple(sorted((*first.words, *map(_as_word, first.assignments)), key=lambda word: word.start))
    return Serve("", "", words, (Word("", 0, 0, ()),), (), certain=True, complete=_complete(first))


def _as_word(one: Assignment) -> Word:
    starts = (*range(one.start, one.start + len(one.name) + 1), *one.value.starts)
    return one.value._replace(text=f"{one.name}={one.value.text}", start=one.start, starts=starts)


def _commands(commands: tuple[Command, ...], depth: int) -> Iterator[Command]:
    """The commands, and those inside of `bash -c '...'`, with the places of the outer script."""
    for command in commands:
        yield command
        inner = _inner(command)
        if inner is not None and depth < _MAX_DEPTH:
            moved = tuple(_moved(one, inner) for one in split_commands(inner.text))
            yield from _commands(moved, depth + 1)


def _inner(command: Command) -> Word | None:
    """The script that a shell in this command is given as a word."""
    words = _without_keywords(command.words)
    if len(words) == 1 and len(command.words) > 1 and command.words[-2].text == "eval":
        return words[0]
    if words and _base(words[0]) in _TALKERS:
        return None
    for n, word in enumerate(words):
        if _base(word) in _SHELLS:
            at = n + 1
            while at + 1 < len(words) and words[at].text.startswith("-"):
                if re.match(r"-[a-z]*c\Z", words[at].text):
                    return words[at + 1]
                at += 1
    return None


def _moved(command: Command, outer: Word) -> Command:
    def move(word: Word) -> Word:
        start, end = outer.range(word.start, word.end) if word.end > word.start else (outer.start, outer.start)
        return word._replace(start=start, end=end, starts=tuple(outer.starts[at] for at in word.starts))

    assignments = tuple(one._replace(value=move(one.value)) for one in command.assignments)
    return Command(tuple(move(word) for word in command.words), assignments, command.ended)


def _serve(command: Command) -> Serve | None:
    words = _without_keywords(command.words)
    if not words or _base(words[0]) in _TALKERS:
        return None
    certain = True
    for n, word in enumerate(words):
        found = _entry(words, n)
        if found is not None:
            engine, entry, count = found
            program, arguments = words[n : n + count], words[n + count :]
            return Serve(engine, entry, arguments, program, command.assignments, certain, _complete(command))
        if n == 0:
            certain = word.known and _base(word) in _WRAPPERS
    return None


def _complete(command: Command) -> bool:
    return command.ended and not any(word.splits for word in command.words)


def _without_keywords(words: tuple[Word, ...]) -> tuple[Word, ...]:
    n = 0
    while n < len(words) and (
        words[n].text in _KEYWORDS or (n and words[n - 1].text == "exec" and words[n].text == "-a")
    ):
        n += 1
    return words[n:]


def _base(word: Word) -> str:
    return word.text.rpartition("/")[2]


def _entry(words: tuple[Word, ...], n: int) -> tuple[str, str, int] | None:
    """Engine, entry and number of words where the words from `n` on name a server."""
    base = _base(words[n])
    after = words[n + 1].text if n + 1 < len(words) else ""
    if base == "vllm" and after == "serve":
        return VLLM, "vllm serve", 2
    if base == "sglang" and after == "serve":
        return SGLANG, "sglang serve", 2
    if base == "trtllm-serve":
        # Its default command is serve.
        if after == "serve":
            return TRTLLM, "trtllm-serve", 2
        return (TRTLLM, "trtllm-serve", 1) if after and not re.match(r"[a-z_]+\Z", after) else None
    if _PYTHON.match(base):
        return _python_entry(words, n)
    return None


def _python_entry(words: tuple[Word, ...], n: int) -> tuple[str, str, int] | None:
    at = n + 1
    while at < len(words):
        text = words[at].text
        if text == "-m" and at + 1 < len(words):
            module = words[at + 1].text
            if module == "vllm.entrypoints.cli.main" and at + 2 < len(words) and words[at + 2].text == "serve":
                return VLLM, "vllm serve", at + 3 - n
            return (_MODULES[module], module, at + 2 - n) if module in _MODULES else None
        if not text.startswith("-"):
            module = text.removesuffix(".py").replace("/", ".")
            found = next((one for one in _MODULES if module.endswith(one)), None)
            return (_MODULES[found], found, at + 1 - n) if found and text.endswith(".py") else None
        at += 2 if text in ("-X", "-W") else 1
    return None
