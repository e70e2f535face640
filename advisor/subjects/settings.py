"""Values that were never filled in: `???`, and the placeholders of templates.

Sources: nemo-evaluator-launcher 0.2.6 api/functional.py (_validate_no_missing_values) and omegaconf's merge of `???`;
the placeholders that the public examples use.
"""

from __future__ import annotations

import re

from advisor.document.nodes import Scalar, dotted
from advisor.document.offsets import offsets
from advisor.nel.effective import MISSING as UNFILLED
from advisor.nel.effective import leaves
from advisor.nel.schema import Unknown as Fate
from advisor.nel.schema import read_by, section
from advisor.patterns import pattern
from advisor.subjects.structure import is_enough, is_fragment, place_in
from advisor.subjects.subject import Attribute, Place, Subject, World, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path, Span
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective

MISSING, MISSING_DEFAULT, MASKED, PLACEHOLDER = "missing", "missing default", "masked", "placeholder"
_CHECKPOINT: Path = ("deployment", "checkpoint_path")

# <YOUR_URL>, <N>; CHANGEME; your-account; /path/to/model; a lone ... or TODO; a host that RFC 2606 keeps for examples.
_ANGLE = r"<[A-Za-z][\w .:/-]{0,60}>"
_ANYWHERE = r"(?<![A-Za-z0-9])(?:CHANGE[-_]?ME|change[-_]me|changeme|REPLACE[-_]?ME|FILL[-_]?ME)(?![a-z])"
_YOURS = r"(?<![A-Za-z0-9])(?:your|YOUR)[-_][A-Za-z][\w-]*"
_PATH_TO = r"(?:(?<=[\s=:,'\"/])|^)/?path/to(?=[/\s'\",:]|$)"
_LONE = r"^(?:\.\.\.|…|(?:TODO|FIXME|TBD)\b.*)$"
_EXAMPLE_HOST = r"(?i:(?<![\w.-])(?:[\w-]+\.)*example\.(?:com|org|net)(?![\w-]|\.\w))"
_FILLED = pattern("|".join((_ANGLE, _ANYWHERE, _YOURS, _PATH_TO, _LONE)))
_HOST = pattern(_EXAMPLE_HOST)
_IN_SCRIPT = pattern("|".join((rf"(?<=[ =]){_ANGLE}(?=\s|$)", _ANYWHERE, _PATH_TO)))
_MARKED = pattern("|".join((_ANYWHERE, r"^<[A-Z][A-Z0-9]*[_ -][\w .-]*>$")))
# What every placeholder has some of.
_HINTS = (
    "<", "path/to", "your-", "your_", "YOUR-", "YOUR_", "hange", "HANGE", "REPLACE", "FILL", "xample", "...", "…",
    "TODO", "FIXME", "TBD",
)  # fmt: skip
_COMMENT = pattern(r"(?m)^[ \t]*#.*$")
_FLAG_BEFORE = pattern(r"(?:^|\s)(?:--?|\+\+)[\w.\-]+[ =]$")

# What a cluster, an engine or a service is asked for by; a placeholder there cannot work.
_LOAD_BEARING = frozenset(
    {
        "hostname", "account", "partition", "cpu_partition", "output_dir", "username", "checkpoint_path", "cache_path",
        "hf_model_handle", "image", "container", "url", "model_id", "api_key_name", "tracking_uri", "dataset_dir",
        "service_account_file", "oauth_file", "node_group", "tokenizer", "progress_tracking_url", "export_image",
    }
)  # fmt: skip
_DESCRIPTIVE = frozenset({"served_model_name", "entity", "project", "experiment_name", "run_name", "spreadsheet_name"})
_SCRIPTS = frozenset(
    {"command", "base_command", "pre_cmd", "post_cmd", "extra_args", "extra_docker_args", "launcher_install_cmd"}
)
_PROSE = pattern(r"prompt|instruction|message|template|token|stop|comment|notes")


def add_settings(world: World, document: Document, context: Context) -> None:
    """One `setting` for each value that is not filled in; `state` says how."""
    seen: set[Span] = set()
    before = len(world.subjects)
    for path, node in _suspects(world.values.leaves()):
        if path[0] == "hydra":
            continue
        if is_enough(world, before, "values that are not filled in"):
            break
        if node.masked is not None and node.masked.value is not None:
            _add(world, Place(path, node.masked.value), MASKED, _about_default(node))
        elif node.is_missing:
            _add_missing(world, document, path, node, seen)
        else:
            _add_placeholder(world, document, path, node)
    _add_mount_keys(world)


def _suspects(leaves: list[tuple[Path, Effective]]) -> list[tuple[Path, Effective]]:
    """The values that may not be filled in. Most configs have no hint of a placeholder in any of their texts."""
    whole = "\n".join([node.data for _, node in leaves if isinstance(node.data, str)])
    hints = [hint for hint in _HINTS if hint in whole]
    if not hints:
        return [leaf for leaf in leaves if leaf[1].masked is not None or leaf[1].data == UNFILLED]
    return [leaf for leaf in leaves if leaf[1].masked is not None or _has_any(leaf[1].data, (UNFILLED, *hints))]


def _has_any(data: object, hints: tuple[str, ...]) -> bool:
    return isinstance(data, str) and any(hint in data for hint in hints)


def _add(world: World, place: Place, state: str, about: dict[str, Attribute]) -> None:
    attributes: dict[str, Attribute] = {"state": state, "path": dotted(place.path), **about}
    world.add(Subject("setting", place, world, attributes, parent=world.singles["config"]))


def _about_default(node: Effective) -> dict[str, Attribute]:
    shown = "null" if node.data is None else repr(node.data) if isinstance(node.data, str) else str(node.data)
    return {"default": shown, "source": node.origin.source}


def _add_missing(world: World, document: Document, path: Path, node: Effective, seen: set[Span]) -> None:
    """A `???` that survives. A config that is not here may still fill it, and a fragment's is for others to fill."""
    if world.values.composition.is_open(path) or is_fragment(document):
        return
    if path == _CHECKPOINT and not is_nothing(world.values.at(("deployment", "hf_model_handle"))):
        return
    span = node.origin.value
    if span is None:
        place = place_in(document, world.values, path)
        _add(world, Place(path, place.span), MISSING_DEFAULT, _about_default(node))
    elif span not in seen:
        seen.add(span)
        _add(world, Place(path, span), MISSING, {})


def _add_placeholder(world: World, document: Document, path: Path, node: Effective) -> None:
    scalar, span = node.origin.node, node.origin.value
    if not isinstance(scalar, Scalar) or span is None:
        return
    found, fatal = placeholder(path, scalar.text)
    if found is None or not _is_read(world, path):
        return
    where = offsets(document.text, scalar).span(*found.span()) if span == scalar.span else span
    _add(world, Place(path, where), PLACEHOLDER, {"found": found.group(), "is_fatal": fatal})


def placeholder(path: Path, text: str) -> tuple[re.Match[str] | None, bool]:
    """The placeholder in a value, and whether nothing can work with it. Prompts and stop words hold none."""
    if not _has_any(text, _HINTS):
        return None, False
    names = [part for part in path if isinstance(part, str)]
    last = names[-1] if names else ""
    if any(_PROSE.search(name) for name in names):
        return None, False
    if path[:2] == ("evaluation", "tasks") and len(path) == 4 and last == "name":
        return None, False
    if last in _SCRIPTS or (len(names) > 1 and last == "args"):
        return _in_script(text), True
    if "env_vars" in names[:-1]:
        return _FILLED.search(text.partition(":")[2]) and _FILLED.search(text), True
    if last in _LOAD_BEARING:
        found = _FILLED.search(text)
        return (found, True) if found else (_HOST.search(text), False)
    if last in _DESCRIPTIVE:
        return _FILLED.search(text), False
    return _MARKED.search(text), False


def _in_script(text: str) -> re.Match[str] | None:
    """`<N>` counts where a flag's value stands, since a shell has another use for `<`; comments do not count."""
    comments = [match.span() for match in _COMMENT.finditer(text)] if "#" in text else []
    for match in _IN_SCRIPT.finditer(text):
        if any(start <= match.start() < end for start, end in comments):
            continue
        if not match.group().startswith("<") or _FLAG_BEFORE.search(text[max(0, match.start() - 80) : match.start()]):
            return match
    return None


def _is_read(world: World, path: Path) -> bool:
    """Whether anybody reads the key: a hostname on local is nobody's."""
    if path[0] not in ("execution", "deployment", "target"):
        return True
    executor, server = (world.values.at((name, "type")) for name in ("execution", "deployment"))
    if not isinstance(executor, str) or not isinstance(server, str):
        return True
    known, key = section(path[:1], executor, server), str(path[1]) if len(path) > 1 else ""
    return known is None or known.unknown is not Fate.IGNORED or key in known.keys or not read_by(path[:1], key)


def _add_mount_keys(world: World) -> None:
    """The host's side of a mount is a key."""
    mounts = world.values.tree.at(("execution", "mounts"))
    for path, node in leaves(mounts, ("execution", "mounts")) if mounts is not None else ():
        key = node.origin.key
        found = _FILLED.search(str(path[-1])) if len(path) > 3 and key is not None else None
        if found is not None and key is not None:
            about: dict[str, Attribute] = {"found": found.group(), "is_fatal": True, "path": dotted(path[:-1])}
            _add(world, Place(path, key), PLACEHOLDER, about)
