"""Every variable of every `env_vars` block, and the literal secrets of a config."""

from __future__ import annotations

from advisor.document.nodes import Scalar
from advisor.nel.effective import Effective, children
from advisor.nel.env_vars import PREFIXED, TELEMETRY, Kind, is_checked, migrate, read_value
from advisor.nel.interpolation import ENV, find_interpolations
from advisor.nel.redaction import redactor_for
from advisor.nel.secrets import find_secrets, looks_like_secret, mask, names_secret
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.subjects.mounts import targets
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, Subject, World
from advisor.subjects.task_places import variable_path
from advisor.subjects.tasks import TASKS, task_items

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context

API_KEY_NAME: Path = ("target", "api_endpoint", "api_key_name")
_SHIPPED = "the default of"


def add_env_vars(world: World, document: Document, context: Context) -> None:
    """One `env_var` for each variable of each block, and one for the endpoint's key, which the launcher adds as
    `host:<its name>` where no block has it."""
    asked: set[str] = set()
    for scope, path, node in env_blocks(world):
        if not isinstance(node.data, dict):
            continue
        for name, value in node.data.items():
            if not value.origin.source.startswith(_SHIPPED):
                world.add(_variable(world, document, context, scope, (*path, name), value, asked))
    key = world.values.at(API_KEY_NAME)
    if isinstance(key, str) and key.isidentifier() and not looks_like_secret(key) and not _declared(world, key):
        place = place_in(document, world.values, API_KEY_NAME)
        attributes: dict[str, Value] = {
            "scope": "api_key",
            "name": key,
            "kind": Kind.HOST.value,
            "content": key,
            "shown": key,
        }
        attributes["is_checked"] = world.values.at(("execution", "type")) in ("local", "slurm")
        attributes |= _in_shell(key, context, asked)
        world.add(Subject("env_var", place, world, dict(attributes), None, API_KEY_NAME, world.singles["config"]))


def env_blocks(world: World) -> Iterator[tuple[str, Path, Effective]]:
    """Every `env_vars` block that is there: its scope, path and value."""
    top = children(world.values.tree)
    owners: list[tuple[str, Path, Effective | None]] = [("top", (), world.values.tree)]
    owners += [(scope, (scope,), top.get(scope)) for scope in _SCOPES]
    owners += [("task", (*TASKS, index), item) for index, item in task_items(world)]
    auxiliary = children(top.get("auxiliary_deployments"))
    owners += [("auxiliary", ("auxiliary_deployments", name), node) for name, node in auxiliary.items()]
    for scope, path, owner in owners:
        node = children(owner).get("env_vars")
        if node is not None:
            yield scope, (*path, "env_vars"), node


_SCOPES = ("evaluation", "deployment", "export")


def _declared(world: World, name: str) -> bool:
    blocks = (world.values.tree.at(path) for path in (("env_vars",), ("evaluation", "env_vars")))
    return any(block is not None and isinstance(block.data, dict) and name in block.data for block in blocks)


def _variable(
    world: World, document: Document, context: Context, scope: str, path: Path, node: Effective, asked: set[str]
) -> Subject:
    raw, name = node.data, str(path[-1])
    value = _known(world, raw)
    text = node.origin.node.text if isinstance(node.origin.node, Scalar) else str(raw)
    subject = Subject("env_var", place_in(document, world.values, path), world, {}, None, path, world.singles["config"])
    subject.attributes |= {"scope": scope, "name": name, "block": ".".join(map(str, path[:-1]))}
    span = node.origin.value
    if span is not None and span.end > span.start:
        subject.places["value"] = Place(path, span)
    if isinstance(value, Unknown):
        subject.attributes |= dict.fromkeys(("kind", "content", "shown", "migrated", "is_secret", "is_set"), value)
        return subject
    read = read_value(value)
    is_secret = isinstance(raw, str) and read.kind not in (Kind.HOST, Kind.RUNTIME) and looks_like_secret(raw, name)
    references = [one for one in find_interpolations(raw) if one.kind == ENV] if isinstance(raw, str) else []
    execution, deployment = world.singles["execution"].get("type"), world.singles["deployment"].get("type")
    checked = is_checked(path[:-1], _text(execution), _text(deployment))
    half_secret = read.kind is Kind.UNPREFIXED and _half_secret(name, value)
    change = None if half_secret or read.kind in PREFIXED else migrate(value, text, path[:-1], name)
    subject.attributes |= {
        "kind": read.kind.value,
        "content": read.content,
        "shown": mask(str(raw).removeprefix("lit:")) if is_secret or half_secret else _shown(raw, text),
        "is_checked": checked or (not isinstance(raw, str) and path[0] == "evaluation"),
        "is_secret": is_secret,
        "type": _type(raw),
        "migrated": _from_mapping(raw) or (change.value if change is not None else ABSENT),
        "is_certain": change is not None and change.certain,
        "half_secret": half_secret,
        "reference": references[0].name if len(references) == 1 and _only(raw, references[0].text) else ABSENT,
        "has_reference": bool(references),
        "is_mounted": lambda: _is_mounted(world, read.content),
    }
    if read.kind is Kind.HOST:
        subject.attributes |= _in_shell(read.content, context, asked if checked else set())
    return subject


def _known(world: World, raw: Data | dict[str, Effective] | list[Effective]) -> Data | Unknown:
    """A value with the config's own interpolations in place; one that reads the shell stays as it is written."""
    if not isinstance(raw, str):
        return raw if not isinstance(raw, dict | list) else []
    if "${" not in raw or any(one.kind == ENV for one in find_interpolations(raw)):
        return raw if raw != "???" else Unknown("it is ???, to be filled in")
    resolved = world.values.text(raw)
    return Unknown("its interpolation is not known") if isinstance(resolved, Absent) else resolved


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _shown(raw: object, text: str) -> str:
    return _type(raw) if isinstance(raw, dict | list) else text


def _type(raw: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", dict: "a mapping", list: "a list", str: "text"}
    return names.get(type(raw), "null")


def _half_secret(name: str, value: Value) -> bool:
    """Of a value without prefix: whether it stands below a secret's name and is no upper-case name. It may be the
    secret itself, so it is neither shown nor written anywhere else."""
    if not isinstance(value, str) or not names_secret(name):
        return False
    bare = value.strip().removeprefix("$")
    return bool(bare) and not (bare.isupper() and bare.isidentifier()) and ":" not in bare


def _from_mapping(raw: object) -> str | None:
    """`{host: X}` to `host:X`."""
    if isinstance(raw, dict) and len(raw) == 1:
        ((prefix, inner),) = raw.items()
        if prefix in ("host", "lit", "runtime") and isinstance(inner, Effective) and isinstance(inner.data, str):
            return f"{prefix}:{inner.data}"
    return None


def _only(raw: object, reference: str) -> bool:
    """Whether a value is one `${oc.env:X}` and nothing else, behind a prefix or not."""
    return (
        isinstance(raw, str)
        and raw.strip().removeprefix("host:").removeprefix("lit:") == reference
        and "," not in reference
    )


def _in_shell(name: str, context: Context, asked: set[str]) -> dict[str, Value]:
    first = name not in asked
    asked.add(name)
    return {"is_set": name in context.env_names, "is_name": name.isidentifier(), "is_first": first}


def _is_mounted(world: World, path: str) -> Value:
    """Whether something of the host is mounted at a path in a container, or above it."""
    home = world.values.at(("execution", "mounts", "mount_home"))
    if path.startswith(("/home/", "/root")) and home is not False:
        return True
    return any(path == target or path.startswith(target.rstrip("/") + "/") for target in targets(world))


def add_secrets(world: World, document: Document, context: Context) -> None:
    """One `secret` for each value that holds one in clear."""
    if not redactor_for(document).secrets:
        return
    for path, node in world.values.leaves():
        text, name = node.data, str(path[-1]) if path else ""
        if not isinstance(text, str) or node.origin.value is None or not find_secrets(text, name):
            continue
        if "env_vars" in path and read_value(text).kind in (Kind.HOST, Kind.RUNTIME):
            continue
        where = _where(path)
        variable = _proposed(path, name, where)
        subject = Subject(
            "secret",
            Place(path, node.origin.value),
            world,
            {
                "where": where,
                "key": name,
                "shown": mask(_secret_of(text, name)),
                "variable": variable,
            },
            parent=world.singles["config"],
        )
        if variable:
            subject.places["new_variable"] = Place(variable_path(world, variable), node.origin.value)
        world.add(subject)


def _secret_of(text: str, name: str) -> str:
    start, end = find_secrets(text, name)[0]
    return text[start:end]


def _where(path: Path) -> str:
    """env, endpoint_key, endpoint_field, judge, or other."""
    if "env_vars" in path[:-1]:
        return "env"
    if path[-1] == "api_key_name" and "api_endpoint" in path:
        return "endpoint_key"
    if path == ("target", "api_endpoint", "api_key"):
        return "endpoint_field"
    return "judge" if "extra" in path and path[-1] in ("api_key", "api_key_name") else "other"


def _proposed(path: Path, name: str, where: str) -> str:
    """The variable to keep a secret in."""
    if where == "env":
        return name
    if where == "judge":
        return "JUDGE_API_KEY" if "judge" in path else f"{path[-2]!s}_api_key".upper()
    return "API_KEY" if where == "endpoint_key" else ""


def is_silent_start(world: World, context: Context) -> Value:
    """Whether no variable at all is collected for the first task of a local run: the launcher then stops, since it
    defines its export command only where there is one."""
    values = world.values
    items = task_items(world)
    if values.at(("execution", "type")) != "local" or not items:
        return False
    if any(name in context.env_names for name in TELEMETRY):
        return False
    paths: list[Path] = [
        ("env_vars",),
        ("evaluation", "env_vars"),
        (*TASKS, items[0][0], "env_vars"),
        ("export", "env_vars"),
    ]
    if values.at(("deployment", "type")) != "none":
        paths.append(("deployment", "env_vars"))
    found = [values.at(path) for path in [*paths, API_KEY_NAME]]
    if any(value and not isinstance(value, Unknown) for value in found):
        return False
    return (
        Unknown("a config that is not here may set variables") if any(isinstance(v, Unknown) for v in found) else True
    )
