"""The adapter's fields: the simple ones, the interceptor list, and what the first become.

Source: nemo-evaluator 0.2.8 adapters/ (adapter_config.py, registry.py, pipeline.py, interceptors/).
"""

from __future__ import annotations

from functools import cache

from advisor.nel.schema import Section, as_section, known, section
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ADAPTER_PATH = ("nemo_evaluator_config", "target", "api_endpoint", "adapter_config")
STAGES = ("request", "request_to_response", "response")
# What sends the request; without one of them nothing is asked.
SENDERS = frozenset({"endpoint", "nvcf"})
# Simple fields that do nothing unless another one is true.
SWITCHES = {
    "custom_system_prompt": "use_system_prompt",
    "max_logged_requests": "use_request_logging",
    "max_logged_responses": "use_response_logging",
    "progress_tracking_url": "use_progress_tracking",
    "start_reasoning_token": "process_reasoning_traces",
    "include_if_reasoning_not_finished": "process_reasoning_traces",
    "track_reasoning": "process_reasoning_traces",
}


class Interceptor(NamedTuple):
    """One built-in interceptor. In a list the stages must not go back. Unknown keys of its config are ignored."""

    name: str
    stage: str
    config: Section


@cache
def adapter_section() -> Section:
    """Every legal field of `adapter_config`, simple and modern, with its type."""
    found = section(("evaluation", *ADAPTER_PATH))
    assert found is not None
    return found


@cache
def legacy_only() -> frozenset[str]:
    """The simple fields that must not stand beside a non-empty `interceptors`."""
    return frozenset(known()["adapter"]["legacy_only"])


@cache
def interceptors() -> Mapping[str, Interceptor]:
    """The built-in interceptors by name."""
    records = known()["adapter"]["interceptors"]
    return {name: Interceptor(name, record["stage"], as_section(name, record)) for name, record in records.items()}


@cache
def internal_interceptors() -> frozenset[str]:
    """Names that simple fields ask for (use_nvcf, use_omni_info) and only NVIDIA's own images have."""
    return frozenset(known()["adapter"]["internal_interceptors"])


@cache
def post_eval_hooks() -> Mapping[str, Section]:
    """The built-in hooks and their configs by name."""
    return {name: as_section(name, record) for name, record in known()["adapter"]["post_eval_hooks"].items()}
