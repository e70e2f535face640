"""The `defaults:` list: what each entry asks Hydra for."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.document.nodes import Mapping, Node, Scalar, Sequence, Span

SELF = "_self_"


@dataclass(frozen=True, slots=True)
class DefaultsEntry:
    """One entry. `config` is the path in the search path without `.yaml` ("deployment/vllm"); it is '' where nothing
    is loaded (`_self_`, a null option). `package` is where its values go: a dotted path, '' for the root."""

    index: int
    span: Span
    group: str
    option: str | None
    config: str
    package: str
    explicit_package: bool = False
    optional: bool = False
    override: bool = False
    is_self: bool = False
    legal: bool = True
    interpolated: bool = False


def read_defaults(root: Node | None) -> tuple[DefaultsEntry, ...]:
    """The entries of a config's `defaults`, in order; () where there is none or it is no list."""
    if not isinstance(root, Mapping) or "defaults" not in root.entries:
        return ()
    node = root.entries["defaults"].value
    if not isinstance(node, Sequence):
        return ()
    return tuple(entry for i, item in enumerate(node.items) for entry in _entries(i, item.value))


def _entries(index: int, node: Node) -> list[DefaultsEntry]:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return [_from_string(index, node)]
    if isinstance(node, Mapping) and len(node.entries) == 1:
        ((name, entry),) = node.entries.items()
        return _from_group(index, Span(entry.key.span.start, entry.value.span.end), name, entry.value)
    return [DefaultsEntry(index, node.span, "", None, "", "", legal=False)]


def _from_string(index: int, node: Scalar) -> DefaultsEntry:
    text = node.text
    if text == SELF:
        return DefaultsEntry(index, node.span, SELF, None, "", "", is_self=True)
    name, _, package = text.partition("@")
    words = name.split()
    config = words[-1] if words else ""
    group, _, option = config.rpartition("/")
    return DefaultsEntry(
        index,
        node.span,
        group,
        option,
        config.lstrip("/").removesuffix(".yaml"),
        _package(package, group),
        explicit_package=bool(package),
        optional="optional" in words[:-1],
        interpolated="${" in text,
    )


def _from_group(index: int, span: Span, name: str, value: Node) -> list[DefaultsEntry]:
    key, _, package = name.partition("@")
    words = key.split()
    group = words[-1].lstrip("/") if words else ""
    options = [item.value for item in value.items] if isinstance(value, Sequence) else [value]
    out = []
    for option in options:
        chosen = option.value if isinstance(option, Scalar) else None
        legal = isinstance(option, Scalar) and (chosen is None or isinstance(chosen, str))
        text = chosen.removesuffix(".yaml") if isinstance(chosen, str) else None
        config = f"{group}/{text}" if text and text != "???" else ""
        out.append(
            DefaultsEntry(
                index,
                option.span if isinstance(value, Sequence) else span,
                group,
                text,
                config,
                _package(package, group),
                explicit_package=bool(package),
                optional="optional" in words[:-1],
                override="override" in words[:-1],
                legal=legal,
                interpolated="${" in (text or ""),
            )
        )
    return out


def _package(explicit: str, folder: str) -> str:
    """Hydra's: the group of a `group: option` entry, the folder of a plain path (`execution/slurm/default` lands in
    execution.slurm, which is a mistake), or what follows the @."""
    if explicit in ("_global_", "_here_"):
        return ""
    return explicit or folder.replace("/", ".")
