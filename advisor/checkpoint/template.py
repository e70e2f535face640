"""Which variables a chat template really reads, from Jinja's own syntax tree. Nothing is ever rendered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment, nodes
    from jinja2.parser import Parser

MAX_CHARACTERS = 1_000_000
# What engines and transformers always pass or define (transformers/utils/chat_template_utils.py).
GIVEN = frozenset({
    "messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "bos_token", "eos_token",
    "pad_token", "unk_token", "raise_exception", "strftime_now", "date_string", "custom_tools", "builtin_tools",
    "tools_in_user_message", "tool_choice", "response_format", "namespace", "range", "dict", "lipsum", "cycler",
    "joiner",
})  # fmt: skip
# The switches that model families use (chat_template_kwargs), and the words that they look for in a system prompt.
TOGGLES = frozenset({
    "enable_thinking", "thinking", "reasoning_effort", "thinking_budget", "thinking_mode", "reasoning",
    "enable_reasoning", "reasoning_mode", "low_effort", "force_nonempty_content", "preserve_thinking",
    "truncate_history_thinking", "think", "do_reasoning", "reasoning_budget", "reasoning_strength",
})  # fmt: skip
MARKERS = ("/no_think", "/think", "detailed thinking on", "detailed thinking off", "<think>", "</think>")


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """`variables`: read and not given by the engine, so settable by chat_template_kwargs; `toggles`: those that switch
    reasoning; `markers`: known words in its texts. `error` says why nothing could be known."""

    variables: tuple[str, ...] = ()
    toggles: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    reads_tools: bool = False
    error: str | None = None


@lru_cache(maxsize=256)
def read_template(text: str) -> TemplateFacts:
    """The facts of one template. Never raises: `error` says what is wrong with it."""
    if len(text) > MAX_CHARACTERS:
        return TemplateFacts(error=f"longer than {MAX_CHARACTERS} characters")
    from jinja2 import TemplateError

    try:
        tree = _environment().parse(text)
        names = _free_names(tree)
        words = _words(tree)
    except TemplateError as error:
        return TemplateFacts(error=str(error.message))
    except (RecursionError, ValueError):
        return TemplateFacts(error="too deep or malformed")
    free = names - GIVEN
    return TemplateFacts(
        variables=tuple(sorted(free)),
        toggles=tuple(sorted(free & TOGGLES)),
        markers=tuple(marker for marker in MARKERS if marker in words),
        reads_tools="tools" in names,
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment
    from jinja2.ext import Extension

    class Generation(Extension):
        """`{% generation %}` of transformers, which marks the assistant's tokens."""

        tags = {"generation"}  # noqa: RUF012 - Jinja's own protocol

        def parse(self, parser: Parser) -> list[nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    return Environment(extensions=["jinja2.ext.loopcontrols", Generation])


def _free_names(tree: nodes.Template) -> set[str]:
    """Names that some place of the template reads and no statement of it defines before.

    `{% set x = x | default(true) %}` reads x from outside, and so does a name only defined inside a loop or macro.
    """
    from jinja2 import nodes

    free: set[str] = set()

    def assigned(target: nodes.Node) -> set[str]:
        return {target.name} if isinstance(target, nodes.Name) else {node.name for node in target.find_all(nodes.Name)}

    def visit(node: nodes.Node, known: set[str]) -> None:
        if isinstance(node, nodes.Name):
            if node.ctx == "load" and node.name not in known:
                free.add(node.name)
        elif isinstance(node, nodes.Assign):
            visit(node.node, known)
            if isinstance(node.target, nodes.NSRef):
                return
            known |= assigned(node.target)
        elif isinstance(node, nodes.AssignBlock):
            visit_all(node.body, set(known))
            known |= assigned(node.target)
        elif isinstance(node, nodes.For):
            visit(node.iter, known)
            inner = known | assigned(node.target) | {"loop"}
            if node.test is not None:
                visit(node.test, inner)
            visit_all(node.body, inner)
            visit_all(node.else_, set(known))
        elif isinstance(node, nodes.Macro):
            known.add(node.name)
            visit_all(node.defaults, known)
            visit_all(node.body, known | {argument.name for argument in node.args} | {"caller", "varargs", "kwargs"})
        elif isinstance(node, nodes.CallBlock):
            visit(node.call, known)
            visit_all(node.body, known | {argument.name for argument in node.args})
        elif isinstance(node, nodes.With):
            visit_all(node.values, known)
            visit_all(node.body, known | {name for target in node.targets for name in assigned(target)})
        elif isinstance(node, nodes.If):
            visit_if(node, known)
        else:
            visit_all(node.iter_child_nodes(), known)

    def visit_if(node: nodes.If, known: set[str]) -> None:
        visit(node.test, known)
        branches = [set(known) for _ in range(2 + len(node.elif_))]
        visit_all(node.body, branches[0])
        for branch, part in zip(branches[2:], node.elif_, strict=True):
            visit(part.test, branch)
            visit_all(part.body, branch)
        visit_all(node.else_, branches[1])
        # Set on one way only, it may still come from outside on the other.
        known |= set.intersection(*branches)

    def visit_all(found: Any, known: set[str]) -> None:
        for node in found:
            visit(node, known)

    visit(tree, set())
    return free


def _words(tree: nodes.Template) -> str:
    """All literal text of the template, one piece a line."""
    from jinja2 import nodes

    data = (node.data for node in tree.find_all(nodes.TemplateData))
    constants = (node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str))
    return "\n".join([*data, *constants])
