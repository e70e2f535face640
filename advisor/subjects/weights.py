"""`checkpoint` and its parts as rules ask for them: gaps, broken files, groups of modules that contradict the metadata.

Of a checkpoint that is not whole only its gaps and broken files are told: every other attribute is unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from advisor.checkpoint.places import MetadataTexts
from advisor.checkpoint.quantization import MIXED, SIDECAR
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.subject import Attribute, Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from advisor.checkpoint.completeness import Gap
    from advisor.checkpoint.coverage import Coverage, Mismatch
    from advisor.checkpoint.problems import Problem
    from advisor.checkpoint.read import Checkpoint
    from advisor.subjects.subject import World

# A metadata file and a key path in it, to where a finding on it points.
Locate: TypeAlias = Callable[[str, tuple[str, ...]], Place]

_GAP_NAMES = {
    "shard": "shard-missing",
    "index": "shard-missing",
    "tensor": "shard-missing",
    "shard-truncated": "shard-truncated",
    "shard-unreadable": "shard-truncated",
}
# What a file that cannot be read as it should leads to; the others are told as gaps, or lead to nothing.
_BREAKS = frozenset(
    {"not-utf8", "json-syntax", "json-too-deep", "json-type", "dangling-link", "link-loop", "not-regular"}
)
_LOADERS_STOP = frozenset({"index-path", "shard-trailing-bytes", "duplicate-tensor"})
_NEEDED = frozenset({"config.json", SIDECAR, "tokenizer_config.json", "model.safetensors.index.json"})
_TOLD_AS_GAP = frozenset({"header-length", "header-json", "header-tensor", "header-offsets", "shard-truncated"})
_SHOWN = 3


def fixed_place(place: Place) -> Locate:
    """Everything points to the key that names the checkpoint."""
    return lambda file, keys: place


def metadata_place(checkpoint: Checkpoint) -> Locate:
    """Everything points into the checkpoint's own files."""
    texts = MetadataTexts(checkpoint)

    def locate(file: str, keys: tuple[str, ...]) -> Place:
        document, span = texts.locate(file, keys)
        return Place((file, *keys) if file else (), span, document)

    return locate


def describe_checkpoint(
    world: World, checkpoint: Checkpoint, at: Locate, *, named_by_config: bool, owner: Subject | None = None
) -> Subject:
    """A `checkpoint`, with a `gap`, `checkpoint_file` or `tensor_group` for each thing that is wrong with it: the
    config's only one, or that of an owner which is one of several."""
    state = checkpoint.completeness.state
    whole = checkpoint.completeness.complete
    first = "config.json" if "config.json" in checkpoint.files else ""
    attributes: dict[str, Attribute] = {
        "path": checkpoint.path,
        "name": checkpoint.path.rstrip("/").rpartition("/")[2],
        "state": state,
        "is_named_by_config": named_by_config,
        "gaps": lambda: "; ".join(gap.detail for gap in checkpoint.completeness.gaps[:_SHOWN]),
    }
    facts = _facts(checkpoint)
    reason = Unknown(f"the checkpoint is {_state_words(state)}", None)
    attributes |= facts if whole else dict.fromkeys(facts, reason)
    subject = Subject("checkpoint", at(first, ()), world, attributes, parent=owner)
    what = "the checkpoint"
    if owner is None:
        world.add_single(subject)
    else:
        owner.own = {**(owner.own or {}), "checkpoint": world.add(subject)}
        what = f"the checkpoint of {owner.get('name')}"
    gap_files = {gap.file for gap in checkpoint.completeness.gaps}
    for gap in checkpoint.completeness.gaps if named_by_config or state != "writing" else ():
        _add_gap(subject, gap, at)
    for problem in checkpoint.problems:
        if problem.file not in gap_files or problem.kind not in _TOLD_AS_GAP | {
            "dangling-link",
            "not-regular",
            "index-path",
        }:
            _add_problem(subject, problem, at)
    if not whole:
        world.note(what, f"it is {_state_words(state)}: only what is missing was looked at")
        return subject
    _place_facts(subject, checkpoint, at)
    for mismatch in checkpoint.coverage.mismatches:
        _add_group(subject, mismatch, checkpoint, at)
    if checkpoint.coverage.refused_patterns:
        refused = ", ".join(checkpoint.coverage.refused_patterns[:_SHOWN])
        world.note("modules left out of quantization", f"the pattern {refused} was not tried: it could take for ever")
    return subject


def _state_words(state: str) -> str:
    return "still being written" if state == "writing" else "not whole"


def _add_gap(checkpoint: Subject, gap: Gap, at: Locate) -> None:
    checkpoint.world.add(
        Subject(
            "gap",
            at(gap.file, ()),
            checkpoint.world,
            {
                "kind": gap.kind,
                "name": _GAP_NAMES.get(gap.kind, "checkpoint-incomplete"),
                "file": gap.file,
                "detail": gap.detail,
                "about": f"{gap.file}: " if gap.file and not gap.detail.startswith(gap.file) else "",
            },
            parent=checkpoint,
        )
    )


def _add_problem(checkpoint: Subject, problem: Problem, at: Locate) -> None:
    broken = problem.kind in _BREAKS and (problem.file in _NEEDED or problem.file.endswith(".safetensors"))
    weight = "stops" if broken or problem.kind in _LOADERS_STOP else "strange"
    if problem.kind in ("card-front-matter", "too-many-files"):
        weight = "minor"
    checkpoint.world.add(
        Subject(
            "checkpoint_file",
            at(problem.file, ()),
            checkpoint.world,
            {
                "kind": problem.kind,
                "file": problem.file or checkpoint.get("path"),
                "message": problem.message,
                "weight": weight,
            },
            parent=checkpoint,
        )
    )


def _add_group(checkpoint: Subject, mismatch: Mismatch, of: Checkpoint, at: Locate) -> None:
    quantization = of.quantization
    file = quantization.file if quantization else "config.json"
    kind = of.coverage.kind(mismatch.module_kind)
    checkpoint.world.add(
        Subject(
            "tensor_group",
            at(file, _exclusion_keys(of) if mismatch.declared == "excluded" else _algorithm_keys(of)),
            checkpoint.world,
            {
                "kind": mismatch.kind,
                "module_kind": mismatch.module_kind,
                "declared": mismatch.declared,
                "observed": mismatch.observed,
                "count": mismatch.count,
                "are_all": kind is not None and kind.modules == mismatch.count,
                "of": kind.modules if kind else mismatch.count,
                "layers": layer_text(mismatch.layers),
                "examples": list(mismatch.examples),
                "modules": "module" if mismatch.count == 1 else "modules",
            },
            parent=checkpoint,
        )
    )


def layer_text(layers: tuple[int, ...]) -> str:
    """` in layers 0-3, 7`; '' for modules of no layer."""
    runs: list[list[int]] = []
    for layer in layers:
        if runs and layer == runs[-1][1] + 1:
            runs[-1][1] = layer
        else:
            runs.append([layer, layer])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:6]]
    if not shown:
        return ""
    return f" in layer{'s' if len(layers) > 1 else ''} {', '.join(shown)}{' ...' if len(runs) > 6 else ''}"


def _facts(checkpoint: Checkpoint) -> dict[str, Attribute]:
    config, quantization, tokenizer = checkpoint.config, checkpoint.quantization, checkpoint.tokenizer
    known = config is not None

    def of_config(value: Value | None) -> Value:
        return Unknown("config.json cannot be read", None) if not known else ABSENT if value is None else value

    return {
        "method": quantization.method if quantization else ABSENT if known else of_config(None),
        "is_modelopt": quantization.modelopt if quantization else False,
        "algo": (quantization.algo or ABSENT) if quantization else ABSENT,
        "format": (quantization.format or ABSENT) if quantization else ABSENT,
        "shown_format": _shown_format(checkpoint),
        "kv_cache": (quantization.kv_cache or ABSENT) if quantization else ABSENT,
        "layout": checkpoint.layout or ABSENT,
        "is_moe": of_config(config.moe if config else None),
        "has_vision": of_config(config.vision if config else None),
        "model_type": of_config(config.model_type if config else None),
        "heads": of_config(config.heads if config else None),
        "kv_heads": of_config(config.kv_heads if config else None),
        "context_length": of_config(config.context_length if config else None),
        "missing_code": list(checkpoint.missing_code),
        "lacks_code": bool(checkpoint.missing_code),
        "has_chat_template": bool(tokenizer.templates),
        "template_toggles": lambda: _template_toggles(checkpoint),
        "base_models": lambda: list(checkpoint.card.base_models) if checkpoint.card else [],
        "documented_parsers": lambda: _documented_parsers(checkpoint),
        "template_error": lambda: (
            checkpoint.template.error if checkpoint.template and checkpoint.template.error else ABSENT
        ),
        "disagreements": lambda: _disagreements(checkpoint),
        "weight_bytes": checkpoint.weight_bytes,
        "weights_shown": gigabytes(checkpoint.weight_bytes),
        "scales_without_metadata": lambda: checkpoint.coverage.scales_without_metadata,
        "quantized_modules": lambda: checkpoint.coverage.quantized_modules,
        "quantized_vision": lambda: checkpoint.coverage.quantized_vision,
        "quantized_head": lambda: checkpoint.coverage.quantized("lm_head"),
        "head_is_declared": lambda: not any(one.module_kind == "lm_head" for one in checkpoint.coverage.mismatches),
        "experts_are_excluded": lambda: not checkpoint.coverage.unquantized_experts,
        "is_mixed": quantization is not None and quantization.algo == MIXED,
        "declares_modules": lambda: any(one.kind == "not-quantized" for one in checkpoint.coverage.mismatches),
        "missed_experts": lambda: _missed_experts(checkpoint.coverage),
        "linear_modules": lambda: sum(kind.modules for kind in checkpoint.coverage.kinds),
    }


def _template_toggles(checkpoint: Checkpoint) -> Value:
    """The reasoning switches that the chat template reads; ABSENT where that is not known, or there are several."""
    template = checkpoint.template
    if template is None or template.error or len(checkpoint.tokenizer.templates) > 1:
        return ABSENT
    return list(template.toggles)


def _documented_parsers(checkpoint: Checkpoint) -> Value:
    """The parsers that the model card's own serve commands name."""
    commands = checkpoint.card.commands if checkpoint.card else ()
    found = (command.flag(flag) for command in commands for flag in ("--reasoning-parser", "--tool-call-parser"))
    return [name for name in found if name is not None]


def _shown_format(checkpoint: Checkpoint) -> str:
    """The checkpoint's quantization as people call it."""
    quantization = checkpoint.quantization
    if quantization is None:
        return "unquantized"
    return (
        quantization.algo if quantization.modelopt and quantization.algo else quantization.format or quantization.method
    )


def _missed_experts(coverage: Coverage) -> int:
    """How many expert modules there are, where not one is quantized although other linear modules are."""
    experts = coverage.kind("experts")
    return experts.modules if experts and not experts.quantized and coverage.quantized_modules else 0


def _disagreements(checkpoint: Checkpoint) -> Value:
    found = [
        f"{one.field} is {one.config} in config.json and {one.sidecar} in {SIDECAR}" for one in checkpoint.disagreements
    ]
    return "; ".join(found) if found else ABSENT


def _place_facts(subject: Subject, checkpoint: Checkpoint, at: Locate) -> None:
    """Where the facts stand that rules point at."""
    quantization = checkpoint.quantization
    subject.places["context_length"] = at(
        "config.json", (checkpoint.config.context_key or "",) if checkpoint.config else ()
    )
    if quantization is not None:
        subject.places["method"] = at(quantization.file, _algorithm_keys(checkpoint))
        excluded = at(quantization.file, _exclusion_keys(checkpoint))
        subject.places.update(dict.fromkeys(("quantized_vision", "quantized_head", "missed_experts"), excluded))
        subject.places["quantized_modules"] = subject.places["method"]
    if checkpoint.disagreements:
        subject.places["disagreements"] = at(SIDECAR, ("quantization",))
    if checkpoint.missing_code:
        subject.places["lacks_code"] = at("config.json", ("auto_map",))


def _algorithm_keys(checkpoint: Checkpoint) -> tuple[str, ...]:
    quantization = checkpoint.quantization
    if quantization is None:
        return ()
    if quantization.file == SIDECAR:
        return ("quantization", "quant_algo")
    return ("quantization_config", "quant_algo") if quantization.modelopt else ("quantization_config",)


def _exclusion_keys(checkpoint: Checkpoint) -> tuple[str, ...]:
    quantization = checkpoint.quantization
    if quantization is not None and quantization.file == SIDECAR:
        return ("quantization", "exclude_modules")
    return ("quantization_config", "ignore")


def gigabytes(count: int) -> str:
    """Bytes as people read them, in decimal units."""
    value, unit = float(count), "bytes"
    for bigger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, bigger
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
