"""The checkpoint that a service of a nel-next config loads, where its directory is on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Value
from advisor.subjects.checkpoint import WHAT, holds_checkpoint
from advisor.subjects.next_services import read_server
from advisor.subjects.subject import Place, Subject, World

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context


def add_next_checkpoint(world: World, document: Document, context: Context) -> None:
    """`checkpoint` and what belongs to it, of the first service whose model is a directory here."""
    found = [(service, path) for service in world.of("service") if (path := _directory(service, context)) is not None]
    if not found:
        return
    if len(found) > 1:
        world.note(f"the checkpoints of {', '.join(str(one.get('name')) for one, _ in found[1:])}", "only one is read")
    service, path = found[0]
    from advisor.checkpoint.read import read_checkpoint
    from advisor.subjects.weights import describe_checkpoint, fixed_place
    from advisor.subjects.weights_served import describe_server

    checkpoint = read_checkpoint(path)
    place = fixed_place(service.place_of("model") or service.place)
    subject = describe_checkpoint(world, checkpoint, place, named_by_config=True)
    command = next((one for one in world.of("command") if one.parent is service), None)
    if command is None or not checkpoint.completeness.complete:
        return
    subject.places["server_flags"] = Place((*service.base, "extra_args"), service.place.span)
    describe_server(
        subject, checkpoint, command, (read_server(service, str(service.get("type"))),), _gres(service), context
    )


def _directory(service: Subject, context: Context) -> str | None:
    """The directory that `model` names; None, with a note where that is a gap, where it is not here."""
    path = service.get("model")
    if service.get("type") not in (VLLM, SGLANG) or not isinstance(path, str) or not path.startswith("/"):
        return None
    if not path.strip("/"):
        return None
    if not context.reads_checkpoints:
        service.world.note(WHAT, "reading checkpoints is switched off")
    elif not os.path.isdir(path) or not os.path.realpath(path).strip("/"):
        service.world.note(WHAT, f"{path} is not on this machine")
    elif not holds_checkpoint(path):
        service.world.note(WHAT, f"{path} on this machine holds none: it may be another one where the job runs")
    else:
        return path
    return None


def _gres(service: Subject) -> Value:
    """The GPUs of the service's nodes, as its pool asks for them."""
    name = service.get("node_pool")
    pool = next((one for one in service.world.of("node_pool") if one.base[-1] == name), None)
    return pool.get("gres") if pool is not None else ABSENT
