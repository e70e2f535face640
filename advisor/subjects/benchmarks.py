"""What an evaluation says of a quantized model: whether its tasks would show a loss, and repeat often enough."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.benchmarks import Benchmark, benchmark_of, gym_benchmark
from advisor.nel.recommended import Model, described, long_tasks, recommended
from advisor.nel.tasks import lookup
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.reasoning import model_name, server_parses
from advisor.subjects.scopes import EXTRA, scopes
from advisor.subjects.subject import Place
from advisor.subjects.topology import as_int

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Attribute, Subject, World

_NAME = pattern(
    r"(?<![a-z0-9])(?:nvfp4|mxfp4|mxfp8|fp4|fp8|awq|gptq|int4|int8|w4a16|w4a8|w8a8|w8a16|bnb)(?![a-z0-9])", re.I
)
_CODE = pattern(r"(?<![a-z])(?:coder?|codestral|devstral|starcoder2?|code-?llama|codegemma)(?![a-z])", re.I)
# Types of a KV cache that are not quantized; `auto` is the model's own, or what the checkpoint has scales for.
_AUTO, _PLAIN = "auto", ("bfloat16", "bf16", "float16", "fp16", "half", "float")
# Arguments of the harnesses' own that come after what `extra` gives, and replace it.
_ARGUMENTS = {"simple_evals": "--num_repeats", "livecodebench": "--n", "bigcode-evaluation-harness": "--n_samples"}
# In NeMo Gym the settings of the run name the benchmark and its repeats.
_GYM = (*EXTRA, "nemo_gym")
_GYM_FOLDER, _GYM_REPEATS = pattern(r"\bbenchmarks/(\w+)/"), pattern(r"\bnum_repeats=(\d+)")


def describe_benchmarks(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `evaluation`, of `deployment`, and of each `task` whose harness repeats samples."""
    deployment, evaluation = world.singles["deployment"], world.singles["evaluation"]
    command, checkpoint = world.singles.get("command"), world.singles.get("checkpoint")
    deployment.attributes["name_tells_quantization"] = name_tells_quantization(
        *(deployment.get(key) for key in ("hf_model_handle", "checkpoint_path", "served_model_name"))
    )
    evaluation.attributes |= {
        "is_quantized": is_quantized(deployment, checkpoint),
        "kv_quantized_by": lambda: kv_quantized_by(command, checkpoint),
        **Evaluated(world).attributes(),
    }
    if evaluation.attributes["is_quantized"]:
        _describe_repeats(world)


def name_tells_quantization(*names: Value) -> bool:
    """Whether what is served is called FP8, NVFP4, AWQ or the like."""
    return any(isinstance(name, str) and quantization_in(name) for name in names)


def quantization_in(name: str) -> str:
    """The quantization that the last part of a path or a handle says: NVFP4; '' for none."""
    found = _NAME.search(name.rstrip("/").rpartition("/")[2])
    return found[0].upper() if found else ""


def is_quantized(owner: Subject, checkpoint: Subject | None) -> bool:
    """Whether a server's weights are known to be: by the checkpoint's metadata, else by the name."""
    if checkpoint is not None:
        return not isinstance(checkpoint.get("method"), Absent | Unknown)
    return owner.get("name_tells_quantization") is True


def writes_code(name: Value) -> bool:
    """Whether a model's name is that of one for code."""
    return isinstance(name, str) and _CODE.search(name) is not None


def kv_quantized_by(command: Subject | None, checkpoint: Subject | None) -> Value:
    """What quantizes the server's KV cache: its flag, or the scales of a checkpoint that the engine's version follows;
    ABSENT where nothing is known to."""
    kind = command.get("kv_cache_type") if command is not None else ABSENT
    if not isinstance(kind, str) or kind in _PLAIN:
        return ABSENT
    if kind != _AUTO:
        return f"--kv-cache-dtype {kind}"
    calibrated = checkpoint.get("kv_cache") if checkpoint is not None else ABSENT
    if checkpoint is None or not isinstance(calibrated, str) or checkpoint.get("kv_is_left_out") is not False:
        return ABSENT
    return f"the checkpoint's {calibrated} scales"


class Evaluated:
    """The benchmarks that a launcher's config runs, found when they are first asked for."""

    __slots__ = ("_found", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self._found: list[Benchmark | None] | None = None

    def attributes(self) -> dict[str, Attribute]:
        return {
            "shows_quantization": self.shows,
            "lacks_long_context": self.lacks_long_context,
            "task_names": lambda: ", ".join(str(one.get("name")) for one in self.world.of("task")),
            "model_kind": lambda: self.model().kind,
            "recommended": lambda: self._told(recommended(self.model())),
            "long_tasks": lambda: self._told(long_tasks(self.model())),
        }

    def benchmarks(self) -> list[Benchmark] | None:
        """Those of all tasks; None where there are none, or one is not in the table."""
        if self._found is None:
            self._found = [benchmark_in(scope) for scope in scopes(self.world)[0].tasks]
        known = [one for one in self._found if one is not None]
        return known if known and len(known) == len(self._found) else None

    def shows(self) -> Value:
        """Whether a task is among those in which quantization shows."""
        found = self.benchmarks()
        return shows(found) if found is not None else Unknown("a task is not among those that we know")

    def lacks_long_context(self) -> Value:
        """Whether none of the tasks has long prompts, where the server has room for some. A quantized model whose
        tasks show nothing at all is told of that instead."""
        found = self.benchmarks()
        if found is None or any(one.long_context for one in found) or not long_tasks(self.model()):
            return False
        seen = shows(found)
        if self.world.singles["evaluation"].get("is_quantized"):
            return seen is True
        return any(one.shows is not None for one in found)

    def model(self) -> Model:
        checkpoint, command = self.world.singles.get("checkpoint"), self.world.singles.get("command")
        return Model(
            is_base=checkpoint is not None and checkpoint.get("has_chat_template") is False,
            writes_code=writes_code(model_name(self.world)),
            reasons=server_parses(self.world) is True,
            calls_tools=command is not None and command.get("parses_tool_calls") is True,
            context=context_of(command, checkpoint),
        )

    def _told(self, tasks: tuple[str, ...]) -> str:
        have = {one.name for one in self.benchmarks() or ()}
        return ", ".join(described(task) for task in tasks if (of := benchmark_of(task)) is None or of.name not in have)


def shows(found: list[Benchmark]) -> Value:
    """Whether quantization shows in some benchmarks; Unknown where that hangs on one that no source rates."""
    answers = [one.shows for one in found]
    if True in answers:
        return True
    return Unknown("no source rates a task") if None in answers else False


def context_of(command: Subject | None, checkpoint: Subject | None) -> int | None:
    """The server's context in tokens, else the model's own."""
    for owner in (command, checkpoint):
        length = as_int(owner.get("context_length")) if owner is not None else None
        if length:
            return length
    return None


def benchmark_in(scope: Scope) -> Benchmark | None:
    """The benchmark of a task; that of a task of NeMo Gym stands in its settings."""
    task = scope.owner
    name, harness = task.get("name"), task.get("harness")
    if not isinstance(name, str):
        return None
    if task.get("is_gym") is True:
        folders = {match for text in _gym_texts(scope) for match in _GYM_FOLDER.findall(text)}
        return gym_benchmark(folders.pop()) if len(folders) == 1 else None
    return benchmark_of(name, harness if isinstance(harness, str) else "")


def _gym_texts(scope: Scope) -> list[str]:
    settings = scope.value(_GYM)
    return [text for text in settings.values() if isinstance(text, str)] if isinstance(settings, dict) else []


def _describe_repeats(world: World) -> None:
    for scope in scopes(world)[0].tasks:
        task = scope.owner
        if task.kind == "task":
            task.attributes |= {
                "repeats_wanted": partial(_of_benchmark, scope, "repeats"),
                "repeats": partial(repeats, scope),
                "repeats_are_own": partial(repeats_are_own, scope),
                "repeats_missing": partial(repeats_missing, task),
                "repeats_to_set": partial(repeats_to_set, scope),
                "benchmark": partial(_of_benchmark, scope, "name"),
            }


def _of_benchmark(scope: Scope, field: str) -> Value:
    found = benchmark_in(scope)
    value: Value = getattr(found, field) if found is not None else None
    return ABSENT if value is None else value


def _field(task: Subject) -> tuple[str | None, int]:
    """The key of `extra` that repeats the task's samples, and its default."""
    query = task.get("query")
    found = lookup(query).task if isinstance(query, str) else None
    return (found.repeats_field, found.repeats) if found else (None, 1)


def _argued(scope: Scope) -> re.Match[str] | None:
    """Repeats that stand among a harness's own arguments, or in the settings of NeMo Gym; the last one counts."""
    if scope.owner.get("is_gym") is True:
        given = [match for text in _gym_texts(scope) for match in _GYM_REPEATS.finditer(text)]
    else:
        flag, args = _ARGUMENTS.get(str(scope.owner.get("harness"))), scope.value((*EXTRA, "args"))
        known = flag is not None and isinstance(args, str)
        given = list(re.finditer(rf"(?:^|\s){flag}[ =](\d+)(?=\s|$)", str(args))) if known else []
    return given[-1] if given else None


def repeats(scope: Scope) -> Value:
    """How often each sample is run; where it is said, and where it could be."""
    argued = _argued(scope)
    if argued is not None:
        place = scope.place((*EXTRA, "args"))
        scope.owner.places["repeats"] = place or scope.owner.place
        return int(argued[1])
    field, default = _field(scope.owner)
    if field is None:
        return Unknown("how often it repeats is not known")
    path = (*EXTRA, field)
    scope.owner.places["repeats"] = scope.place(path) or Place((*scope.path, *path), scope.owner.place.span)
    value = scope.value(path)
    return default if value is ABSENT or value is None else value


def repeats_are_own(scope: Scope) -> Value:
    """Whether a person set them."""
    field, _ = _field(scope.owner)
    return _argued(scope) is not None or (field is not None and scope.merged.at((*EXTRA, field)) is not None)


def repeats_missing(task: Subject) -> Value:
    """How many repeats a comparison lacks; 0 for none."""
    have, wanted = as_int(task.get("repeats")), as_int(task.get("repeats_wanted"))
    return Unknown("how often it repeats is not known") if have is None or wanted is None else max(0, wanted - have)


def repeats_to_set(scope: Scope) -> Value:
    """What to set the key of the repeats to, or the arguments that hold them; ABSENT for the settings of a gym."""
    wanted, argued = scope.owner.get("repeats_wanted"), _argued(scope)
    if argued is None:
        return wanted
    if scope.owner.get("is_gym") is True:
        return ABSENT
    return f"{argued.string[: argued.start(1)]}{wanted}{argued.string[argued.end(1) :]}"
