"""The checkpoints that the services of a nel-next config load, where their directories are on this machine."""

from __future__ import annotations

import os

from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.checkpoint import holds_checkpoint
from advisor.subjects.command import given
from advisor.subjects.next_services import read_server
from advisor.subjects.subject import Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.command import Server


def add_next_checkpoints(world: World, document: Document, context: Context) -> None:
    """A `checkpoint` and what belongs to it, of each service whose model is a directory here."""
    for service in list(world.of("service")):
        path = _directory(service, context)
        if path is not None:
            _add_checkpoint(service, path, context)


def _add_checkpoint(service: Subject, path: str, context: Context) -> None:
    from advisor.checkpoint.cache import recall_checkpoint
    from advisor.subjects.weights import describe_checkpoint, fixed_place
    from advisor.subjects.weights_prompts import describe_service_prompts
    from advisor.subjects.weights_served import describe_server

    checkpoint: Checkpoint = recall_checkpoint(path)
    place = fixed_place(service.place_of("model") or service.place)
    subject = describe_checkpoint(service.world, checkpoint, place, named_by_config=True, owner=service)
    command = (service.own or {}).get("command")
    if command is None or not checkpoint.completeness.complete:
        return
    server = read_server(service, str(service.get("type")))
    subject.attributes |= {
        "chat_tasks": lambda: _chat_benchmarks(service),
        "has_chat_tasks": lambda: _chat_benchmarks(service) != [],
        "template_is_given": lambda: _is_given_template(server),
    }
    describe_service_prompts(service, subject, checkpoint)
    subject.places["server_flags"] = Place((*service.base, "extra_args"), service.place.span)
    describe_server(subject, checkpoint, command, (server,), _gres(service), context)


def _chat_benchmarks(service: Subject) -> Value:
    """The benchmarks that send chat requests to a service."""
    protocol = service.get("protocol")
    if isinstance(protocol, Unknown):
        return protocol
    if protocol != "chat_completions":
        return []
    asking = (one for one in service.world.of("benchmark") if one.parent is service)
    return [label for one in asking if isinstance(label := one.get("label"), str)]


def _is_given_template(server: Server) -> Value:
    return given((server,), "--chat-template")


def _directory(service: Subject, context: Context) -> str | None:
    """The directory that `model` names; None, with a note where that is a gap, where it is not here."""
    path = service.get("model")
    if service.get("type") not in (VLLM, SGLANG) or not isinstance(path, str) or not path.startswith("/"):
        return None
    if not path.strip("/"):
        return None
    what = f"the checkpoint of {service.get('name')}"
    if not context.reads_checkpoints:
        service.world.note(what, "reading checkpoints is switched off")
    elif not os.path.isdir(path) or not os.path.realpath(path).strip("/"):
        service.world.note(what, f"{path} is not on this machine")
    elif not holds_checkpoint(path):
        service.world.note(what, f"{path} on this machine holds none: it may be another one where the job runs")
    else:
        return path
    return None


def _gres(service: Subject) -> Value:
    """The GPUs of the service's nodes, as its pool asks for them."""
    name = service.get("node_pool")
    pool = next((one for one in service.world.of("node_pool") if one.base[-1] == name), None)
    return pool.get("gres") if pool is not None else ABSENT
