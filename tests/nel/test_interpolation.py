"""Where interpolations stand, and what becomes of them when NEL resolves the config."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from advisor.document.parse import parse_document
from advisor.nel.compose import compose
from advisor.nel.interpolation import BROKEN, ENV, KEY, NESTED, RESOLVER, find_interpolations, outermost
from advisor.nel.resolution import CIRCLE, FINE, NO_RESOLVER, NOTHING, REFUSED, UNKNOWN, UNSET, Resolution


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain $HOME $(x) {a}", []),
        ("${a.b}", [("${a.b}", KEY, "a.b")]),
        ("x ${ a } y", [("${ a }", KEY, "a")]),
        ("${a[0].b}", [("${a[0].b}", KEY, "a[0].b")]),
        ("${..a}", [("${..a}", KEY, "..a")]),
        ("${oc.env:X}", [("${oc.env:X}", ENV, "X")]),
        ("${oc.env:'X',y}", [("${oc.env:'X',y}", ENV, "X")]),
        ("${now:%Y}", [("${now:%Y}", RESOLVER, "now")]),
        ("${a.${b}}", [("${a.${b}}", NESTED, "a.${b}"), ("${b}", KEY, "b")]),
        ("\\${a} \\\\${b}", [("${b}", KEY, "b")]),
        ("${a", [("${a", BROKEN, "")]),
        ("${}", [("${}", BROKEN, "")]),
        ('{"k": "${a}", "m": {"n": 1}}', [("${a}", KEY, "a")]),
    ],
)
def test_where_interpolations_stand(text: str, found: list[tuple[str, str, str]]) -> None:
    assert [(one.text, one.kind, one.name) for one in find_interpolations(text)] == found
    assert all(text[one.start : one.end] == one.text for one in find_interpolations(text))


@given(st.text(alphabet="${}\\ab.:[]0'\" ,", max_size=20))
@example("\\${a${b}")
def test_any_text_has_its_interpolations_in_order(text: str) -> None:
    found = outermost(find_interpolations(text))
    assert all(one.text == text[one.start : one.end] for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_thousands_of_braces_end() -> None:
    assert find_interpolations("${" * 20_000)[0].kind == BROKEN
    assert find_interpolations("${a" * 3_000 + "}" * 3_000)[0].kind == NESTED
    assert len(outermost(find_interpolations("${a} " * 5_000))) == 5_000


CONFIG = "a: {b: 1, n: null, l: [1, {c: 2}], m: '???'}\nd: ${a}\ne: ${oc.env:HOME}\n"


@pytest.mark.parametrize(
    ("value", "fate"),
    [
        ("${a.b}", FINE),
        ("${a}", FINE),
        ("${a.l[1].c}", FINE),
        ("${a.l.1.c}", FINE),
        ("${d.b}", FINE),
        ("${.a.b}", FINE),
        ("${a.c}", NOTHING),
        ("${a.n.x}", NOTHING),
        ("${a.b.x}", NOTHING),
        ("${a.l[2]}", NOTHING),
        ("${a.l.x}", NOTHING),
        ("${a.l.-1}", NOTHING),
        ("${..a}", NOTHING),
        ("${HOME}", NOTHING),
        ("${#HOME}", NOTHING),
        ("${!X}", NOTHING),
        ("${X%%y}", NOTHING),
        ("${hydra.job}", NOTHING),
        ("${defaults}", NOTHING),
        ("${k}", CIRCLE),
        ("x ${k}", CIRCLE),
        ("${env:X}", NO_RESOLVER),
        ("${X:-y}", NO_RESOLVER),
        ("${X:-${a.b}}", NO_RESOLVER),
        ("${oc.env:HOME}", FINE),
        ("${oc.env:NOPE}", UNSET),
        ("${oc.env:NOPE,x}", FINE),
        ("${oc.env:NOPE,null}", FINE),
        ("${oc.env:HOME,a,b}", REFUSED),
        ("${hydra:job.name}", REFUSED),
        ("${a..b}", REFUSED),
        ("${a.}", REFUSED),
        ("${", REFUSED),
        ("${now:%Y}", FINE),
        ("${oc.select:zz,5}", FINE),
        ("${oc.dict.keys:a}", FINE),
        ("${oc.dict.keys:zz}", NOTHING),
        ("${select_not_null:zz,5}", FINE),
        ("${a.${a.n}}", UNKNOWN),
        ("${e.x}", UNKNOWN),
        ("${a.m.x}", UNKNOWN),
        ("${user_config_path}", UNKNOWN),
    ],
)
def test_what_becomes_of_an_interpolation(value: str, fate: str) -> None:
    composition = compose(parse_document("eval.yaml", CONFIG + f"k: '{value}'\n"), lambda name: None)
    resolution = Resolution(composition, frozenset({"HOME"}))
    assert resolution.fate(find_interpolations(value)[0], ("k",)).kind == fate


def test_circles_over_several_keys_and_into_containers() -> None:
    composition = compose(parse_document("x", "a: ${b}\nb: ${c.d}\nc: {d: '${a}', e: '${c}'}\n"), lambda name: None)
    resolution = Resolution(composition, frozenset())
    for path in (("a",), ("b",), ("c", "d"), ("c", "e")):
        node = composition.tree.at(path)
        assert node is not None
        assert resolution.fate(find_interpolations(str(node.data))[0], path).kind == CIRCLE


def test_chains_that_double_are_followed_once() -> None:
    text = "k0: x\n" + "".join(f"k{n}: '{f'${{k{n - 1}}}' * 10}'\n" for n in range(1, 30))
    composition = compose(parse_document("x", text), lambda name: None)
    one = find_interpolations("${k29}")[0]
    assert Resolution(composition, frozenset()).fate(one, ("z",)).kind == FINE


def test_what_another_config_may_set_is_unknown() -> None:
    text = "defaults: [{deployment: none}, {execution: internal/site}]\nk: ${execution.x} ${deployment.x}\n"
    composition = compose(parse_document("x", text), lambda name: None)
    one, other = find_interpolations("${execution.x} ${deployment.x}")
    resolution = Resolution(composition, frozenset())
    assert (resolution.fate(one, ("k",)).kind, resolution.fate(other, ("k",)).kind) == (UNKNOWN, NOTHING)


# Configs of a few keys that name each other in every way; OmegaConf decides.
NAMES = st.sampled_from(["a", "b", "c.d", "c", "c.l[0]", "c.l.1", ".a", "..a", ".l.0", "z", "a.z", "c.l.9"])
VALUES = st.builds("{}${{{}}}{}".format, st.sampled_from(["", "x "]), NAMES, st.sampled_from(["", " y"])) | st.just("t")


@given(a=VALUES, b=VALUES, d=VALUES, first=VALUES)
def test_interpolations_fail_where_omegaconf_fails(a: str, b: str, d: str, first: str) -> None:
    text = f"a: '{a}'\nb: '{b}'\nc: {{d: '{d}', l: ['{first}', 2]}}\n"
    composition = compose(parse_document("x", text), lambda name: None)
    resolution = Resolution(composition, frozenset())
    config = OmegaConf.create(text)
    fates = {
        resolution.fate(one, path).kind
        for path, leaf in ((p, composition.tree.at(p)) for p in (("a",), ("b",), ("c", "d"), ("c", "l", 0)))
        if leaf is not None
        for one in find_interpolations(str(leaf.data))
    }
    try:
        OmegaConf.to_container(config, resolve=True)
    except (OmegaConfBaseException, RecursionError):
        assert fates & {NOTHING, CIRCLE, UNKNOWN}
    else:
        assert not fates & {NOTHING, CIRCLE, REFUSED, NO_RESOLVER}
