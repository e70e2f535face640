"""What a comparison says of the two models: whether they are two, which is quantized, and whether their files agree."""

from __future__ import annotations

import re

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.subject import BASELINE, Attribute, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.pair_side import Side
    from advisor.subjects.subject import World

# Numbers of parameters: 30B and A3B, but not 8bit.
_SIZE = pattern(r"(?<![a-z0-9.])a?(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)


def add_model(world: World, theirs: Side, ours: Side) -> None:
    """The `pair` of the two models, and one of each of their files that differs, where both are here."""
    here, there = ours.served, theirs.served
    known = isinstance(here.model, str) and isinstance(there.model, str)
    for side in (theirs, ours):
        if isinstance(side.served.model, Unknown):
            world.note("the model", f"{side.served.model.reason}, in {side.document.path}")
    same: Value = here.model == there.model if known else Unknown("a model is not known")
    _add(
        world,
        theirs,
        ours,
        {
            "about": "model",
            "same": same,
            "switches_differ": theirs.switches != ours.switches,
            "model": here.model,
            "baseline": there.model,
            "precision": here.precision or ABSENT,
            "baseline_precision": there.precision or ABSENT,
            "size": _size(here.model) or ABSENT,
            "baseline_size": _size(there.model) or ABSENT,
        },
    )
    if here.checkpoint and there.checkpoint and here.checkpoint != there.checkpoint:
        _add_files(world, theirs, ours)


def _size(model: Value) -> str:
    """How many parameters a name says that the model has; '' where it does not."""
    found = _SIZE.findall(model.rstrip("/").rpartition("/")[2]) if isinstance(model, str) else []
    return f"{max(found, key=float)}B" if found else ""


def _add_files(world: World, theirs: Side, ours: Side) -> None:
    from advisor.checkpoint.cache import recall_checkpoint
    from advisor.checkpoint.source import compare_with_source
    from advisor.subjects.weights_source import changes_text

    one, two = (recall_checkpoint(side.served.checkpoint) for side in (theirs, ours))
    if not (one.completeness.complete and two.completeness.complete):
        world.note("the checkpoints' own files", "a checkpoint is not whole")
        return
    drift = compare_with_source(two, one).drift
    for file in dict.fromkeys(each.file for each in drift):
        changes = changes_text([each for each in drift if each.file == file])
        _add(world, theirs, ours, {"about": "files", "file": file, "changes": changes})


def _add(world: World, theirs: Side, ours: Side, about: dict[str, Attribute]) -> None:
    places = {BASELINE: theirs.served.place._replace(document=theirs.document)}
    world.add(Subject("pair", ours.served.place, world, about, parent=world.singles["config"], places=places))
