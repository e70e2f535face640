"""Which family the model that a server loads is of: by what is loaded, else by what it is served as."""

from __future__ import annotations

from advisor.nel.families import Family, family_of
from advisor.nel.values import Unknown, Value
from advisor.records import NamedTuple
from advisor.subjects.subject import is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.subject import Subject, World

# Where the launcher mounts checkpoint_path.
_MOUNTED = "/checkpoint"


class Served(NamedTuple):
    """A family, and whether the loaded model's own name is that family's (else it is a guess)."""

    family: Family
    is_sure: bool

    def knows(self, field: str) -> bool:
        """Whether a field may be more than a hint: of a sure family, and read in a source."""
        return self.is_sure and self.family.is_read(field)


def served_model(owner: Subject) -> Served | None:
    """What a deployment or a service serves; None where the table has no such family, or config.json contradicts."""
    checkpoint = checkpoint_of(owner)
    kind = checkpoint.get("model_type") if checkpoint is not None else None
    model_type = kind if isinstance(kind, str) else None
    loaded = _text(loaded_model(owner))
    found = family_of([loaded], model_type) if loaded else None
    if found is not None:
        return Served(found, found.is_named)
    if checkpoint is not None:
        bases = checkpoint.get("base_models")
        found = (
            family_of([one for one in bases if isinstance(one, str)], model_type) if isinstance(bases, list) else None
        )
    elif not loaded or loaded.startswith(("/", "~", ".")):
        found = family_of(_other_names(owner), model_type)
    return Served(found, False) if found is not None else None


def served_in(world: World) -> Served | None:
    """What the launcher's one deployment serves."""
    return served_model(world.singles["deployment"])


def loaded_model(owner: Subject) -> Value:
    """The name or path that the server loads the model by."""
    if owner.kind == "service":
        return owner.get("model") if owner.get("has_server") is True else None
    command = owner.world.singles.get("command")
    named = command.get("model") if command is not None and owner.get("own_command") is True else None
    if isinstance(named, Unknown) or (isinstance(named, str) and named.rstrip("/") != _MOUNTED):
        return named
    handle = owner.get("hf_model_handle")
    if isinstance(named, str) or (is_nothing(handle) and not isinstance(handle, Unknown)):
        return owner.get("checkpoint_path")
    return handle


def checkpoint_of(owner: Subject) -> Subject | None:
    """The checkpoint that was read from this machine, where it is whole and the one that is loaded."""
    checkpoint = owner.related("checkpoint")
    if checkpoint is None or not isinstance(checkpoint.get("base_models"), list):
        return None
    path, loaded = checkpoint.get("path"), loaded_model(owner)
    return checkpoint if isinstance(loaded, str) and str(path).rstrip("/") == loaded.rstrip("/") else None


def _other_names(owner: Subject) -> list[str]:
    """What else names the model, where what is loaded is not known."""
    names = [owner.get("served_model_name")]
    if owner.kind == "service":
        names.append(owner.get("model") if owner.get("type") == "api" else None)
    else:
        names.append(owner.world.values.at(("target", "api_endpoint", "model_id")))
    return [text for name in names if (text := _text(name))]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
