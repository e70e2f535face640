"""`nel-advisor advise` as people and programs meet it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from tests.cli.run import nel_advisor
from tests.shared import CORPUS, corpus_files, needs_corpus

GOOD = """\
defaults:
  - execution: local
  - deployment: none
  - _self_
execution:
  output_dir: /tmp/out
env_vars:
  HF_TOKEN: host:HF_TOKEN
target:
  api_endpoint:
    url: https://example.com/v1/chat/completions
    model_id: some/model
    api_key_name: API_KEY
evaluation:
  tasks:
    - name: simple_evals.gpqa_diamond
"""
BAD = GOOD + "  overrides: {a.b: 1}\n"
PROMPT = GOOD.replace(
    "evaluation:\n",
    "evaluation:\n"
    "  nemo_evaluator_config: {target: {api_endpoint: {adapter_config: {custom_system_prompt: /no_think}}}}\n",
)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Position(Strict):
    line: int
    column: int


class At(Strict):
    path: str
    start: Position
    end: Position


class Fix(Strict):
    title: str
    safety: Literal["auto", "ask"]
    edits: list[dict[str, Any]]


class Finding(Strict):
    rule: str
    name: str
    severity: Literal["error", "warning", "info"]
    message: str
    why: str
    at: At
    fix: Fix | None
    evidence: list[str]
    because: list[str]


class Unchecked(Strict):
    what: str
    reason: str


class Target(Strict):
    path: str
    kind: Literal["launcher", "next", "checkpoint", "unknown"]
    findings: list[Finding]
    unchecked: list[Unchecked]


class Summary(Strict):
    errors: int
    warnings: int
    infos: int


class Report(Strict):
    version: Literal[1]
    targets: list[Target]
    summary: Summary


def advise_json(*args: str, cwd: Path | None = None, stdin: bytes = b"") -> tuple[int, Report]:
    ran = nel_advisor("advise", "--format", "json", *args, cwd=cwd, stdin=stdin)
    return ran.code, Report.model_validate_json(ran.out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bad.yaml").write_text(PROMPT)
    (tmp_path / "compose.yaml").write_text("services: {web: {image: nginx}}\n")
    (tmp_path / "k8s.yml").write_text("kind: Deployment\nspec: {template: 1}\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "bad.yaml").write_text(PROMPT)
    return tmp_path


def test_a_folder_is_searched_by_content(folder: Path) -> None:
    code, report = advise_json(".", cwd=folder)
    assert code == 1
    assert [target.path for target in report.targets] == ["./good.yaml", "./sub/bad.yaml"]
    assert [f.name for f in report.targets[1].findings if f.severity == "error"] == ["sysprompt-without-switch"]


def test_no_target_is_the_current_folder(folder: Path) -> None:
    assert advise_json(cwd=folder) == advise_json(".", cwd=folder)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["good.yaml"], 0),
        (["sub/bad.yaml"], 1),
        (["sub/bad.yaml", "--fail-on", "never"], 0),
        (["sub/bad.yaml", "--ignore", "sysprompt-without-switch"], 0),
        (["sub/bad.yaml", "--ignore", "NEL201"], 0),
        (["sub/bad.yaml", "--ignore", "reasoning"], 0),
        (["sub/bad.yaml", "--select", "NEL201,defaults-missing"], 1),
        (["sub/bad.yaml", "--select", "defaults-missing"], 0),
        (["sub/bad.yaml", "--select", "no-such-rule"], 2),
        (["missing.yaml"], 2),
        (["missing.yaml", "sub/bad.yaml"], 2),
        (["--no-such-option"], 2),
        (["good.yaml", "--jobs", "0"], 2),
    ],
)
def test_exit_codes(folder: Path, args: list[str], code: int) -> None:
    assert nel_advisor("advise", *args, cwd=folder).code == code


def test_a_missing_file_does_not_stop_the_others(folder: Path) -> None:
    ran = nel_advisor("advise", "missing.yaml", "sub/bad.yaml", cwd=folder)
    assert "missing.yaml: there is no such file" in ran.err
    assert "sysprompt-without-switch" in ran.out


def test_an_unknown_selector_names_the_nearest(folder: Path) -> None:
    ran = nel_advisor("advise", "--select", "sysprompt-without-swich", cwd=folder)
    assert "did you mean 'sysprompt-without-switch'?" in ran.err


def test_standard_input_has_the_name_that_it_is_given() -> None:
    code, report = advise_json("-", "--stdin-name", "mine.yaml", stdin=PROMPT.encode())
    assert (code, report.targets[0].path) == (1, "mine.yaml")


def test_the_place_is_exact() -> None:
    _, report = advise_json("-", stdin=PROMPT.encode())
    (finding,) = [f for f in report.targets[0].findings if f.name == "sysprompt-without-switch"]
    lines = PROMPT.splitlines()
    at = finding.at
    assert at.start.line == at.end.line
    assert "/no_think" in lines[at.start.line - 1][at.start.column - 1 : at.end.column - 1]
    assert at.path == "evaluation.nemo_evaluator_config.target.api_endpoint.adapter_config.custom_system_prompt"


@pytest.mark.parametrize("before", [0, 1, 40, 90, 400])
@pytest.mark.parametrize("behind", [0, 1, 90, 400])
def test_a_long_line_is_cut_around_the_caret(tmp_path: Path, before: int, behind: int) -> None:
    """Pipes have a width of 100."""
    line = f"target: {{x{'x' * before}: 1, api_endpoint: {{urll: a}}, y{'y' * behind}: 1}}\n"
    text = GOOD.replace("target:\n", "unused:\n") + line
    (tmp_path / "eval.yaml").write_text(text)
    lines = nel_advisor("advise", "eval.yaml", cwd=tmp_path).out.splitlines()
    carets = [number for number, one in enumerate(lines) if one.lstrip(" |").startswith("^")]
    assert carets
    for number in carets:
        source, caret = lines[number - 1], lines[number]
        assert len(source) <= 100
        assert len(caret) <= 100
        shown = source.split(" | ", 1)[1]
        whole = text.splitlines()[int(source.split("|")[0]) - 1]
        assert shown.strip("…") in whole
        assert (shown[0] == "…", shown[-1] == "…") == (not whole.startswith(shown[:1]), not whole.endswith(shown[-1:]))


def test_text_shows_the_line_and_a_caret(folder: Path) -> None:
    ran = nel_advisor("advise", "sub/bad.yaml", cwd=folder)
    lines = ran.out.splitlines()
    (head,) = [i for i, line in enumerate(lines) if "sysprompt-without-switch" in line]
    assert lines[head].startswith("sub/bad.yaml:15:")
    source, caret = lines[head + 3], lines[head + 4]
    assert source[caret.index("^") :].startswith("/no_think")
    assert "\033" not in ran.out


def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    for i in range(40):
        (tmp_path / f"c{i:02}.yaml").write_text(PROMPT if i % 3 else GOOD)
    one, two = (nel_advisor("advise", "-j", jobs, str(tmp_path)) for jobs in ("1", "3"))
    assert one == two
    assert len(one.out.splitlines()) > 40


BAD_INPUTS: dict[str, tuple[bytes, str]] = {
    "huge": (b"evaluation:\n" + b"# x\n" * 13_000_000, "file-too-large"),
    "bomb": (
        b"evaluation:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"  a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 12)),
        "file-too-large",
    ),
    "deep": (b"evaluation: " + b"[" * 10_000 + b"]" * 10_000, "file-too-deep"),
    "deep-block": (b"".join(b" " * i + b"evaluation:\n" for i in range(10_000)), "file-too-large"),
    "binary": (bytes(range(256)) * 40, "file-not-text"),
    "utf8": (b"evaluation:\n  a: \xff\xfe\n", "file-not-text"),
    "control": (b"evaluation:\n  a: \x01\n", "yaml-syntax"),
    "unclosed": (b"evaluation: {tasks: [", "yaml-syntax"),
    "two": (GOOD.encode() + b"---\na: 1\n", "yaml-syntax"),
    "alias": (b"evaluation: &a {b: *a}\n", "yaml-syntax"),
}


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_is_a_finding_and_the_others_are_advised(tmp_path: Path, name: str) -> None:
    data, expected = BAD_INPUTS[name]
    (tmp_path / "bad.yaml").write_bytes(data)
    (tmp_path / "other.yaml").write_text(PROMPT)
    code, report = advise_json("bad.yaml", "other.yaml", cwd=tmp_path)
    assert code == 1
    bad, other = report.targets
    assert any(expected in finding.name for finding in bad.findings), [f.name for f in bad.findings]
    assert all(finding.severity == "error" for finding in bad.findings if expected in finding.name)
    assert "sysprompt-without-switch" in [finding.name for finding in other.findings]


def test_a_pipe_is_a_finding_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    code, report = advise_json("pipe.yaml", cwd=tmp_path)
    assert (code, [f.name for f in report.targets[0].findings]) == (1, ["file-unreadable"])


def test_links_are_not_followed_below_a_folder(folder: Path) -> None:
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "link.yaml").symlink_to(folder / "sub" / "bad.yaml")
    _, report = advise_json(".", cwd=folder)
    assert [target.path for target in report.targets] == ["./good.yaml", "./sub/bad.yaml"]


def test_next_configs_are_advised_as_such(tmp_path: Path) -> None:
    (tmp_path / "next.yaml").write_text(
        "services: {m: {type: gym}}\nbenchmarks: [{name: gsm8k, solver: {type: oracle}}]\n"
    )
    (tmp_path / "short.yaml").write_text("services: {m: {type: gym}}\nbenchmarks: [{name: gsm8k}]\n")
    code, report = advise_json("next.yaml", "short.yaml", cwd=tmp_path)
    assert (code, [target.kind for target in report.targets]) == (1, ["next", "next"])
    assert [[f.name for f in target.findings] for target in report.targets] == [[], ["next-key-missing"]]


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PROMPT.replace("/no_think", '"/no_think \\e[31m\\u202e"'))
    ran = nel_advisor("advise", "a.yaml", cwd=tmp_path)
    assert "sysprompt-without-switch" in ran.out
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


@needs_corpus
def test_the_corpus_is_advised_without_a_crash_and_every_finding_has_a_place() -> None:
    files = corpus_files()
    code, report = advise_json(*map(str, files))
    assert code == 1
    assert [target.path for target in report.targets] == [str(path) for path in files]
    for target in report.targets:
        lines = Path(target.path).read_text().splitlines()
        for finding in target.findings:
            start, end = finding.at.start, finding.at.end
            assert 1 <= start.line <= len(lines) + 1
            assert start.column - 1 <= len(lines[start.line - 1] if start.line <= len(lines) else "")
            assert (start.line, start.column) <= (end.line, end.column)
    print(f"corpus: {len(files)} files, {json.dumps(report.summary.model_dump())}", CORPUS)
