"""The table of benchmarks: whole, of known names only, with a source for every rating."""

from __future__ import annotations

import pytest

from advisor.knowledge import table
from advisor.nel.benchmarks import (
    LEVELS,
    UNRATED,
    Benchmark,
    TaskSet,
    benchmark_of,
    benchmarks,
    gym_benchmark,
    next_benchmark,
    set_named,
    sets,
    sets_of,
)
from advisor.nel.tasks import Status, lookup, tasks

ENTRIES = {one.name: one for one in benchmarks()}
HARNESSES = {task.harness for task in tasks()}


def test_every_task_that_nel_packages_has_an_entry() -> None:
    assert len(tasks()) == 421
    assert [task.query for task in tasks() if benchmark_of(task.query) is None] == []


@pytest.mark.parametrize("entry", benchmarks(), ids=lambda entry: entry.name)
def test_every_word_of_an_entry_is_of_a_packaged_task_that_no_earlier_entry_takes(entry: Benchmark) -> None:
    assert entry.harness in ("", *HARNESSES)
    own = [task.name for task in tasks() if benchmark_of(task.query) is entry]
    for word in entry.tasks:
        matching = [name for name in own if name.startswith(word[:-1]) or name == word]
        assert matching, f"{word} is of no task, or an earlier entry takes all of them"
        assert word.endswith("*") or word in own
    assert own or entry.next or entry.gym


@pytest.mark.parametrize("entry", benchmarks(), ids=lambda entry: entry.name)
def test_every_rating_has_a_reason_and_a_source(entry: Benchmark) -> None:
    assert entry.level in LEVELS
    assert 10 < len(entry.why) < 140
    assert not entry.why.endswith(".")
    assert entry.sources or entry.level == UNRATED
    assert entry.repeats is None or (entry.level != UNRATED and 1 <= entry.repeats <= 64)
    assert ENTRIES[entry.name] is entry, "two entries of one name"


def test_every_source_is_cited_and_every_contradiction_says_what_was_taken() -> None:
    data = table("benchmarks")
    cited = {name for one in (*data["benchmarks"], *data["sets"]) for name in one["source"]}
    assert cited == set(data["sources"])
    assert [text for text in data["contradictions"] if "taken: " not in text] == []


@pytest.mark.parametrize("one", sets(), ids=lambda one: one.name)
def test_the_sets_name_real_tasks_in_which_quantization_shows(one: TaskSet) -> None:
    for names, endpoint in ((one.chat, "chat"), (one.base, "completions")):
        for name in names:
            found = lookup(name)
            assert found.status is Status.FOUND
            assert found.task is not None
            assert found.task.query == name, "harness.task"
            assert found.task.endpoint_type == endpoint
        shown = [found.shows for name in names if (found := benchmark_of(name)) is not None]
        assert len(shown) == len(names)
        assert not names or True in shown
    assert one.chat
    assert one.sources


NEXT = table("next")


@pytest.mark.parametrize("name", [*NEXT["benchmarks"], *NEXT["playbooks"]])
def test_nel_nexts_own_benchmarks_and_playbooks_have_entries(name: str) -> None:
    assert next_benchmark(name) is not None


@pytest.mark.parametrize("name", [name for one in sets() for name in one.next])
def test_the_sets_name_what_nel_next_has(name: str) -> None:
    scheme, found, _ = name.partition("://")
    assert scheme in NEXT["schemes"] if found else name in (*NEXT["benchmarks"], *NEXT["playbooks"])
    assert next_benchmark(name) is not None


@pytest.mark.parametrize(
    ("task", "harness", "name", "level"),
    [
        ("ns_gpqa", "", "GPQA Diamond", "high"),
        ("nemo_skills.ns_gpqa", "", "GPQA Diamond", "high"),
        ("gpqa_diamond", "simple_evals", "GPQA Diamond", "high"),
        ("gpqa", "", "GPQA", "high"),
        ("codec.gpqa_diamond", "", "contamination checks", "unknown"),
        ("aime_2025", "", "contamination checks", "unknown"),
        ("aime_2025_nemo", "", "AIME", "high"),
        ("mmlu_pro", "simple_evals", "MMLU-Pro", "low"),
        ("mmlu_prox_de_chat", "", "MMLU in many languages", "medium"),
        ("simple_evals.mmlu_de-lite", "", "MMLU in many languages", "medium"),
        ("simple_evals.mmlu_en-lite", "", "MMLU", "low"),
        ("ruler-32k-chat", "", "RULER up to 32K", "low"),
        ("ruler-64k-chat", "", "RULER", "high"),
        ("ruler-chat", "", "RULER", "high"),
        ("nemo_skills.ns_ruler_64k", "", "RULER", "high"),
        ("chartqa", "", "other vision tasks", "unknown"),
        ("mmmu_judge", "", "MMMU", "low"),
        ("adlr_winogrande_5_shot", "", "WinoGrande", "low"),
        ("no_such_task", "", None, None),
        ("", "", None, None),
    ],
)
def test_the_benchmark_of_a_task(task: str, harness: str, name: str | None, level: str | None) -> None:
    found = benchmark_of(task, harness)
    assert (found.name if found else None, found.level if found else None) == (name, level)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("gpqa", "GPQA Diamond"),
        ("GPQA", "GPQA Diamond"),
        ("skills://mmlu-pro", "MMLU-Pro"),
        ("skills://aalcr", "AA-LCR"),
        ("lm-eval://aime25", "AIME"),
        ("lm-eval://hellaswag", "HellaSwag"),
        ("harbor://swebench-verified@1.0", "SWE-bench Verified"),
        ("harbor://terminal-bench/terminal-bench-2-1", "Terminal-Bench"),
        ("swebench_pro", "SWE-bench"),
        ("container://nvcr.io/nvidia/eval-factory/nemo-skills:26.03#ns_aa_lcr", "AA-LCR"),
        ("gym://localhost:9090", None),
        ("mine.py", None),
        ("skills://", None),
    ],
)
def test_the_benchmark_of_a_name_of_nel_next(written: str, name: str | None) -> None:
    found = next_benchmark(written)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("folder", "name"),
    [("mrcr", "MRCR"), ("gdpval", "GDPVal"), ("tau2", "tau2-bench"), ("livecodebench", "LiveCodeBench"), ("x", None)],
)
def test_the_benchmark_of_a_folder_of_the_gym(folder: str, name: str | None) -> None:
    found = gym_benchmark(folder)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("nemo_skills.ns_gpqa", ("quick", "standard", "reasoning")),
        ("ruler.ruler-64k-chat", ("long-context",)),
        ("ruler.ruler-1m-completions", ("standard", "long-context")),
        ("terminal_bench_2_1", ("agentic",)),
        ("simple_evals.mmlu", ()),
    ],
)
def test_the_sets_of_a_task(task: str, names: tuple[str, ...]) -> None:
    assert sets_of(task) == names


def test_the_uses_are_those_that_people_ask_for() -> None:
    assert [one.name for one in sets()] == ["quick", "standard", "code", "reasoning", "long-context", "agentic"]
    assert set_named("agentic").base == ()
