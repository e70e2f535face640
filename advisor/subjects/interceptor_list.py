"""What becomes of a list of interceptors that an adapter has in place of the default chain.

Source: nemo-evaluator 0.2.8 adapters/adapter_config.py and adapters/pipeline.py.
"""

from __future__ import annotations

from advisor.nel.adapter_schema import SENDERS, STAGES, interceptors, internal_interceptors
from advisor.nel.values import ABSENT, Unknown, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What the default chain does, and a list of one's own leaves out.
_DEFAULT_CHAIN = ("caching", "response_stats")
_REPORT_HOOK = "post_eval_report"


def left_out(names: Sequence[str | None], hooks: Value) -> Value:
    """What the default chain does that this list does not; `hooks` are the adapter's post_eval_hooks."""
    if isinstance(hooks, Unknown):
        return hooks
    out = [name for name in _DEFAULT_CHAIN if name not in names]
    if not any(_REPORT_HOOK in str(hook) for hook in (hooks if isinstance(hooks, list) else [])):
        out.append("the HTML report")
    return list(out)


def sends(names: Sequence[str | None]) -> Value:
    """Whether an interceptor of the list sends the request; Unknown where one is not built in."""
    if SENDERS & set(names):
        return True
    foreign = any(name not in interceptors() and name not in internal_interceptors() for name in names)
    return Unknown("an interceptor is not one of the core's own") if foreign else False


def missing_sender(names: Sequence[str | None]) -> Value:
    """What can be appended to the list, where nothing in it belongs behind the sending."""
    return ABSENT if any(stage == "response" for _, stage in _stages(names)) else {"name": "endpoint"}


def out_of_order(names: Sequence[str | None]) -> Value:
    """The first interceptor that stands behind one of a later stage; ABSENT where all are in order."""
    reached = 0
    for name, stage in _stages(names):
        if STAGES.index(stage) < reached:
            return name
        reached = STAGES.index(stage)
    return ABSENT


def _stages(names: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """The built-in interceptors with their stages, in order."""
    return ((name, interceptors()[name].stage) for name in names if name is not None and name in interceptors())
