"""`status`, `service`, and the page: what people read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.nel.context import Context
from advisor.report.markdown import advice_markdown
from advisor.report.trouble import escaped, trouble_markdown
from advisor.watch.patched import patch
from tests.cli.run import Ran, nel_advisor
from tests.oracle.verdicts import oracle_python, oracle_tool
from tests.watch.running import NOT_NEL, ROOT, mistaken, running, speaks_of, wait_for


def status(tmp_path: Path, *args: str) -> Ran:
    return nel_advisor("status", *args, env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")})


def test_status_while_running_and_after(root: Path, tmp_path: Path) -> None:
    assert status(tmp_path).code == 1
    assert "nothing is watched" in status(tmp_path).out
    with running(root, tmp_path / "state") as daemon:
        (root / "eval.yaml").write_text(mistaken(1))
        (root / "compose.yaml").write_text(NOT_NEL)
        wait_for(speaks_of(root / "eval.yaml", 1))
        wait_for(lambda: daemon.status()["targets"].get("advised") == 1)
        shown = status(tmp_path)
        assert shown.code == 0
        assert f"{root}: watched by process {daemon.process.pid}" in shown.out
        assert "eval.yaml" in shown.out
        assert "compose.yaml" not in shown.out
        data = json.loads(status(tmp_path, "--format", "json").out)
        (one,) = data["roots"]
        assert (data["version"], one["running"], one["mode"], one["root"]) == (1, True, "events", str(root))
        (file,) = one["files"]
        assert file["path"] == str(root / "eval.yaml")
        assert file["errors"] == 1
        assert status(tmp_path, str(tmp_path)).code == 1
    assert status(tmp_path).code == 1
    assert "not watched now" in status(tmp_path).out


def test_wrong_calls(tmp_path: Path) -> None:
    missing = nel_advisor("watch", str(tmp_path / "nowhere"))
    assert (missing.code, "nowhere: no such file or directory" in missing.err) == (2, True)
    (tmp_path / "file").touch()
    assert nel_advisor("watch", str(tmp_path / "file")).code == 2


def test_service_puts_units_in_place(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    environment.pop("MODELOPT_WORKSPACE_ROOT", None)
    assert nel_advisor("service", "install", "--no-start", env=environment).code == 2
    environment["MODELOPT_WORKSPACE_ROOT"] = "/srv/work space"
    done = nel_advisor("service", "install", "--no-start", env=environment)
    assert done.code == 0, done.err
    unit = (tmp_path / "systemd/user/nel-advisor.service").read_text()
    assert f"ExecStart={Path(sys.executable).parent}/nel-advisor watch" in unit
    assert (tmp_path / "nel-advisor/watch.env").read_text() == 'MODELOPT_WORKSPACE_ROOT="/srv/work space"\n'
    assert (tmp_path / "systemd/user/nel-advisor@.service").exists()


def test_shipped_units_say_the_same_of_their_hardening() -> None:
    def hardening(name: str) -> list[str]:
        text = (ROOT / "systemd" / name).read_text()
        return text.partition("# What an unprivileged manager")[2].splitlines()

    assert hardening("nel-advisor.service") == hardening("nel-advisor@.service") != []


TEXTS = [
    ("plain words", "plain words"),
    ("a `b` <script> [x](y) *z* |", "a \\`b\\` \\<script> \\[x\\](y) \\*z\\* \\|"),
    ("two\nlines\r\n# no title", "two lines # no title"),
    ("esc \x1b[31m rtl \u202e", "esc \ufffd\\[31m rtl \ufffd"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_text_of_others_means_nothing_in_markdown(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert shown in trouble_markdown("/w/a.yaml", text)


def test_the_page_names_what_was_found(base: RuleBase) -> None:
    document = parse_document("/w/eval.yaml", mistaken(1))
    page = advice_markdown(advise_document(document, base, Context()))
    assert page.startswith("# Advice on eval.yaml\n")
    assert "## Error: walltime 10:00:01 without quotes" in page
    assert "NEL640 walltime-unquoted, line 9, `execution.walltime`\n\n```yaml\n  walltime: 10:00:01\n```" in page
    assert "/w/" not in page


def test_a_page_shows_no_secret(base: RuleBase) -> None:
    secret = "hf_" + "abcdefghijklmnopqrstuvwxyz123456"
    text = mistaken(1) + f"  env_vars:\n    HF_TOKEN: {secret}\n"
    document = parse_document("/w/eval.yaml", text)

    def advise(document):  # type: ignore[no-untyped-def]
        return advise_document(document, base, Context())

    advice = advise(document)
    assert advice.redactor.secrets
    patched = patch(document, advice, advise)
    assert patched.text == ""
    assert secret not in advice_markdown(advice, patched.notes)
    assert "holds a secret" in advice_markdown(advice, patched.notes)


def test_the_patched_copy_is_the_original_with_its_fixes(base: RuleBase) -> None:
    document = parse_document("/w/eval.yaml", mistaken(1))

    def advise(document):  # type: ignore[no-untyped-def]
        return advise_document(document, base, Context())

    text = patch(document, advise(document), advise).text
    head, _, body = text.partition("\ndefaults:")
    assert "eval.yaml with fixes" in head
    assert "NEL640 walltime-unquoted" in head
    assert all(line.startswith("#") for line in head.splitlines())
    assert f"defaults:{body}" == mistaken(1).replace("10:00:01", '"10:00:01"')


def test_the_patched_copy_passes_the_real_dry_run(tmp_path: Path, base: RuleBase) -> None:
    for needed in (oracle_python(), oracle_tool()):
        if not needed.exists():
            pytest.skip(f"{needed} is not there: no real launcher to ask")
    config = tmp_path / "eval.yaml"
    config.write_text(mistaken(1).replace("- name: ns_gpqa", "- name: mmlu_pro"))
    document = parse_document(str(config), config.read_text())

    def advise(document):  # type: ignore[no-untyped-def]
        return advise_document(document, base, Context())

    patched = tmp_path / "eval.advised.yaml"
    patched.write_text(patch(document, advise(document), advise).text)
    command = [str(oracle_python()), str(oracle_tool()), str(patched)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert json.loads(done.stdout)["ok"], done.stdout + done.stderr
