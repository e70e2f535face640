"""Random YAML texts with everything that people write in configs, and random changes of them."""

from __future__ import annotations

from hypothesis import strategies as st

from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice
from advisor.document.document import Document
from advisor.document.nodes import Data, Mapping, Node, Path, Scalar, Sequence

SCALARS = (
    "1", "-2.5", "1e-5", "true", "no", "null", "~", "???", "text", "two words", "/a/b-c.d", "${a.b}", "12:00:00",
    "0x1F", "é ü", "'single'", "'it''s'", "'a: b # c'", '"double"', '"tab\\t\\u00e9 \\"q\\""', '""', "a#b", "x:y",
    "http://h/p?q=1", "-x",
    "'folded\n    over lines'", "plain\n    over lines",
)  # fmt: skip
BLOCKS = (
    "|\n{i}one \\\n{i}  --two 2\n", ">-\n{i}one\n{i}two # no comment\n", "|-\n{i}# not a comment\n\n{i}end\n",
    ">\n{i}a\n\n{i}b\n",
)  # fmt: skip
FLOWS = ("[]", "{}", "[a, 'b c', 3]", "{a: 1, b: [x, y]}", "[{n: 1}, {n: 2}]", "{a: {b: {c: null}}}")
KEYS = ("a", "b", "name", "max_tokens", "'quoted key'", "x-y", "A.b")
VALUES: tuple[Data, ...] = (
    1, None, True, 0.5, "x", "two words", "a: b", "12:00:00", "", "yes", "# x", "it's", "new\nline", {"a": 1},
    {"a": {"b": [1, {"c": 2}]}}, [1, "q"], [{"a": 1, "b": [2]}], {}, [],
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text that is one block mapping."""
    counter = [0]
    head = draw(st.sampled_from(["", "# head\n\n", "# head\n", "---\n", "\n"]))
    text = head + "".join(_mapping(draw, 0, draw(st.sampled_from([2, 4])), 0, counter))
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.integers(0, 4)) == 0 else text


def _comment(draw: st.DrawFn, counter: list[int]) -> str:
    counter[0] += 1
    return f"#c{counter[0]}." if draw(st.integers(0, 2)) == 0 else ""


def _mapping(draw: st.DrawFn, indent: int, step: int, depth: int, counter: list[int]) -> list[str]:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True))
    out = []
    for key in keys:
        above = _comment(draw, counter)
        if above:
            out.append(f"{' ' * indent}{above}\n")
        if draw(st.integers(0, 5)) == 0:
            out.append("\n")
        out += _entry(draw, f"{' ' * indent}{key}:", indent, step, depth, counter)
    return out


def _entry(draw: st.DrawFn, start: str, indent: int, step: int, depth: int, counter: list[int]) -> list[str]:
    behind = _comment(draw, counter)
    behind = f"  {behind}" if behind else ""
    kind = draw(st.sampled_from(["scalar", "scalar", "mapping", "list", "block", "flow", "nothing"]))
    if kind == "mapping" and depth < 3:
        return [f"{start}{behind}\n", *_mapping(draw, indent + step, step, depth + 1, counter)]
    if kind == "list" and depth < 3:
        return [f"{start}{behind}\n", *_list(draw, indent + draw(st.sampled_from([0, step])), step, depth + 1, counter)]
    if kind == "block":
        return [f"{start} {draw(st.sampled_from(BLOCKS)).format(i=' ' * (indent + step))}"]
    if kind == "flow":
        return [f"{start} {draw(st.sampled_from(FLOWS))}{behind}\n"]
    if kind == "nothing":
        return [f"{start}{behind}\n"]
    scalar = draw(st.sampled_from(SCALARS))
    if "\n" in scalar:
        scalar, behind = scalar.replace("\n    ", f"\n{' ' * (indent + step)}"), ""
    return [f"{start} {scalar}{behind}\n"]


def _list(draw: st.DrawFn, indent: int, step: int, depth: int, counter: list[int]) -> list[str]:
    out = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            lines = _mapping(draw, indent + 2, step, depth, counter)
            first = next(i for i, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
            lines = lines[first:]
            out += [f"{' ' * indent}- {lines[0].lstrip(' ')}", *lines[1:]]
        else:
            scalar = draw(st.sampled_from([one for one in SCALARS if "\n" not in one]))
            out.append(f"{' ' * indent}- {scalar}\n")
    return out


def changes(document: Document) -> st.SearchStrategy[Change]:
    """Any change at any place of a document that is no empty one."""
    assert document.root is not None
    found = [(path, node) for path, node in _paths(document.root, ()) if path]
    keys = [path for path, _ in found if isinstance(path[-1], str)]
    maps = [path for path, node in _paths(document.root, ()) if isinstance(node, Mapping)]
    lists = [path for path, node in found if isinstance(node, Sequence)]
    texts_ = [(path, node.text) for path, node in found if isinstance(node, Scalar) and isinstance(node.value, str)]
    plains = [path for path, node in found if isinstance(node, Scalar) and not node.style and node.text]
    some: list[st.SearchStrategy[Change]] = [
        st.builds(Set, st.sampled_from([path for path, _ in found]), st.sampled_from(VALUES)),
        st.builds(lambda at, below, value: Set((*at, *below), value), st.sampled_from(maps),
                  st.sampled_from([("new",), ("new", "er")]), st.sampled_from(VALUES)),
        st.builds(Delete, st.sampled_from([path for path, _ in found])),
    ]  # fmt: skip
    if keys:
        some.append(st.builds(Rename, st.sampled_from(keys), st.sampled_from(["renamed", "re named", "yes"])))
        some.append(st.builds(Move, st.sampled_from(keys), st.sampled_from([("moved",), ("moved", "here")])))
        some.append(st.sampled_from(keys).map(lambda path: Move(path, (*path[:-1], "renamed"))))
    if lists:
        some.append(st.builds(Append, st.sampled_from(lists), st.sampled_from(VALUES)))
    if plains:
        some.append(st.builds(Quote, st.sampled_from(plains)))
    if texts_:
        some.append(st.sampled_from(texts_).flatmap(_splices))
    return st.one_of(some)


def _splices(one: tuple[Path, str]) -> st.SearchStrategy[Change]:
    path, text = one
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    new = st.sampled_from(["", "x", " --flag 1", "'", '"', ": ", " #"])
    return st.builds(lambda at, word: Splice(path, min(at), max(at), word), places, new)


def _paths(node: Node, path: Path) -> list[tuple[Path, Node]]:
    out = [(path, node)]
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            if not entry.merged and entry.alias is None:
                out += _paths(entry.value, (*path, name))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if item.alias is None:
                out += _paths(item.value, (*path, index))
    return out
