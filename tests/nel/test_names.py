from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.nel.names import distance, nearest

KEYS = [
    "tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size", "walltime", "max_walltime", "num_nodes",
    "num_instances", "image", "port", "command", "endpoints", "mount_home", "extra_args", "sbatch_comment",
]  # fmt: skip
GROUPS = ["none", "vllm", "vllm_ray", "sglang", "nim", "trtllm", "generic"]


@pytest.mark.parametrize(
    ("name", "candidates", "meant"),
    [
        ("tensor_paralel_size", KEYS, "tensor_parallel_size"),
        ("tensor-parallel-size", KEYS, "tensor_parallel_size"),
        ("tensorParallelSize", KEYS, "tensor_parallel_size"),
        ("wall_time", KEYS, "walltime"),
        ("Walltime", KEYS, "walltime"),
        ("walltiem", KEYS, "walltime"),
        ("nodes_num", KEYS, "num_nodes"),
        ("nmu_nodes", KEYS, "num_nodes"),
        ("imgae", KEYS, "image"),
        ("image", KEYS, "image"),
        ("vlm", GROUPS, "vllm"),
        ("VLLM", GROUPS, "vllm"),
        ("mlfow", ["mlflow", "wandb", "gsheets", "local"], "mlflow"),
        ("num_nodes_per_instance", KEYS, None),
        ("time", KEYS, None),
        ("max_model_len", KEYS, None),
        ("poort", KEYS, "port"),
        ("pp", ["tp", "dp"], None),
        ("aime_2026", ["aime_2024"], None),
        ("aime_2026", ["aime_2024", "aime_2025"], None),
        ("gsmk8", ["gsm8k"], "gsm8k"),
        ("max_saved", ["max_save", "max_saves"], None),
        ("", KEYS, None),
        ("--", KEYS, None),
        ("x", [], None),
    ],
)
def test_nearest(name: str, candidates: list[str], meant: str | None) -> None:
    assert nearest(name, candidates) == meant


names = st.text(alphabet="abcdefgxyz_-0189", max_size=14)


@given(names, st.lists(names, max_size=8))
def test_only_a_candidate_is_returned_and_their_order_does_not_matter(name: str, pool: list[str]) -> None:
    found = nearest(name, pool)
    assert found is None or found in pool
    assert nearest(name, reversed(pool)) == found


@given(st.sampled_from(KEYS), st.data())
def test_one_slip_in_a_long_key_is_found(key: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(key) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    slip = data.draw(
        st.sampled_from([key[:at] + key[at + 1 :], key[:at] + letter + key[at:], key[:at] + letter + key[at + 1 :]])
    )
    assert nearest(slip, [key, "unrelated_name"]) == key


def _plain_distance(left: str, right: str) -> int:
    if not left or not right:
        return len(left) + len(right)
    best = min(
        _plain_distance(left[1:], right) + 1,
        _plain_distance(left, right[1:]) + 1,
        _plain_distance(left[1:], right[1:]) + (left[0] != right[0]),
    )
    if len(left) > 1 and len(right) > 1 and left[0] == right[1] and left[1] == right[0]:
        best = min(best, _plain_distance(left[2:], right[2:]) + 1)
    return best


@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(0, 6))
def test_distance_is_the_plain_definition_cut_at_the_limit(left: str, right: str, limit: int) -> None:
    assert distance(left, right, limit) == min(_plain_distance(left, right), limit + 1)
