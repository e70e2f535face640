"""The parsers that a server is given, beside those that the family of its model needs.

Sources: vllm/reasoning of 0.16.0 and 0.18.1 (BaseThinkingReasoningParser refuses a tokenizer without its tokens, and
takes an answer without an end of reasoning for reasoning), SGLang's reasoning_parser.py (DeepSeekR1Detector).
"""

from __future__ import annotations

from advisor.nel.engine import EngineVersion, engine_version
from advisor.nel.engine_table import KNOWN, NOT_YET
from advisor.nel.families import FLAGS, NEVER, REASONING, TOOLS, owners_of, parser_of
from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Value
from advisor.subjects.served_model import Served, checkpoint_of, served_model
from advisor.subjects.server_image import image_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.subject import Attribute, Subject

# What stands for no parser, or for the one that the engine finds.
_ANY = frozenset({"", "none", "auto", "hf", "identity", "response_template"})


def describe_parsers(owner: Subject, flags: list[Subject]) -> None:
    """Attributes of the flags --reasoning-parser and --tool-call-parser of a deployment or a service."""
    for flag in flags:
        kind = FLAGS.get(str(flag.get("name")))
        if kind is not None:
            flag.attributes |= _attributes(Given(owner, flag, kind))


def own_parser(owner: Subject, kind: str) -> tuple[str, str] | None:
    """The parser that the served family needs, and where the server has it: "" for in its version, else since when.
    None where that is not known for sure."""
    served, engine = served_model(owner), engine_of(owner)
    if served is None or not engine.samples or not served.knows(f"{engine.engine}.{kind}"):
        return None
    accepted = served.family.parsers(engine.engine, kind) or ()
    here = next((one for one in accepted if _has(engine, kind, one)), None)
    if here is not None:
        return here, ""
    first = engine.value(_flag_of(kind), accepted[0]) if accepted else None
    return (accepted[0], first.first or "") if first is not None and first.status == NOT_YET and first.first else None


def engine_of(owner: Subject) -> EngineVersion:
    """The engine and its version, by the image."""
    image, kind = image_of(owner), owner.get("type")
    if image is not None and image.engine:
        return engine_version(image.engine, image.version)
    return engine_version(kind if isinstance(kind, str) and kind in (VLLM, SGLANG) else None, None)


class Given:
    """One parser flag of a server, and what is known of the family that is served."""

    __slots__ = ("engine", "flag", "kind", "owner")

    def __init__(self, owner: Subject, flag: Subject, kind: str) -> None:
        self.owner, self.flag, self.kind = owner, flag, kind
        engine, version = str(flag.get("engine")), flag.get("version")
        self.engine = engine_version(engine, version if isinstance(version, str) else None)

    @property
    def served(self) -> Served | None:
        return served_model(self.owner)

    def value(self) -> str:
        """The parser, where it is one of the engine's own; '' else."""
        value, status = self.flag.get("value"), self.flag.get("value_status")
        if not isinstance(value, str) or value.lower() in _ANY or status not in (KNOWN, "unchecked"):
            return ""
        checkpoint = checkpoint_of(self.owner)
        documented = checkpoint.get("documented_parsers") if checkpoint is not None else []
        return "" if isinstance(documented, list) and value in documented else value

    def case(self) -> Value:
        """foreign: it looks for other marks than the family writes; relative: another family's, of the same marks;
        swallows: it takes whole answers for reasoning; leaves: it takes nothing out. ABSENT for nothing wrong."""
        value, served = self.value(), self.served
        if not value or served is None:
            return ABSENT
        accepted = served.family.parsers(self.engine.engine, self.kind)
        if accepted is None:
            return ABSENT
        if self.kind == TOOLS:
            return ABSENT if not accepted or value in accepted else "foreign"
        return self._reasoning_case(value, served, accepted)

    def _reasoning_case(self, value: str, served: Served, accepted: tuple[str, ...]) -> Value:
        family, parser = served.family, parser_of(self.engine.engine, value)
        if family.thinks == NEVER:
            swallows = parser is not None and parser.swallows(self.engine.version)
            return "swallows" if swallows and served.family.is_read("thinks") else ABSENT
        if value in accepted:
            prefilled = family.record.get("prefilled") is True
            leaves = parser is not None and (parser.keeps or (prefilled and parser.needs_start(self.engine.version)))
            return "leaves" if leaves else ABSENT
        if parser is not None and family.trace and parser.trace != family.trace:
            return "foreign"
        return "relative" if self.right() is not ABSENT and owners_of(self.engine.engine, self.kind, value) else ABSENT

    def right(self) -> Value:
        """The first of the family's parsers that this version has; the family's own where the version is not known."""
        served = self.served
        accepted = served.family.parsers(self.engine.engine, self.kind) if served is not None else None
        if not accepted:
            return ABSENT
        if not self.engine.samples:
            return accepted[0]
        value = self.value()
        return next((one for one in accepted if one != value and _has(self.engine, self.kind, one)), ABSENT)

    def right_text(self) -> str:
        served, right = self.served, self.right()
        if served is None:
            return ""
        accepted = served.family.parsers(self.engine.engine, self.kind) or ()
        if isinstance(right, str):
            return f"; it needs {right}"
        if not accepted:
            return "; it needs none" if served.family.thinks == NEVER else "; none of the engine's own fits it"
        first = self.engine.value(_flag_of(self.kind), accepted[0]).first
        return f"; it needs {accepted[0]}, which comes with {first}" if first else f"; it needs {accepted[0]}"

    def is_sure(self) -> bool:
        served, engine = self.served, self.engine.engine
        return served is not None and served.knows(f"{engine}.{self.kind}")

    def marks(self) -> Value:
        parser = parser_of(self.engine.engine, self.value()) if self.kind == REASONING else None
        return parser.trace if parser is not None else ABSENT


def _attributes(given: Given) -> dict[str, Attribute]:
    return {
        "family": lambda: served.family.name if (served := given.served) is not None else ABSENT,
        "family_trace": lambda: (served.family.trace or "other marks") if (served := given.served) else ABSENT,
        "parser_kind": given.kind,
        "parser_case": given.case,
        "parser_is_sure": given.is_sure,
        "parser_marks": given.marks,
        "parser_owners": lambda: " and ".join(owners_of(given.engine.engine, given.kind, given.value())) or ABSENT,
        "right_parser": given.right,
        "right_parser_text": given.right_text,
    }


def hides_answers(owner: Subject, flags: list[Subject]) -> Value:
    """The reasoning parser that takes answers without a trace for reasoning even where a request switches that off;
    one of other marks than the family's has its own finding."""
    for flag in flags:
        if FLAGS.get(str(flag.get("name"))) != REASONING:
            continue
        given = Given(owner, flag, REASONING)
        parser = parser_of(given.engine.engine, value) if (value := given.value()) else None
        served = given.served
        if parser is None or served is None or parser.trace != served.family.trace:
            continue
        if parser.always_swallows and parser.swallows(given.engine.version):
            return value
    return ABSENT


def tool_flags(owner: Subject, given: set[Value]) -> Value:
    """The flags that are missing for the server to parse this family's tool calls."""
    found, engine = own_parser(owner, TOOLS), engine_of(owner)
    if found is None or found[1]:
        return ABSENT
    wanted = {"--enable-auto-tool-choice": ""} if engine.engine == VLLM else {}
    wanted["--tool-call-parser"] = f" {found[0]}"
    return " ".join(flag + value for flag, value in wanted.items() if flag not in given) or ABSENT


def parser_hint(owner: Subject) -> str:
    """What to say of the family's own reasoning parser, where nothing takes the trace out."""
    found, engine, served = own_parser(owner, REASONING), engine_of(owner), served_model(owner)
    if found is None or served is None:
        return ""
    name = "vLLM" if engine.engine == VLLM else "SGLang"
    if found[1]:
        return f"; {found[0]}, the parser of {served.family.name}, comes with {name} {found[1]}"
    return f"; --reasoning-parser {found[0]} does for {served.family.name}"


def _has(engine: EngineVersion, kind: str, parser: str) -> bool:
    return engine.value(_flag_of(kind), parser).status == KNOWN


def _flag_of(kind: str) -> str:
    return next(flag for flag, one in FLAGS.items() if one == kind)
