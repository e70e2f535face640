"""The serve command and its flags: `command`, one `flag` for each that a person wrote, and the engine's variables.

Lepton builds a command of its own and takes only `extra_args` (nemo-evaluator-launcher 0.2.6 executors/lepton).
"""

from __future__ import annotations

from functools import partial

from advisor.nel.command import read_command
from advisor.nel.effective import children
from advisor.nel.engine import EngineVersion
from advisor.nel.engine_table import KNOWN, UNCHECKED
from advisor.nel.flags import Flag
from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT
from advisor.patterns import pattern
from advisor.subjects.command import COMMAND, NAMES, Server, command_attributes, command_place, read_servers
from advisor.subjects.flags import flag_attributes
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.subject import World

_VARIABLE = pattern(r"(?:VLLM|SGLANG|SGL)_[A-Z0-9_]+\Z")


def add_serving(world: World, document: Document, context: Context) -> None:
    """The one `command` of a deployment that has a server, its `flag`s and `server_variable`s."""
    deployment = world.singles["deployment"]
    if deployment.get("has_server") is not True:
        return
    servers = read_servers(world)
    place = place_in(document, world.values, COMMAND)
    command = world.add_single(
        Subject(
            "command",
            place,
            world,
            command_attributes(deployment, servers),
            parent=deployment,
            locate=partial(command_place, servers, document),
        )
    )
    seen: set[tuple[Path, int]] = set()
    for server in servers:
        for flag in server.arguments.flags:
            add_flag(command, document, server, flag, seen)
    if seen:
        note_version(world, servers[0], deployment)
    _add_variables(command, document, servers)


def add_flag(command: Subject, document: Document, server: Server, flag: Flag, seen: set[tuple[Path, int]]) -> None:
    """A `flag` for what a person wrote; those of the shipped command are not theirs."""
    piece = server.expanded.piece_at(flag.name_span[0])
    if piece.node.origin.source.startswith("the default of"):
        return
    key = (piece.path, (piece.offset or 0) + flag.name_span[0] - piece.start)
    if key in seen:
        return
    seen.add(key)
    world = command.world
    whole = server.expanded.span(*flag.span, document.text)
    path = (*piece.path, flag.written)
    place = Place(path, whole) if whole else place_in(document, world.values, piece.path)
    attributes = flag_attributes(command, server, flag)
    locate = partial(_flag_place, server, flag, document, path)
    subject = world.add(Subject("flag", place, world, attributes, parent=command, locate=locate))
    if isinstance(field := attributes["repeats"], str):
        subject.places["repeated_field"] = Place(("deployment", field), place.span)
    if flag.answer.status == UNCHECKED and server.engine.samples:
        world.note(flag.written, flag.answer.reason)


def _flag_place(server: Server, flag: Flag, document: Document, path: Path, name: str) -> Place | None:
    """Where a flag's name and value stand."""
    part = {"written": flag.name_span, "value": flag.value_span}.get(name)
    span = server.expanded.span(*part, document.text) if part is not None else None
    return Place(path, span) if span is not None else None


def note_version(world: World, server: Server, deployment: Subject) -> None:
    """Say once why nothing can be said of flags."""
    if server.engine.samples:
        return
    engine = NAMES.get(server.engine.engine, server.engine.engine)
    image = deployment.get("image")
    if server.engine.version is None and server.engine.engine in (VLLM, SGLANG):
        shown = image if isinstance(image, str) else "of this deployment"
        world.note("serve flags", f"the image {shown} does not tell which version of {engine} it holds")
    else:
        world.note("serve flags", server.engine.reason.replace(server.engine.engine, engine, 1))


def _add_variables(command: Subject, document: Document, servers: tuple[Server, ...]) -> None:
    """One `server_variable` for each of the engine's own variables that the server is given."""
    if not servers:
        return
    world, engine = command.world, servers[0].engine
    for block in (("deployment", "env_vars"), ("env_vars",)):
        node = world.values.tree.at(block)
        for name in children(node):
            if _VARIABLE.match(name):
                place = place_in(document, world.values, (*block, name))
                add_variable(command, engine, name, place)
    expanded = servers[0].expanded
    for one in read_command(expanded.text).assignments if command.get("own") else ():
        span = expanded.span(one.start, one.value.end, document.text) if _VARIABLE.match(one.name) else None
        if span is not None:
            add_variable(command, engine, one.name, Place(expanded.piece_at(one.start).path, span))


def add_variable(command: Subject, engine: EngineVersion, name: str, place: Place) -> None:
    answer = engine.variable(name)
    if answer.status == KNOWN:
        return
    command.world.add(
        Subject(
            "server_variable",
            place,
            command.world,
            {
                "name": name,
                "status": answer.status,
                "last": answer.last or ABSENT,
                "engine_name": NAMES.get(engine.engine, engine.engine),
                "version": engine.version or "of this image",
                "replacement": f"; use {answer.replaced}" if answer.replaced else "",
                "nearest": lambda: engine.nearest_variable(name) or ABSENT,
            },
            parent=command,
        )
    )
