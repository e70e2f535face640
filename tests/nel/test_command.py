"""Which servers a command starts, and with which words."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.nel.command import read_arguments, read_command
from advisor.nel.words import split_commands

VLLM = "vllm serve"
API = "vllm.entrypoints.openai.api_server"
SGL = "sglang.launch_server"


@pytest.mark.parametrize(
    ("script", "entry", "words"),
    [
        ("vllm serve m --port 1", VLLM, ["m", "--port", "1"]),
        ("/usr/bin/vllm serve m", VLLM, ["m"]),
        ("python3 -m vllm.entrypoints.openai.api_server --model m", API, ["--model", "m"]),
        ("python -u -X dev -m vllm.entrypoints.openai.api_server --model m", API, ["--model", "m"]),
        ("python3 /opt/vllm/entrypoints/openai/api_server.py --model m", API, ["--model", "m"]),
        ("python3 -m sglang.launch_server --model-path m", SGL, ["--model-path", "m"]),
        ("sglang serve --model-path m", "sglang serve", ["--model-path", "m"]),
        ("mpirun --oversubscribe trtllm-serve serve /c --tp_size=8", "trtllm-serve", ["/c", "--tp_size=8"]),
        ("trtllm-serve /c --port 1", "trtllm-serve", ["/c", "--port", "1"]),
        ("exec nohup numactl -N 0 vllm serve m &", VLLM, ["m"]),
        ("A=1 B='x y' vllm serve m", VLLM, ["m"]),
        ("env A=1 vllm serve m", VLLM, ["m"]),
        ("bash -c 'vllm serve \"a b\"'", VLLM, ["a b"]),
        ('bash -lc "cd /x && vllm serve m --a \\"b c\\""', VLLM, ["m", "--a", "b c"]),
        ("eval 'vllm serve m'", VLLM, ["m"]),
        ("set -x; (vllm serve m | tee log)", VLLM, ["m"]),
        ("vllm serve m \\\n  --a b \\\r\n  --c", VLLM, ["m", "--a", "b", "--c"]),
        ("vllm serve m --a # --b\n--c", VLLM, ["m", "--a"]),
        ("vllm serve m --a 2>&1 > log --b", VLLM, ["m", "--a", "--b"]),
        ("if [ $N -eq 0 ]; then\n vllm serve m\nelse\n sleep 1\nfi", VLLM, ["m"]),
        ("cat <<EOF >f\nvllm serve not\nEOF\nvllm serve m", VLLM, ["m"]),
        ("cat <<-'EOF'\n\tx\n\tEOF\nvllm serve m", VLLM, ["m"]),
        ('vllm serve m --j \'{"a": 1}\' --k={"b":2}', VLLM, ["m", "--j", '{"a": 1}', "--k={b:2}"]),
        ("vllm serve m --p <PARSER>  --x", VLLM, ["m", "--p", "<PARSER>", "--x"]),
    ],
)
def test_one_server(script: str, entry: str, words: list[str]) -> None:
    (serve,) = read_command(script).serves
    assert serve.entry == entry
    assert [word.text for word in serve.words] == words
    assert serve.certain


@pytest.mark.parametrize(
    "script",
    [
        "",
        "echo vllm serve m",
        "pip install vllm",
        "pgrep -f 'vllm serve'",
        "vllm bench serve",
        "# vllm serve m",
        "sglang router",
        "/opt/nvidia/nvidia_entrypoint.sh /opt/nim/start_server.sh",
        "trtllm-serve disaggregated -c x",
        "python3 -m pip serve",
    ],
)
def test_no_server(script: str) -> None:
    assert read_command(script).serves == ()


@pytest.mark.parametrize(
    ("script", "certain", "complete"),
    [
        ("vllm serve m --port $PORT", True, False),
        ('vllm serve m --port "$PORT"', True, True),
        ("vllm serve m --port ${deployment.port}", True, True),
        ("vllm serve m ${deployment.extra_args}", True, False),
        ("vllm serve m $(cat args)", True, False),
        ("vllm serve m 'open", True, False),
        ("vllm serve {a,b}", True, False),
        ("./start.sh vllm serve m", False, True),
        ("$WRAPPER vllm serve m", False, False),
    ],
)
def test_what_is_in_doubt_is_said(script: str, certain: bool, complete: bool) -> None:
    (serve,) = read_command(script).serves
    assert (serve.certain, serve.complete) == (certain, complete)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("a", True),
        ("$A", False),
        ("'$A'", True),
        ("\\$A", True),
        ("'${a.b}'", False),
        ("x`y`", False),
        ("$", True),
        ("a$", True),
    ],
)
def test_what_only_a_shell_knows(word: str, known: bool) -> None:
    (command,) = split_commands(f"x {word}")
    assert command.words[1].known is known


def test_assignments_with_their_places() -> None:
    script = "export A=1 B='x y'\nC=$D; E=2 vllm serve m F=3"
    found = read_command(script)
    assert [(one.name, one.value.text, one.exported) for one in found.assignments] == [
        ("A", "1", True),
        ("B", "x y", True),
        ("C", "$D", False),
        ("E", "2", False),
    ]
    assert [script[one.start : one.value.end] for one in found.assignments] == ["A=1", "B='x y'", "C=$D", "E=2"]
    assert [one.name for one in found.serves[0].assignments] == ["E"]


def test_places_inside_an_inner_shell() -> None:
    script = "bash -c 'vllm serve m --a \"b c\" --d'"
    (serve,) = read_command(script).serves
    assert [script[word.start : word.end] for word in serve.words] == ["m", "--a", '"b c"', "--d"]


def test_arguments_alone() -> None:
    serve = read_arguments("A=1 --x 'y z'\n--lost")
    assert serve is not None
    assert [word.text for word in serve.words] == ["A=1", "--x", "y z"]
    assert read_arguments("  ") is None


SCRIPTS = st.text(st.sampled_from("ab -='\"\\$`(){}<>|&;#\n\t=.,:0éE"), max_size=60) | st.lists(
    st.sampled_from(
        ["vllm serve", "bash -c", "'", '"', "${a.b}", "$(", "<<EOF\n", "EOF", ";", "\\\n", " ", "x=", "--a", "m"]
    )
).map("".join)


@given(SCRIPTS)
@example("<<")
@example("$'")
@example("{a,")
def test_any_script_is_read(script: str) -> None:
    for command in split_commands(script):
        for word in (*command.words, *(one.value for one in command.assignments)):
            assert 0 <= word.start <= word.end <= len(script)
            assert len(word.starts) == len(word.text)
            assert all(script[at] == char for at, char in zip(word.starts, word.text, strict=True))
            assert list(word.starts) == sorted(set(word.starts))
    for serve in read_command("vllm serve m " + script).serves:
        assert serve.start < serve.end


@given(st.lists(st.text(st.sampled_from("ab -='\"\\$`(){}<>|&;#\n\té"), max_size=12), min_size=1, max_size=6))
def test_quoted_words_come_back(words: list[str]) -> None:
    (command,) = split_commands("x " + shlex.join(words))
    assert [word.text for word in command.words[1:]] == words


@given(st.lists(st.sampled_from(["a", "'b c'", '"d\\"e"', "f\\ g", "--h=i", "\\\n", "'j'k\"l\""]), min_size=1))
def test_plain_words_as_shlex_reads_them(words: list[str]) -> None:
    script = "x " + " ".join(words)
    (command,) = split_commands(script)
    assert [word.text for word in command.words] == shlex.split(script.replace("\\\n", ""))
