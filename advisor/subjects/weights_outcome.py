"""What this engine's version makes of the checkpoint's quantization, and which flag or version would mend it.

Source: the outcome tables (advisor/nel/outcomes.py); for methods other than ModelOpt's, vllm config
_verify_quantization ("does not match the quantization method").
"""

from __future__ import annotations

from advisor.knowledge import table
from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.outcomes import (
    LOADS,
    NATIVE,
    NO_FLAG,
    NOT_LEGAL,
    UNCHECKED,
    UNTESTED,
    WRONG_CLASS,
    Outcome,
    loading_flags,
    loading_versions,
    none_loads,
    outcome,
)
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import version_key
from advisor.subjects.command import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.subjects.subject import Attribute
    from advisor.subjects.weights_server import Serving

# The ModelOpt metadata that a flag stands for when several load: the algorithm's own.
_OWN_FLAG = {"NVFP4": "modelopt_fp4", "FP8": "modelopt_fp8", "MXFP8": "modelopt_mxfp8", "MIXED": "modelopt_mixed"}
# Methods whose checkpoints both engines refuse under a modelopt flag, read in the engines' own comparison.
_FOREIGN = frozenset({"fp8", "compressed-tensors", "awq", "gptq"})
# What sources say of TensorRT-LLM and ModelOpt's checkpoints: a support matrix, and the export guide.
_TRTLLM_FIRST, _TRTLLM_ASKED = "0.17.0", "1.2.0"


def engine_attributes(serving: Serving) -> dict[str, Attribute]:
    """Attributes of `checkpoint`."""
    engine = serving.engine
    return {
        "engine": engine.engine,
        "engine_name": NAMES.get(engine.engine, engine.engine),
        "version": engine.version or "of this image",
        "serving_case": lambda: _serving_case(serving),
        "missing_name": f"quant-{engine.engine}-flag-missing",
        "unsupported_name": f"quant-algo-unsupported-{engine.engine}",
        "refusal": lambda: _refusal(serving),
        "missing_flag": lambda: _missing_flag(serving),
        "versions_that_load": lambda: _versions_text(_loading(serving), engine.engine),
    }


def flag_attributes(serving: Serving) -> dict[str, Attribute]:
    """Attributes of the flag --quantization."""
    return {
        "quantization_case": lambda: _flag_case(serving),
        "quant_refusal": lambda: _refusal(serving),
        "shown_format": _shown(serving.checkpoint),
        "better_flag": lambda: _better_flag(serving),
        "quant_class": lambda: _class_of(_outcome(serving, serving.flag_value)),
    }


def _modelopt(serving: Serving) -> tuple[str, str] | None:
    """Algorithm and layout, where the tables are about this checkpoint."""
    found, layout = serving.quantization, serving.checkpoint.layout
    if found is None or not found.modelopt or not found.algo or not layout:
        return None
    if serving.engine.engine not in (VLLM, SGLANG):
        return None
    return found.algo, layout


def _outcome(serving: Serving, flag: Value) -> Outcome:
    """The cell; a gap in the tables is noted."""
    cell = _modelopt(serving)
    if cell is None or not isinstance(flag, str):
        return Outcome(UNCHECKED)
    found = outcome(serving.engine, *cell, flag)
    name = NAMES.get(serving.engine.engine, serving.engine.engine)
    if found.kind == UNCHECKED and found.reason:
        reason = found.reason.replace(serving.engine.engine, name)
        serving.command.world.note(f"whether the server loads the {cell[0]} checkpoint", reason)
    elif found.kind == UNTESTED:
        words = f"what {name} {serving.engine.version} makes of it could not be tried"
        serving.command.world.note(f"whether the server loads the {cell[0]} checkpoint", words)
    return found


def _flag_case(serving: Serving) -> Value:
    """What is wrong with the --quantization that is given: redundant, conflict (removing it mends that), other-flag
    (another one would), wrong-class, on-bf16, foreign; ABSENT for nothing, or for what no flag mends."""
    value = serving.flag_value
    if not isinstance(value, str):
        return value if isinstance(value, Unknown) else ABSENT
    found, family = serving.quantization, value.startswith("modelopt")
    if found is None:
        return "on-bf16" if family else ABSENT
    if not found.modelopt:
        known = found.method in _FOREIGN and serving.engine.engine in (VLLM, SGLANG)
        return "foreign" if family and known else ABSENT
    given, without = _outcome(serving, value), _outcome(serving, NO_FLAG)
    if given.kind == NOT_LEGAL:
        return ABSENT
    if given.kind in (LOADS, NATIVE):
        return "redundant" if given.kind == without.kind else ABSENT
    if given.kind == WRONG_CLASS:
        return "wrong-class" if without.kind != WRONG_CLASS or _better_flag(serving) is not ABSENT else ABSENT
    if not given.fails:
        return ABSENT
    if without.kind in (LOADS, NATIVE):
        return "conflict"
    return "other-flag" if _better_flag(serving) is not ABSENT else ABSENT


def _serving_case(serving: Serving) -> Value:
    """What no given flag explains: flag-missing; too-old (another version loads the checkpoint), unsupported (none that
    was read does), unsupported-anywhere (the same, of an unknown version); wrong-class; trtllm-old, trtllm-unsure."""
    if serving.engine.engine == TRTLLM:
        return _trtllm_case(serving)
    cell = _modelopt(serving)
    if cell is None:
        return ABSENT
    if not serving.engine.samples:
        _outcome(serving, NO_FLAG)
        return ABSENT if loading_versions(serving.engine.engine, *cell) else "unsupported-anywhere"
    found = _outcome(serving, serving.flag_value)
    if found.kind == NOT_LEGAL:
        found = _outcome(serving, NO_FLAG)
    if found.fails and none_loads(serving.engine, *cell):
        return "too-old" if loading_versions(serving.engine.engine, *cell) else "unsupported"
    if serving.flag is not None:
        return ABSENT
    if found.kind == WRONG_CLASS:
        return "wrong-class"
    return "flag-missing" if found.fails and _better_flag(serving) is not ABSENT else ABSENT


def _trtllm_case(serving: Serving) -> Value:
    found, version = serving.quantization, serving.engine.version
    key = version_key(version) if version else None
    if found is None or not found.modelopt or key is None:
        return ABSENT
    if key < (version_key(_TRTLLM_FIRST) or key):
        return "trtllm-old"
    return "trtllm-unsure" if key < (version_key(_TRTLLM_ASKED) or key) else ABSENT


def _better_flag(serving: Serving) -> Value:
    """The --quantization with which this version loads the checkpoint, the algorithm's own before others."""
    cell, found = _modelopt(serving), serving.quantization
    if cell is None or found is None:
        return ABSENT
    flags = [flag for flag in loading_flags(serving.engine, *cell) if flag]
    own = _OWN_FLAG.get(found.format or "")
    return own if own in flags else flags[0] if flags else ABSENT


def _missing_flag(serving: Serving) -> Value:
    flag = _better_flag(serving)
    return f"--quantization {flag}" if isinstance(flag, str) else ABSENT


def _refusal(serving: Serving) -> str:
    """What the engine does, in its own words where it has some."""
    found = _outcome(serving, serving.flag_value)
    if found.kind == NOT_LEGAL:
        found = _outcome(serving, NO_FLAG)
    if found.refusal:
        return f"It stops with: {found.refusal.rstrip('.')}."
    if found.kind == "unquantized":
        return "It takes the model for one that is not quantized, and the packed weights do not fit."
    if found.kind == "other-method":
        return "It takes the weights for those of its own fp8 method, and they do not fit."
    return "It stops while it reads the checkpoint's quantization metadata." if found.fails else ""


def _class_of(found: Outcome) -> str:
    return found.words.rpartition("class=")[2].rstrip(")") or "another class"


def _loading(serving: Serving) -> tuple[str, ...]:
    cell = _modelopt(serving)
    return loading_versions(serving.engine.engine, *cell) if cell else ()


def _versions_text(loading: tuple[str, ...], engine: str) -> str:
    """`0.10.0 and later`, or the stretches of sampled versions."""
    book = table("outcomes")["engines"].get(engine)
    versions: list[str] = book["versions"] if book else []
    runs: list[list[str]] = []
    for before, version in zip(["", *versions], versions, strict=False):
        if version not in loading:
            continue
        if runs and runs[-1][1] == before:
            runs[-1][1] = version
        else:
            runs.append([version, version])
    return ", ".join(f"{a} and later" if b == versions[-1] else a if a == b else f"{a} to {b}" for a, b in runs)


def _shown(checkpoint: Checkpoint) -> str:
    found = checkpoint.quantization
    return "an unquantized checkpoint" if found is None else f"a checkpoint of {found.algo or found.method}"
