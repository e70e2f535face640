"""The checkpoint and the server that is to load it."""

from __future__ import annotations

from advisor.nel.engine import engine_version
from advisor.nel.values import Value
from advisor.subjects.checkpoint import is_served
from advisor.subjects.command import COMMAND, EXTRA_ARGS, read_servers
from advisor.subjects.server_image import image_of
from advisor.subjects.subject import Place
from advisor.subjects.weights_fit import describe_fit
from advisor.subjects.weights_outcome import engine_attributes, flag_attributes
from advisor.subjects.weights_prompts import describe_prompts
from advisor.subjects.weights_server import Serving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.command import Server
    from advisor.subjects.subject import Subject, World


def describe_serving(
    world: World, subject: Subject, checkpoint: Checkpoint, document: Document, context: Context
) -> None:
    """Attributes of `checkpoint` and of the server's flags that need both."""
    command, deployment = world.singles.get("command"), world.singles["deployment"]
    describe_prompts(world, subject, checkpoint)
    if command is None or not checkpoint.completeness.complete or not is_served(deployment):
        return
    if checkpoint.config is None:
        # Its quantization may be declared in what cannot be read.
        return
    home = EXTRA_ARGS if deployment.get("reads_extra_args") is True else COMMAND
    subject.places["server_flags"] = Place(home, deployment.place.span)
    describe_server(subject, checkpoint, command, read_servers(world), world.singles["execution"].get("gres"), context)


def describe_server(
    subject: Subject,
    checkpoint: Checkpoint,
    command: Subject,
    servers: tuple[Server, ...],
    gres: Value,
    context: Context,
) -> None:
    """Attributes of `checkpoint` and of a server's flags, whatever it belongs to: a deployment or a service."""
    world, deployment, engine = command.world, command.parent, command.get("engine")
    if not servers or deployment is None or not isinstance(engine, str):
        return
    image = image_of(deployment)
    version = image.version if image and image.engine == engine else None
    flags = [flag for flag in world.of("flag") if flag.parent is command and flag.get("name") == "--quantization"]
    serving = Serving(
        command,
        deployment,
        checkpoint,
        checkpoint.quantization,
        engine_version(engine, version),
        servers,
        flags[0] if flags else None,
        gres,
    )
    field: Path = (*deployment.base, "tensor_parallel_size")
    subject.places["tensor_parallel_field"] = Place(field, deployment.place.span)
    image_place = deployment.place_of("image")
    if image_place is not None:
        subject.places["image"] = image_place
    subject.attributes |= engine_attributes(serving)
    if serving.flag is not None:
        serving.flag.attributes |= flag_attributes(serving)
    describe_fit(serving, subject, context)
