"""What an image reference tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.nel.image import parse_image
from advisor.nel.versions import version_key


@pytest.mark.parametrize(
    ("reference", "engine", "version", "cuda", "pinned"),
    [
        ("vllm/vllm-openai:v0.13.0", "vllm", "0.13.0", None, True),
        ("vllm/vllm-openai:v0.19.1-cu130", "vllm", "0.19.1", "130", True),
        ("docker.io/vllm/vllm-openai:v0.20.2-cu129-ubuntu2404", "vllm", "0.20.2", "129", True),
        ("vllm/vllm-openai:v0.17.0rc1", "vllm", "0.17.0rc1", None, True),
        ("vllm/vllm-openai", "vllm", None, None, False),
        ("vllm/vllm-openai:latest", "vllm", None, None, False),
        ("vllm/vllm-openai:latest-cu130", "vllm", None, "130", False),
        ("vllm/vllm-openai:nightly", "vllm", None, None, False),
        ("vllm/vllm-openai:nightly-8a3f1c2", "vllm", None, None, True),
        ("vllm/vllm-openai@sha256:0123abc", "vllm", None, None, True),
        ("vllm/vllm-openai:v0.13.0@sha256:0123abc", "vllm", "0.13.0", None, True),
        ("gitlab.example.com:5005/team/vllm-openai:v0.13.0", "vllm", "0.13.0", None, True),
        ("rocm/vllm:rocm6.3_vllm_0.8.5", "vllm", None, None, True),
        ("lmsysorg/sglang:v0.5.5.post3-cu126", "sglang", "0.5.5.post3", "126", True),
        ("lmsysorg/sglang:dev", "sglang", None, None, False),
        ("nvcr.io/nvidia/vllm:25.09-py3", "vllm", None, None, True),
        ("nvcr.io/nvidia/sglang:25.10-py3", "sglang", None, None, True),
        ("nvcr.io/nvidia/ai-dynamo/vllm-runtime:0.7.0", "vllm", None, None, True),
        ("nvcr.io/nvidia/tensorrt-llm/release:1.0.0", "trtllm", "1.0.0", None, True),
        ("nvcr.io#nvidia/tensorrt-llm/release:1.2.0rc1", "trtllm", "1.2.0rc1", None, True),
        ("docker://user@nvcr.io#nim/meta/llama:1.8.6", "nim", "1.8.6", None, True),
        ("docker://nvcr.io#nim/meta/llama:1.8.6", "nim", "1.8.6", None, True),
        ("nvcr.io/nim/meta/llama-3.2-1b-instruct:latest", "nim", None, None, False),
        ("/lustre/images/vllm+vllm-openai+v0.12.0.sqsh", "vllm", "0.12.0", None, True),
        ("${SHARED_ROOT}/sglang-runtime-1.1.0-cuda13-amd64.sqsh", "sglang", None, "13", True),
        ("/images/mine.sqsh", None, None, None, True),
        ("python:3.12-slim", None, None, None, True),
        ("???", None, None, None, None),
        ("${oc.env:IMAGE}", None, None, None, None),
        ("", None, None, None, None),
    ],
)
def test_reference(
    reference: str, engine: str | None, version: str | None, cuda: str | None, pinned: bool | None
) -> None:
    image = parse_image(reference)
    assert (image.engine, image.version, image.cuda, image.pinned) == (engine, version, cuda, pinned)


def test_parts() -> None:
    image = parse_image("nvcr.io#nvidia/tensorrt-llm/release:1.0.0")
    assert (image.registry, image.repository, image.tag) == ("nvcr.io", "nvidia/tensorrt-llm/release", "1.0.0")
    image = parse_image("localhost:5000/a/b")
    assert (image.registry, image.repository, image.tag, image.digest) == ("localhost:5000", "a/b", None, None)


@given(st.text(max_size=60) | st.text(st.sampled_from("vlm/:@#-.0123sqh+${}"), max_size=40))
def test_any_text_is_read(reference: str) -> None:
    assert parse_image(reference).reference == reference


def test_versions_sort_as_packaging_does() -> None:
    from packaging.version import Version

    written = [
        "0.8.5.post1",
        "0.8.5",
        "0.9",
        "0.9.0.post2",
        "0.10.0rc1",
        "0.10.0",
        "0.10.0.dev3",
        "0.10.1.1",
        "0.10.0rc1.dev2",
        "1.0a1",
        "1.0b2",
        "1.0.post1.dev1",
        "0.5.12.post1",
        "0.5.9",
        "1.2.0rc10",
        "1.2.0rc9",
    ]
    keys = {text: version_key(text) for text in written}
    assert None not in keys.values()
    assert sorted(written, key=lambda text: keys[text] or ()) == sorted(written, key=Version)


@pytest.mark.parametrize(
    ("left", "right", "same"), [("0.9", "0.9.0", True), ("v1.0", "1", True), ("0.9.0", "0.9.0.post1", False)]
)
def test_equal_versions(left: str, right: str, same: bool) -> None:
    assert (version_key(left) == version_key(right)) is same


@pytest.mark.parametrize("text", ["latest", "", "nightly", "25.09-py3", "1.x"])
def test_no_version(text: str) -> None:
    assert version_key(text) is None
