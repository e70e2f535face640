"""What the keys of `config.params.extra` decide, by harness-independent names."""

from __future__ import annotations

from advisor.nel.secrets import names_secret
from advisor.subjects.pair_side import JUDGE, REASONING, REPEATS, TASKS

_REPEATS = frozenset(("num_repeats", "n_samples", "downsampling_ratio", "num_samples"))
_JUDGES = frozenset(("judge", "user", "ranker", "judge_support", "judge_window_size"))
_REASONING = frozenset(("reasoning", "reasoning_effort", "evaluate_reasoning_traces"))
# Caches, places, threads, logs and keys: the score does not depend on them.
_NOTHING = frozenset(
    {
        "batch_size", "cache", "cache_batch_size", "cache_path", "comet", "data_dir", "data_path", "dataset_path",
        "debug", "disable_cache", "eval_threads", "num_process_evaluate", "parallelism", "skip_data_dir_check",
        "tokenizer", "tokenizer_path", "verbose", "wait", "warmup", "server_type",
    }
)  # fmt: skip
# The same, of another model's settings.
CALLS = frozenset(
    {"api_key", "api_key_name", "max_concurrent_requests", "max_retries", "parallelism", "request_timeout", "timeout"}
)


def about_extra(path: tuple[str, ...]) -> str:
    """What the key at a path below `extra` decides; '' where no score depends on it."""
    head = path[0] if path else ""
    if head in _NOTHING or (path and (path[-1] in CALLS or names_secret(path[-1]))):
        return ""
    if head in _JUDGES:
        return JUDGE
    return REPEATS if head in _REPEATS else REASONING if head in _REASONING else TASKS
