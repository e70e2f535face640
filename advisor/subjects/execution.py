"""What rules ask of the execution section beyond its own keys."""

from __future__ import annotations

import re

from advisor.document.nodes import Scalar
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.nel.walltime import UNLIMITED, max_walltime_seconds, read_walltime
from advisor.patterns import pattern
from advisor.subjects.env import is_silent_start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Data
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective
    from advisor.nel.walltime import Walltime
    from advisor.subjects.subject import Subject, World

_SIZE = pattern(r"(?<![\w.])(\d+(?:\.\d+)?)[bB](?![A-Za-z])")
_FLAG = pattern(r"(?:--)?([A-Za-z][\w-]*)(?:[= ](.+))?\Z", re.DOTALL)
_BIG = 60


def describe_execution(world: World, document: Document, context: Context) -> None:
    """Adds computed attributes to `execution`."""
    execution = world.singles["execution"]
    execution.attributes |= {
        "stops_without_variables": lambda: is_silent_start(world, context),
        "env_vars_case": lambda: _env_vars_case(world),
        "walltime_meant": lambda: (reading.meant or ABSENT) if (reading := _walltime(execution)) else ABSENT,
        "walltime_read_as": lambda: _read_as(execution),
        "walltime_problem": lambda: _walltime_problem(world, execution),
        "walltime_mended": lambda: _mended(execution.get("walltime")),
        "max_walltime_is_read": lambda: _max_walltime_is_read(execution.get("max_walltime")),
        "timeout_is_number": lambda: _is_whole(execution.get("endpoint_readiness_timeout")),
        "timeout_mended": lambda: _seconds(execution.get("endpoint_readiness_timeout")),
        "sbatch_flags_as_map": lambda: sbatch_flags(execution.get("sbatch_extra_flags")),
        "output_dir_is_relative": lambda: _is_relative(execution.get("output_dir")),
        "billions": lambda: _billions(world.singles["deployment"]),
        "serves_big_model": lambda: (
            billions >= _BIG if isinstance(billions := _billions(world.singles["deployment"]), float) else False
        ),
    }


# Where the blocks below execution.env_vars went.
_MOVED = {"deployment": ("deployment", "env_vars"), "evaluation": ("env_vars",), "export": ("export", "env_vars")}


def _env_vars_case(world: World) -> Value:
    """What would mend execution.env_vars: the names of the blocks that can be moved as they are ("deployment
    evaluation"), "empty", "redundant" where every variable is at its new place too, "flat" where they stand in no
    block, or "by hand"."""
    block = world.values.tree.at(("execution", "env_vars"))
    if block is None or block.data is None:
        return ABSENT
    if not isinstance(block.data, dict):
        return "by hand"
    if not block.data:
        return "empty"
    if not any(isinstance(one.data, dict | list) for one in block.data.values()):
        return "by hand" if _names(block) & _names(world.values.tree.child("env_vars")) else "flat"
    if set(block.data) - set(_MOVED) or not all(isinstance(one.data, dict) for one in block.data.values()):
        return "by hand"
    there = [world.values.tree.at(_MOVED[name]) for name in block.data]
    pairs = zip(block.data.values(), there, strict=True)
    if all(
        isinstance(new.data, dict) and not (_names(old) - _names(new)) for old, new in pairs if new is not None
    ) and all(there):
        return "redundant"
    twice = any(_names(old) & _names(new) for old, new in zip(block.data.values(), there, strict=True))
    return "by hand" if twice else " ".join(sorted(block.data))


def _names(block: Effective | None) -> set[str]:
    return set(block.data) if block is not None and isinstance(block.data, dict) else set()


def _walltime(execution: Subject) -> Walltime | None:
    value, node = execution.get("walltime"), execution.find("walltime")
    if isinstance(value, Unknown | Absent) or value is None or node is None:
        return None
    written = node.origin.node
    text = written.text if isinstance(written, Scalar) and not written.style else str(value)
    return read_walltime(value, text)


def _read_as(execution: Subject) -> Value:
    """How long the walltime that is submitted really is, in words."""
    reading = _walltime(execution)
    if reading is None:
        return ABSENT
    return _span(reading.slurm) if reading.slurm is not None else "nothing: it refuses the job"


def _span(seconds: float) -> str:
    if seconds == UNLIMITED:
        return "no limit"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = seconds / size
            return f"{count:.3g} {name}{'' if count == 1 else 's'}"
    return "no time at all"


def _waits(world: World) -> Value:
    """Whether the job waits for a server, so that the launcher computes the timeout from the walltime."""
    execution, deployment = world.singles["execution"], world.singles["deployment"]
    kind, timeout = deployment.get("type"), execution.get("endpoint_readiness_timeout")
    if isinstance(kind, Unknown) or isinstance(timeout, Unknown):
        return Unknown("the deployment or the timeout is not known")
    if timeout is not None and not isinstance(timeout, Absent):
        return False
    auxiliary = world.values.tree.child("auxiliary_deployments")
    others = auxiliary.data if auxiliary is not None and isinstance(auxiliary.data, dict) else {}
    kinds = [kind, *(one.plain().get("type") for one in others.values() if isinstance(one.data, dict))]  # type: ignore[union-attr]
    return any(one not in (None, "none", ABSENT) for one in kinds)


def _walltime_problem(world: World, execution: Subject) -> Value:
    """Who refuses a walltime that YAML did not touch; ABSENT where nobody does."""
    reading = _walltime(execution)
    if reading is None:
        return ABSENT
    if reading.meant is not None:
        return ABSENT
    if reading.nel is None and _waits(world) is True:
        return "the launcher reads only HH:MM:SS and D-HH:MM:SS"
    return "sbatch does not read it" if reading.slurm is None else ABSENT


_DIGITS = pattern(r"\d{1,9}\Z", re.ASCII)
_HOURS = pattern(r"\s*(\d{1,9})\s*(?:h|hr|hrs|hours?)\s*\Z", re.IGNORECASE)
_MINUTES = pattern(r"\s*(\d{1,9})\s*(?:m|min|mins|minutes?)\s*\Z", re.IGNORECASE)
_DAYS = pattern(r"\s*(\d{1,9})\s*(?:d|days?)\s*\Z", re.IGNORECASE)
_IN_SECONDS = pattern(r"\s*(\d{1,9})\s*(?:s|secs?|seconds?)\s*\Z", re.IGNORECASE)
_TWO_FIELDS = pattern(r"(\d{1,2}):([0-5]\d)\Z")


def _in_minutes(value: Value) -> int | None:
    text = value if isinstance(value, str) else ""
    for form, minutes in ((_DAYS, 1440), (_HOURS, 60), (_MINUTES, 1)):
        if match := form.match(text):
            return int(match[1]) * minutes
    return None


def _mended(value: Value) -> Value:
    """`4h` to 04:00:00; a plain number is minutes to sbatch. ABSENT where it cannot be told."""
    minutes = _in_minutes(value)
    if (
        minutes is None
        and (isinstance(value, int) or (isinstance(value, str) and _DIGITS.match(value)))
        and not isinstance(value, bool)
    ):
        minutes = int(value)
    if minutes is not None:
        return f"{minutes // 60:02d}:{minutes % 60:02d}:00"
    if isinstance(value, str) and _TWO_FIELDS.match(value):
        return f"{value}:00"
    return ABSENT


def _max_walltime_is_read(value: Value) -> Value:
    if isinstance(value, Unknown | Absent):
        return value
    return max_walltime_seconds(value) > 0


def _is_whole(value: Value) -> Value:
    """Whether int() takes it; true for null."""
    if isinstance(value, Unknown | Absent) or value is None:
        return True if not isinstance(value, Unknown) else value
    if isinstance(value, str):
        return re.fullmatch(r"\s*[+-]?\d+(?:_\d+)*\s*", value) is not None
    return isinstance(value, int | float)


def _seconds(value: Value) -> Value:
    minutes = _in_minutes(value)
    if minutes is not None:
        return minutes * 60
    match = _IN_SECONDS.match(value) if isinstance(value, str) else None
    return int(match[1]) if match else ABSENT


def sbatch_flags(value: Value) -> Value:
    """Flags as a list or as one text to the map that the launcher wants; ABSENT where they cannot all be told."""
    if isinstance(value, str):
        items: list[Data] = [one for one in re.split(r"\s+(?=--)", value.strip()) if one]
    elif isinstance(value, list):
        items = value
    else:
        return ABSENT
    flags: dict[str, Data] = {}
    for item in items:
        if isinstance(item, dict):
            flags |= item
            continue
        match = _FLAG.match(item.strip()) if isinstance(item, str) else None
        if match is None:
            return ABSENT
        flags[match[1]] = match[2].strip() if match[2] is not None else True
    return flags or ABSENT


def _is_relative(value: Value) -> Value:
    if not isinstance(value, str):
        return value if isinstance(value, Unknown) else False
    return not value.startswith(("/", "$"))


def _billions(deployment: Subject) -> Value:
    """The largest number of parameters that a name of the served model tells (Qwen3-235B-A22B: 235)."""
    names = [deployment.get(name) for name in ("checkpoint_path", "hf_model_handle", "served_model_name")]
    found = [float(size) for name in names if isinstance(name, str) for size in _SIZE.findall(name.replace("_", "-"))]
    return max(found) if found else ABSENT
