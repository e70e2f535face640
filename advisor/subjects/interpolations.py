"""The `${...}` of a config that NEL cannot resolve, or only where it is submitted.

Source: nemo-evaluator-launcher 0.2.6 api/functional.py (_validate_no_missing_values resolves every key).
"""

from __future__ import annotations

import re

from advisor.document.nodes import Scalar, dotted
from advisor.document.offsets import Offsets, offsets
from advisor.nel.effective import Effective
from advisor.nel.interpolation import ENV, Interpolation, find_interpolations
from advisor.nel.names import nearest
from advisor.nel.resolution import CIRCLE, FINE, NO_RESOLVER, NOTHING, UNKNOWN, UNSET, Fate, Resolution
from advisor.nel.values import ABSENT, Value
from advisor.patterns import pattern
from advisor.subjects.structure import is_enough, place_in
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context

# What a shell makes of braces: ${X}, ${X:-y}, ${X%%y}, ${#X}, ${!X}, ${X[0]}, and one that is not closed.
_SHELL = pattern(r"\$\{[#!]?[A-Za-z_]\w*(?:\[[^\]]*\])?(?:\}|:?[-=?+]|:[ \d]|##?|%%?|//?|\^\^?|,,?|@[A-Za-z]\}|\s*\Z)")
_VARIABLE = pattern(r"\$\{([A-Za-z_]\w*)\}")
_ENV_NAME = pattern(r"[A-Z_][A-Z0-9_]*")
_SECRET = pattern(r"TOKEN|KEY|SECRET|PASS|CREDENTIAL", re.I)
_OTHER_ENV = pattern(r"\$\{(?:env|ENV|oc\.environ|os\.environ|oc\.ENV):([A-Za-z_]\w*)\}")
_AUXILIARY = pattern(r"\$\{(auxiliary_deployments\.[\w\-]+\.\w*url)\}")
# What a shell runs, word by word.
IN_SHELL = frozenset(
    {"command", "base_command", "pre_cmd", "post_cmd", "extra_args", "extra_docker_args", "launcher_install_cmd"}
)
_MOST_CANDIDATES = 200
# Every login shell sets these.
_ALWAYS_SET = frozenset({"USER", "HOME", "PATH", "PWD", "LOGNAME", "SHELL", "HOSTNAME"})


def add_interpolations(world: World, document: Document, context: Context) -> None:
    """One `interpolation` for each that fails, and for each variable that is not set here."""
    resolution: Resolution | None = None
    asked: set[str] = set()
    before = len(world.subjects)
    for path, node in world.values.leaves():
        if not isinstance(node.data, str) or "${" not in node.data or path[0] == "hydra":
            continue
        resolution = resolution or Resolution(world.values.composition, context.env_names)
        places: Offsets | None = None
        for one in find_interpolations(node.data):
            fate = resolution.fate(one, path)
            if fate.kind in (FINE, UNKNOWN) or (fate.kind == UNSET and not _asks(one, path, node, context, asked)):
                continue
            if is_enough(world, before, "interpolations"):
                return
            scalar = node.origin.node
            if isinstance(scalar, Scalar) and node.origin.value == scalar.span:
                places = places or offsets(document.text, scalar)
            _add(world, place_in(document, world.values, path) if places is None else places, path, node, one, fate)
            if node.origin.node is None:
                break


def _asks(one: Interpolation, path: Path, node: Effective, context: Context, asked: set[str]) -> bool:
    """Whether a variable that is not set here is worth a word: once, and not where rules on env_vars speak of it."""
    usual = one.name in _ALWAYS_SET and not context.check_environment
    if usual or one.name in asked or "env_vars" in path or node.origin.source.startswith("the default of"):
        return False
    asked.add(one.name)
    return True


def _add(world: World, where: Place | Offsets, path: Path, node: Effective, one: Interpolation, fate: Fate) -> None:
    own = not isinstance(where, Place)
    place = Place(path, where.span if isinstance(where, Place) else where.span(one.start, one.end))
    in_shell = path[-1] in IN_SHELL
    is_shell = fate.kind != UNSET and fate.kind != CIRCLE and _is_shell(one, in_shell=in_shell)
    attributes: dict[str, Attribute] = {
        "text": one.text if len(one.text) <= 80 else one.text[:77] + "...",
        "path": dotted(path),
        "problem": "environment" if fate.kind == UNSET else "shell" if is_shell else fate.kind,
        "reason": _reason(one, fate),
        "in_shell": in_shell,
        "variable": one.name if one.kind == ENV else ABSENT,
        "source": node.origin.source or "this file",
        "is_own": own,
        "mended": lambda: _mended(world, node, one, fate, is_shell=is_shell, in_shell=in_shell) if own else ABSENT,
    }
    world.add(Subject("interpolation", place, world, attributes, parent=world.singles["config"]))


def _is_shell(one: Interpolation, *, in_shell: bool) -> bool:
    """A single word in braces: in a command always meant for the shell, elsewhere if it is written as variables are."""
    if not _SHELL.match(one.text):
        return False
    variable = _VARIABLE.fullmatch(one.text)
    return in_shell or variable is None or _ENV_NAME.fullmatch(variable[1]) is not None


def _reason(one: Interpolation, fate: Fate) -> str:
    if fate.kind == CIRCLE:
        return "needs its own value"
    if fate.kind == NO_RESOLVER:
        return f"asks a resolver '{one.text[2:].partition(':')[0].strip()}', which NEL does not have"
    if fate.kind == NOTHING:
        above = dotted(fate.above)
        return (
            f"names nothing: {above} has no '{fate.path[len(fate.above)]}'" if above else "names nothing in this config"
        )
    return "is no interpolation that OmegaConf accepts"


def _mended(world: World, node: Effective, one: Interpolation, fate: Fate, *, is_shell: bool, in_shell: bool) -> Value:
    """The whole value with this one mended."""
    text = str(node.data)
    if text[one.start : one.end] != one.text or text[max(0, one.start - 1) : one.start] == "\\":
        return ABSENT
    new = (
        _for_shell(text, one)
        if is_shell and in_shell
        else _from_environment(one)
        if is_shell
        else _meant(world, one, fate)
    )
    return text[: one.start] + new + text[one.end :] if new else ABSENT


def _for_shell(text: str, one: Interpolation) -> str | None:
    """`$X`, or with a backslash where the braces are needed: OmegaConf then leaves them to the shell."""
    if not one.text.endswith("}"):
        return None
    variable, after = _VARIABLE.fullmatch(one.text), text[one.end : one.end + 1]
    if variable and not re.match(r"[A-Za-z0-9_\[]", after):
        return f"${variable[1]}"
    return f"\\{one.text}"


def _from_environment(one: Interpolation) -> str | None:
    """The submitting shell's value; a secret must not be written into the config that NEL stores."""
    variable = _VARIABLE.fullmatch(one.text)
    return f"${{oc.env:{variable[1]}}}" if variable and not _SECRET.search(variable[1]) else None


def _meant(world: World, one: Interpolation, fate: Fate) -> str | None:
    auxiliary = _AUXILIARY.fullmatch(one.text)
    if auxiliary:
        return auxiliary[1]
    environment = _OTHER_ENV.fullmatch(one.text)
    if environment and not _SECRET.search(environment[1]):
        return f"${{oc.env:{environment[1]}}}"
    if fate.kind != NOTHING or not fate.path or one.name.startswith("."):
        return None
    above = world.values.tree.at(fate.above)
    if above is None or not isinstance(above.data, dict) or len(above.data) > _MOST_CANDIDATES:
        return None
    meant = nearest(str(fate.path[len(fate.above)]), above.data)
    path = (*fate.above, meant, *fate.path[len(fate.above) + 1 :]) if meant else ()
    return f"${{{'.'.join(map(str, path))}}}" if path and world.values.tree.at(path) is not None else None
