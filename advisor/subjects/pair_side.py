"""One of two configs that are compared, as what decides a score: settings of its server, and of each of its tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import Place, Subject, World

# What a setting decides; the names of the rules' groups.
PARAMS, TASKS, REPEATS, JUDGE, REASONING = "params", "tasks", "repeats", "judge", "reasoning"
IMAGE, LENGTH, KV, SERVING = "image", "length", "kv", "serving"
RULE_NAMES = {
    **{about: f"pair-{about}" for about in (PARAMS, TASKS, REPEATS, JUDGE, REASONING, IMAGE, SERVING)},
    LENGTH: "pair-maxlen",
    KV: "pair-kv-dtype",
}
# A key is not there, and what its program takes in its place is not in our tables.
LEFT_OPEN = Unknown("its default is not known", there=False)


class Setting(NamedTuple):
    """A value as the container or the server gets it. `place` is where it stands in this file's text, None where it is
    a default or stands in another file; `tail` its path below the task, () where nobody can set it alone; `raw` what
    is written where the value is not known; `is_default` where the file does not say it."""

    about: str
    value: Value
    place: Place | None = None
    tail: Path = ()
    raw: str = ""
    is_default: bool = False
    flag: Place | None = None


class TaskSide(NamedTuple):
    """One task. `match` finds its counterpart; `lacks` gives what counts where the task has no setting of a name, with
    the other side's for its kind; `homes` the paths at which a tail is set for the task alone and for all (or ())."""

    label: str
    match: str
    place: Place
    settings: dict[str, Setting]
    lacks: Callable[[str, Setting], Setting]
    homes: Callable[[Path], tuple[Path, Path]]
    benchmark: str = ""


class Served(NamedTuple):
    """What is evaluated: a handle, a path or an endpoint's model; `precision` is the quantization that its name or its
    files tell ('' for none), `checkpoint` its directory where that is here, `files` the subject that was read of it."""

    model: Value
    place: Place
    precision: str = ""
    checkpoint: str = ""
    files: Subject | None = None


class Side(NamedTuple):
    """`engine` is that of the server whose command is known, '' for none; `flags_home` where a flag is added;
    `tasks_known` is False where a config that is not here may add some. `switches` are what makes another model of
    the same files: quantization on the fly, a revision, an adapter."""

    document: Document
    world: World
    served: Served
    server: dict[str, Setting]
    tasks: tuple[TaskSide, ...]
    tasks_place: Place
    engine: str
    flags_complete: bool
    flags_home: Place
    switches: tuple[tuple[str, str], ...] = ()
    tasks_known: bool = True


def leaves_below(node: Effective | None, path: Path = ()) -> Iterator[tuple[Path, Effective]]:
    """Each value that is no mapping, with its path; a list is one value."""
    if node is None or node.data is None:
        return
    if not isinstance(node.data, dict):
        yield path, node
        return
    for name, child in node.data.items():
        yield from leaves_below(child, (*path, name))


def raw_text(node: Effective | None) -> str:
    """What is written, where only the launch can tell the value."""
    return node.data if node is not None and isinstance(node.data, str) and "${" in node.data else ""


def same_value(one: Value, two: Value) -> bool:
    """Whether two values mean the same: a number may be written as text, and a text with other blanks."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, str) and isinstance(two, str):
        return one.split() == two.split()
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same_value, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same_value(one[name], two[name]) for name in one)
    numbers = _number(one), _number(two)
    if None in numbers:
        return one == two
    return numbers[0] == numbers[1] or str(numbers[0]) == str(numbers[1]) == "nan"


def _number(value: Value) -> float | None:
    if not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def given(about: str, value: Value, place: Place | None, tail: Path = (), raw: str = "") -> Setting | None:
    """A setting; None where null or nothing stands there, which leaves it to the default."""
    return None if value is None or value is ABSENT else Setting(about, value, place, tail, raw)
