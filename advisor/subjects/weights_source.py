"""A checkpoint beside the one that it was made from: the size ratio, and one `drift` a metadata file that changed."""

from __future__ import annotations

import os

from advisor.checkpoint.read import read_checkpoint
from advisor.checkpoint.recognise import looks_like_checkpoint
from advisor.checkpoint.source import compare_with_source, recorded_source
from advisor.nel.values import ABSENT
from advisor.subjects.subject import Subject
from advisor.subjects.weights import metadata_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.checkpoint.source import Drift
    from advisor.subjects.subject import Attribute, World

_SHOWN = 4


def add_source(world: World, subject: Subject, checkpoint: Checkpoint, given: str) -> None:
    """Compare with the source: the one that was given, else the one that the export's metadata names, where it is a
    checkpoint on this machine."""
    subject.attributes |= {"size_ratio": ABSENT, "source": ABSENT}
    if not checkpoint.completeness.complete:
        return
    path = given or _recorded(checkpoint)
    if not path:
        return
    source = read_checkpoint(path)
    if not source.completeness.complete:
        world.note("the source checkpoint", f"{path} is not whole: nothing was compared with it")
        return
    found = compare_with_source(checkpoint, source)
    subject.attributes["source"] = path
    if found.size_ratio is not None and source.quantization is None and checkpoint.quantization is not None:
        subject.attributes["size_ratio"] = round(found.size_ratio, 3)
    for file in dict.fromkeys(drift.file for drift in found.drift):
        _add_drift(subject, checkpoint, file, [drift for drift in found.drift if drift.file == file])


def _recorded(checkpoint: Checkpoint) -> str:
    """The path in the metadata, where it leads to another checkpoint here."""
    path = recorded_source(checkpoint) or ""
    if not os.path.isabs(path) or not os.path.isdir(path):
        return ""
    if os.path.realpath(path) == os.path.realpath(checkpoint.path):
        return ""
    try:
        names = os.listdir(path)
    except OSError:
        return ""
    return path if looks_like_checkpoint(names) else ""


def _add_drift(subject: Subject, checkpoint: Checkpoint, file: str, drifts: list[Drift]) -> None:
    at = metadata_place(checkpoint)
    named = file if file in checkpoint.files else checkpoint.tokenizer.template_file or ""
    keys = tuple(drifts[0].field.split(".")) if drifts[0].field and named == file else ()
    attributes: dict[str, Attribute] = {
        "file": file,
        "changes": changes_text(drifts),
        "source": subject.get("source"),
    }
    subject.world.add(Subject("drift", at(named, keys), subject.world, attributes, parent=subject))


def changes_text(drifts: list[Drift]) -> str:
    """What changed in one file, for people."""
    texts = [f"{one.field or 'the file'} was {one.source} and is {one.value}" for one in drifts]
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more
