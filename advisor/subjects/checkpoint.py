"""The checkpoint that a config serves, where its directory is on this machine, and that of a checkpoint target."""

from __future__ import annotations

import os

from advisor.document.parse import parse_document
from advisor.nel.compose import compose
from advisor.nel.values import Values
from advisor.subjects.subject import World, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject

WHAT = "the checkpoint"
_CONFIG, _OUTPUT = "eval_config.yaml", "output"


def add_checkpoint(world: World, document: Document, context: Context) -> None:
    """`checkpoint` and what belongs to it, of a config whose checkpoint_path is a directory here. Nothing of
    advisor.checkpoint is imported for another config: that would cost more than its whole advice."""
    deployment = world.singles["deployment"]
    path = _checkpoint_directory(deployment, document.path, context)
    deployment.attributes["checkpoint_is_read"] = path is not None
    if path is None:
        return
    from advisor.checkpoint.cache import recall_checkpoint
    from advisor.subjects.weights import describe_checkpoint, fixed_place
    from advisor.subjects.weights_served import describe_serving

    place = deployment.place_of("checkpoint_path") or deployment.place
    checkpoint = recall_checkpoint(path)
    subject = describe_checkpoint(world, checkpoint, fixed_place(place), named_by_config=True)
    describe_serving(world, subject, checkpoint, document, context)


def checkpoint_world(path: str, context: Context) -> tuple[World, Checkpoint]:
    """The subjects of a checkpoint directory that is itself the target."""
    from advisor.checkpoint.read import read_checkpoint
    from advisor.subjects.weights import describe_checkpoint, metadata_place
    from advisor.subjects.weights_source import add_source

    world = World(Values(compose(parse_document(path, ""))))
    checkpoint = read_checkpoint(path)
    subject = describe_checkpoint(world, checkpoint, metadata_place(checkpoint), named_by_config=False)
    add_source(world, subject, checkpoint, context.source)
    return world, checkpoint


def _checkpoint_directory(deployment: Subject, config: str, context: Context) -> str | None:
    """The directory that checkpoint_path names, or the same one beside the config; None, with a note where that is a
    gap, where it is not here."""
    path, shape = deployment.get("checkpoint_path"), deployment.get("checkpoint_shape")
    if not isinstance(path, str) or deployment.get("has_server") is not True:
        return None
    if shape == "home" and deployment.world.singles["execution"].get("type") == "local":
        path = os.path.expanduser(path)
    elif shape != "absolute":
        return None
    if not context.reads_checkpoints:
        deployment.world.note(WHAT, "reading checkpoints is switched off")
    elif not os.path.isdir(path) and (beside := checkpoint_beside(config)) and _is_same(path, beside):
        deployment.world.note(WHAT, f"{path} is not on this machine: {beside} was read in its place")
        return beside
    elif not os.path.isdir(path):
        deployment.world.note(WHAT, f"{path} is not on this machine")
    elif not os.path.realpath(path).strip("/"):
        deployment.world.note(WHAT, f"{path} is the root of the file system")
    elif deployment.world.singles["execution"].get("type") != "local" and not holds_checkpoint(path):
        deployment.world.note(WHAT, f"{path} on this machine holds none: it may be another one where the job runs")
    else:
        return path
    return None


def checkpoint_beside(config: str) -> str:
    """The checkpoint directory that belongs to a config by ModelOpt's layout, whether it is there or not; '' for any
    other config. `workspaces/<session>/<model>-<format>/{output,logs,scripts,eval_config.yaml}`."""
    folder, name = os.path.split(config)
    return f"{folder or os.curdir}/{_OUTPUT}" if name == _CONFIG else ""


def _is_same(path: str, beside: str) -> bool:
    """Whether a path of another machine is that of the directory beside the config: the workspace lies elsewhere, and
    its folders have the same names."""
    own = os.path.abspath(beside).split(os.sep)[-2:]
    return os.path.normpath(path).split(os.sep)[-2:] == own and holds_checkpoint(beside)


def holds_checkpoint(path: str) -> bool:
    from advisor.checkpoint.recognise import looks_like_checkpoint

    try:
        return looks_like_checkpoint(os.listdir(path))
    except OSError:
        return False


def is_served(deployment: Subject) -> bool:
    """Whether the server loads checkpoint_path: a handle goes before it in the shipped commands."""
    return is_nothing(deployment.get("hf_model_handle")) or deployment.get("serves_checkpoint") is True
