"""The `defaults:` list: what each entry asks Hydra for.

Source: hydra-core 1.3 _internal/config_repository.py and core/default_element.py, with NEL's `version_base=None`.
"""

from __future__ import annotations

from advisor.document.nodes import Mapping, Node, Scalar, Sequence, Span
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document

SELF = "_self_"
GLOBAL = "_global_"
# The groups that NEL ships.
GROUPS = ("execution", "deployment")
_HEADER = pattern(r"(?:[ \t]*(?:#[ \t]*@[^\r\n]*)?(?:\r?\n|\Z))+?(?![ \t]*(?:#[ \t]*@|\r?\n))")


class DefaultsEntry(NamedTuple):
    """One entry. `config` is the path in the search path without `.yaml` ("deployment/vllm"), from the root where it is
    `absolute`; it is '' where nothing is loaded (`_self_`, a null option). `package` is where its values go: a dotted
    path below the naming file's own, '' for the same place. `mistake` says why Hydra refuses the entry by itself."""

    number: int
    span: Span
    group: str
    option: str | None
    config: str
    package: str
    explicit_package: bool = False
    optional: bool = False
    override: bool = False
    is_self: bool = False
    interpolated: bool = False
    absolute: bool = False
    grouped: bool = False
    one_of_many: bool = False
    mistake: str = ""

    @property
    def legal(self) -> bool:
        return not self.mistake

    @property
    def slipped_from(self) -> str:
        """The group that a path was meant for: the values of `execution/slurm/default` land in execution.slurm."""
        group, _, rest = self.config.partition("/")
        slipped = "/" in rest and not (self.grouped or self.explicit_package)
        return group if slipped and group in GROUPS else ""

    @property
    def key(self) -> str:
        """What Hydra takes two entries for the same by: the group, and the package where it is another."""
        own = self.group.replace("/", ".")
        return self.group if self.package == own else f"{self.group}@{self.package or GLOBAL}"


def defaults_node(root: Node | None) -> Node | None:
    """The value of `defaults`, whatever it is."""
    entry = root.entries.get("defaults") if isinstance(root, Mapping) else None
    return entry.value if entry is not None else None


def read_defaults(root: Node | None) -> tuple[DefaultsEntry, ...]:
    """The entries of a config's `defaults`, in order; () where there is none or it is no list."""
    node = defaults_node(root)
    if not isinstance(node, Sequence):
        return ()
    return tuple(entry for i, item in enumerate(node.items) for entry in _entries(i, item.value))


def package_header(document: Document) -> tuple[str | None, str]:
    """The file's `# @package` (None without one; '' for _global_), and why Hydra refuses its header. The header ends at
    the first line that is none, such as a plain comment."""
    package: str | None = None
    header = _HEADER.match(document.text)
    for line in header.group().splitlines() if header else ():
        if not line.strip():
            continue
        words = line.strip().lstrip("#").split()
        if len(words) != 2:
            return package, f"Hydra takes the comment '{line.strip()[:60]}' for a header of a key and a value"
        if words[0] == "@package":
            package = words[1].removeprefix(GLOBAL).removeprefix(".")
    return package, ""


def _entries(index: int, node: Node) -> list[DefaultsEntry]:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return [_from_string(index, node)]
    if isinstance(node, Mapping) and len(node.entries) == 1:
        ((name, entry),) = node.entries.items()
        if isinstance(entry.key.value, str):
            return _from_group(index, Span(entry.key.span.start, entry.value.span.end), name, entry.value)
    return [DefaultsEntry(index, node.span, "", None, "", "", mistake=_not_an_entry(node))]


def _not_an_entry(node: Node) -> str:
    if isinstance(node, Mapping) and len(node.entries) > 1:
        return f"one item names {len(node.entries)} groups ({', '.join(node.entries)}); each needs a '-' of its own"
    if isinstance(node, Scalar) and node.value is None:
        return "an empty item"
    return "an item is 'group: option' or the name of a config"


def _from_string(index: int, node: Scalar) -> DefaultsEntry:
    text = node.text
    name, at, package = text.partition("@")
    if name == SELF:
        mistake = "_self_ takes no package" if at else ""
        return DefaultsEntry(index, node.span, SELF, None, "", "", is_self=not mistake, mistake=mistake)
    group, _, option = name.rpartition("/")
    return DefaultsEntry(
        index,
        node.span,
        group.lstrip("/"),
        option,
        name.removeprefix("/").removesuffix(".yaml"),
        _package(package, group.removeprefix("/")),
        explicit_package=bool(at),
        interpolated="${" in text,
        absolute=name.startswith("/"),
        mistake="" if name else "an empty item",
    )


def _from_group(index: int, span: Span, name: str, value: Node) -> list[DefaultsEntry]:
    key, at, package = name.partition("@")
    *keywords, last = key.split(" ")
    group = last.removeprefix("/")
    many = isinstance(value, Sequence)
    out = []
    for option in [item.value for item in value.items] if isinstance(value, Sequence) else [value]:
        chosen = option.value if isinstance(option, Scalar) else None
        text = chosen if isinstance(chosen, str) else None
        loads = bool(text) and text != "???"
        out.append(
            DefaultsEntry(
                index,
                option.span if many else span,
                group,
                text,
                f"{group}/{text}".removesuffix(".yaml") if loads else "",
                _package(package, group),
                explicit_package=bool(at),
                optional="optional" in keywords,
                override="override" in keywords,
                interpolated="${" in (text or ""),
                absolute=last.startswith("/"),
                grouped=True,
                one_of_many=many,
                mistake=_option_mistake(group, option, many=many),
            )
        )
    return out


def _option_mistake(group: str, option: Node, *, many: bool) -> str:
    if not isinstance(option, Scalar):
        return f"the option of {group} is one name or a list of names"
    if option.value is None and not many:
        return ""
    if not isinstance(option.value, str):
        shown = "null" if option.value is None else option.text
        return f"{shown} is no name of an option of {group}"
    return f"an option of {group} must be chosen in place of ???" if option.value == "???" else ""


def _package(explicit: str, folder: str) -> str:
    """Hydra's: the group of a `group: option` entry, the folder of a plain path (`execution/slurm/default` lands in
    execution.slurm, which is a mistake), or what follows the @."""
    own = folder.replace("/", ".")
    if explicit == "_here_":
        return ""
    return explicit.replace("_group_", f"{GLOBAL}.{own}") if explicit else own
