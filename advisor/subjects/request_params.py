"""Parameters of the request's body: no fields of the adapter nor of `config.params`; the adapter adds them.

Sources: the OpenAI chat and completions API, and what vLLM and SGLang add to it.
"""

from __future__ import annotations

from advisor.document.nodes import dotted
from advisor.nel.values import ABSENT, Value
from advisor.subjects.reasoning import TEMPLATE_KWARGS, TOGGLES
from advisor.subjects.scopes import ADAPTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.subjects.scopes import Scope

_BODY = frozenset(
    {
        "bad_words", "chat_template_kwargs", "enable_thinking", "extra_body", "frequency_penalty", "guided_choice",
        "guided_json", "guided_regex", "ignore_eos", "include_reasoning", "include_stop_str_in_output",
        "length_penalty", "logit_bias", "logprobs", "min_p", "min_tokens", "presence_penalty", "reasoning_effort",
        "repetition_penalty", "response_format", "seed", "skip_special_tokens", "spaces_between_special_tokens",
        "stop", "stop_token_ids", "structured_outputs", "thinking", "thinking_budget", "thinking_token_budget",
        "tool_choice", "tools", "top_k", "top_logprobs", "truncate_prompt_tokens",
    }
)  # fmt: skip
_ADDED = "params_to_add"


def is_request_param(name: str) -> bool:
    """Whether a name is one of the request's body."""
    return name in _BODY


def destination_of(scope: Scope, name: str) -> tuple[Value, Value]:
    """Where a parameter of the body belongs, as a path and as people write it; ABSENT where it is none.

    The path alone is ABSENT where something already stands there, or where the scope lists interceptors."""
    if name not in _BODY:
        return ABSENT, ABSENT
    path = (*ADAPTER, _ADDED, *_below(name))
    shown = dotted(path[len(ADAPTER) - 1 :])
    listed = scope.at((*ADAPTER, "interceptors"))
    if (listed is not None and listed.data) or not is_free(scope, path):
        return ABSENT, shown
    return [*scope.path, *path], shown


def _below(name: str) -> tuple[str, ...]:
    if name == "extra_body":
        return ()
    return (TEMPLATE_KWARGS, name) if name in TOGGLES else (name,)


def is_free(scope: Scope, path: Path) -> bool:
    """Whether something can be put at a path: nothing stands there, and all above it are mappings or absent."""
    there = scope.own.at(path)
    if there is not None and there.data is not None:
        return False
    above = (scope.own.at(path[:length]) for length in range(1, len(path)))
    return all(node is None or node.data is None or isinstance(node.data, dict) for node in above)
