"""One rule file: YAML text to a validated Rule, with errors that name file, key and line."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from advisor.document.document import Document
from advisor.document.nodes import dotted, plain
from advisor.engine.operators import OPERATORS, REFERENCES, TYPES
from advisor.engine.rule import FixSpec, Rule
from advisor.nel.versions import check_bounds
from advisor.subjects.subject import KINDS

FAMILIES = {
    "file": "0", "deployment": "1", "reasoning": "2", "quantization": "3", "parallelism": "4", "tasks": "5",
    "environment": "6", "export": "7", "next": "8", "checkpoint": "9", "benchmarks": "10",
    "pair": "11", "errata": "12", "known-issues": "13",
}  # fmt: skip
# What a fix may do; each takes a name (or a mapping or list of names) as its argument.
EDITS = (
    "set", "delete", "rename", "move", "quote", "append", "remove_item", "replace_item",
    "add_flag", "set_flag", "rename_flag", "remove_flag", "replace_text", "merge",
)  # fmt: skip
_NAME = r"^[a-z_][a-z0-9_]*(\.[A-Za-z0-9_\-]+)*$"
Name = Annotated[str, Field(pattern=_NAME)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class RuleFileError(ValueError):
    """A rule file that cannot be used: `file:line:column: key: what is wrong`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ExampleFile(_Strict):
    """A pair of configs: the rule fires on `bad` and not on `good`. The fix of `bad` gives `good`, or `fixed`. With
    `baseline` both are compared with that config.

    `{checkpoint:NAME}` in a text is the path of a checkpoint that the tests make; a text that is nothing else is
    that checkpoint as the target."""

    bad: str
    good: str
    fixed: str | None = None
    baseline: str | None = None
    file: str = "eval.yaml"
    environment: list[str] = []
    check_environment: bool = False
    site_walltime: str = ""
    site_partitions: list[str] = []
    site_gpus: int | None = None
    siblings: dict[str, str] = {}
    counts: int | None = None


class FixFile(_Strict):
    title: str
    safety: Literal["auto", "ask"]
    edits: list[tuple[str, str, Any]]

    @model_validator(mode="before")
    @classmethod
    def _collect(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        edits: list[tuple[str, str, Any]] = []
        rest = {key: value for key, value in data.items() if key not in EDITS}
        for operation in EDITS:
            argument = data.get(operation)
            if argument is None:
                continue
            if isinstance(argument, dict):
                edits += [(operation, name, value) for name, value in argument.items()]
            else:
                names = argument if isinstance(argument, list) else [argument]
                edits += [(operation, name, None) for name in names]
        if not edits:
            raise ValueError(f"a fix needs at least one of {', '.join(EDITS)}")
        return {**rest, "edits": edits}


class RuleFile(_Strict):
    """What a rule file may hold."""

    id: Annotated[str, Field(pattern=r"^[A-Z]{2,5}[0-9]{3,5}$")]
    name: Slug
    severity: Literal["error", "warning", "info"]
    on: str | Annotated[list[str], Field(min_length=2)]
    when: list[Any] = Field(min_length=1)
    message: str = ""
    why: str = ""
    at: Name | None = None
    concludes: Annotated[str, Field(pattern=r"^[a-z_]+$")] | None = None
    fix: FixFile | None = None
    nel: str = ""
    covers: list[Slug] = []
    name_by: Name | None = None
    evidence: list[str] = []
    tags: list[Literal["deprecated", "unnecessary"]] = []
    examples: list[ExampleFile] = Field(min_length=1)

    @field_validator("on")
    @classmethod
    def _kind(cls, value: str | list[str]) -> str | list[str]:
        for kind in [value] if isinstance(value, str) else value:
            if kind not in KINDS:
                raise ValueError(f"there is no kind of subject {kind!r}; one of {', '.join(sorted(KINDS))}")
        return value

    @field_validator("when")
    @classmethod
    def _conditions(cls, value: list[Any]) -> list[dict[str, Any]]:
        return [condition for item in value for condition in _condition(item)]

    @field_validator("nel")
    @classmethod
    def _versions(cls, value: str) -> str:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            SpecifierSet(value)
            check_bounds(value)
        except InvalidSpecifier as error:
            raise ValueError(f"not a version range: {error}") from None
        return value

    @model_validator(mode="after")
    def _says_something(self) -> RuleFile:
        if not self.message and not self.concludes:
            raise ValueError("a rule needs a message, or concludes something")
        if self.message and not (self.why and self.evidence):
            raise ValueError("a rule with a message needs a why and its evidence")
        if bool(self.name_by) != bool(self.covers):
            raise ValueError("name_by and covers go together")
        return self


def load_rule(document: Document, family: str) -> tuple[Rule, list[ExampleFile]]:
    """A parsed rule file to its Rule and examples. Raises RuleFileError."""
    for problem in document.problems:
        raise _error(document, problem.span.start, problem.kind, problem.message)
    data = plain(document.root) if document.root is not None else None
    if not isinstance(data, dict):
        raise _error(document, 0, "", "a rule file holds one mapping")
    try:
        file = RuleFile.model_validate(data)
    except ValidationError as error:
        raise _first(document, error) from None
    prefix = FAMILIES.get(family)
    if prefix and not re.fullmatch(rf"[A-Z]+{prefix}\d\d", file.id):
        raise _error(
            document,
            document_offset(document, ("id",)),
            "id",
            f"a rule of the family {family} is numbered {prefix}00 to {prefix}99",
        )
    return _rule(file, family, document.path), file.examples


def _rule(file: RuleFile, family: str, path: str) -> Rule:
    fix = FixSpec(file.fix.title, file.fix.safety, tuple(file.fix.edits)) if file.fix else None
    return Rule(
        id=file.id,
        name=file.name,
        family=family,
        severity=file.severity,
        on=(file.on,) if isinstance(file.on, str) else tuple(file.on),
        when=tuple(file.when),
        message=" ".join(file.message.split()),
        why=" ".join(file.why.split()),
        at=file.at or "",
        concludes=file.concludes or "",
        fix=fix,
        nel=file.nel,
        covers=tuple(file.covers),
        name_by=file.name_by or "",
        evidence=tuple(file.evidence),
        tags=tuple(file.tags),
        file=path,
    )


def _condition(item: Any) -> list[dict[str, Any]]:
    """`{name: value}`, `{name: {op: argument, ...}}`, `{any: [...]}` or `{concluded: fact}` to condition data."""
    if not isinstance(item, dict) or not item:
        raise ValueError(f"a condition is a mapping of a name to what must hold, not {item!r}")
    out: list[dict[str, Any]] = []
    for name, what in item.items():
        if name == "any":
            if not isinstance(what, list) or len(what) < 2:
                raise ValueError("any: takes a list of two or more conditions")
            groups = [[one for part in (g if isinstance(g, list) else [g]) for one in _condition(part)] for g in what]
            if any("concluded" in one for group in groups for one in group):
                raise ValueError("a conclusion cannot stand inside any:; write two rules that conclude the same")
            out.append({"any": groups})
        elif name == "concluded":
            out += [{"concluded": fact} for fact in (what if isinstance(what, list) else [what])]
        elif not re.match(_NAME, name):
            raise ValueError(f"{name!r} is no attribute's name")
        else:
            out.append({"name": name, "ops": _operators(name, what)})
    return out


def _operators(name: str, what: Any) -> dict[str, Any]:
    if not isinstance(what, dict):
        return {"is": what}
    for op, argument in what.items():
        _check_operator(name, op, argument)
    return what


def _check_operator(name: str, op: str, argument: Any) -> None:
    if op == "concluded" or (op == "not" and isinstance(argument, dict) and "concluded" in argument):
        raise ValueError(f"{name}: a conclusion cannot be negated: the base must stay monotone")
    if op not in (*OPERATORS, *REFERENCES):
        raise ValueError(f"{name}: there is no operator {op!r}; one of {', '.join((*OPERATORS, *REFERENCES))}")
    if op in ("matches", "not_matches"):
        try:
            re.compile(argument)
        except (re.error, TypeError) as error:
            raise ValueError(f"{name}: {op}: {error}") from None
    wanted: dict[str, tuple[type, ...]] = {
        "in": (list,), "not_in": (list,), "lt": (int, float), "le": (int, float), "gt": (int, float),
        "ge": (int, float),
        "present": (bool,), "absent": (bool,), "known": (bool,), "version": (str,), "any_of": (dict,),
        "all_of": (dict,),
        "same_as": (str,), "differs_from": (str,),
    }  # fmt: skip
    if op in wanted and not isinstance(argument, wanted[op]):
        raise ValueError(f"{name}: {op} takes a {' or '.join(t.__name__ for t in wanted[op])}, not {argument!r}")
    if op == "version":
        check_bounds(argument)
    if op in ("type", "not_type") and argument not in TYPES:
        raise ValueError(f"{name}: there is no type {argument!r}; one of {', '.join(TYPES)}")
    if op in ("any_of", "all_of"):
        _operators(name, argument)


def _first(document: Document, error: ValidationError) -> RuleFileError:
    first = error.errors()[0]
    path = tuple(part for part in first["loc"] if isinstance(part, int | str))
    message = first["msg"].removeprefix("Value error, ")
    return _error(document, document_offset(document, path), dotted(path), message)


def document_offset(document: Document, path: tuple[str | int, ...]) -> int:
    """Where the longest part of a path that the text has begins."""
    for length in range(len(path), -1, -1):
        node = document.at(path[:length])
        if node is not None:
            return node.span.start
    return 0


def _error(document: Document, offset: int, key: str, message: str) -> RuleFileError:
    at = document.position(offset)
    return RuleFileError(f"{document.path}:{at.line}:{at.column}: {key + ': ' if key else ''}{message}")
