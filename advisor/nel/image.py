"""A container image reference: which engine, which version, and whether it always names the same image."""

from __future__ import annotations

import re
from functools import lru_cache

from advisor.patterns import pattern
from advisor.records import NamedTuple

VLLM, SGLANG, TRTLLM, NIM = "vllm", "sglang", "trtllm", "nim"

_VERSION_TAG = pattern(r"v?(\d+\.\d+(?:\.\d+)*(?:rc\d+)?(?:\.?post\d+)?(?:\.?dev\d*)?)(?P<rest>(?:[-_+].*)?)\Z")
_CUDA = pattern(r"(?:\A|[-_+.])cu(?:da)?-?(\d{2,3})(?=\Z|[-_+.])")
_ROCM = pattern(r"rocm", re.I)
_MOVING = pattern(
    r"(?:latest|nightly|dev|main|master|stable|edge|head|rolling)"
    r"(?:[-_](?:cu(?:da)?\d+|rocm\w*|amd64|arm64|x86_64|aarch64|py3))*\Z"
)
_FILE = pattern(r"\.(?:sqsh|sqfs|squashfs|sif)\Z")
_DIGEST = pattern(r"(?:sha256|sha384|sha512):[0-9a-fA-F]+\Z")
# The last part of a repository's name, and the engine in it.
_ENGINES = (
    (pattern(r"vllm(?:[-_]openai)?(?:[-_]rocm)?\Z"), VLLM, True),
    (pattern(r"sglang\Z"), SGLANG, True),
    # Dynamo's images number Dynamo, continuous-integration ones a commit.
    (pattern(r"vllm[-_].*\Z"), VLLM, False),
    (pattern(r"sglang[-_].*\Z"), SGLANG, False),
    (pattern(r"(?:trt|tensorrt)[-_]?llm[-_].*\Z"), TRTLLM, False),
)


class Image(NamedTuple):
    """`version` is the engine's own, None where the reference does not tell it. `cuda` is "130" of `-cu130`.

    `pinned` is False where the same reference may name another image tomorrow (`latest`, a bare `nightly`, no tag),
    None where the reference is not known. `file` is a squashfs file.
    """

    reference: str
    registry: str = ""
    repository: str = ""
    tag: str | None = None
    digest: str | None = None
    engine: str | None = None
    version: str | None = None
    cuda: str | None = None
    rocm: bool = False
    pinned: bool | None = None
    file: bool = False


@lru_cache(maxsize=256)
def parse_image(reference: str) -> Image:
    """Read a reference as docker, enroot (`registry#image`, `docker://`) and pyxis (`.sqsh` paths) write it."""
    text = reference.strip()
    is_file = bool(_FILE.search(text)) or text.startswith(("/", "./", "../", "~"))
    known = text.rpartition("/")[2] if is_file else text
    if not text or "$" in known or "???" in text:
        return Image(reference, file=is_file)
    if is_file:
        return _file(reference, known)
    text = text.removeprefix("docker://").removeprefix("dockerd://").removeprefix("podman://")
    name, at, digest = text.partition("@")
    if at and not _DIGEST.match(digest):
        # enroot's form with a user: user@registry#image
        name, digest = digest, ""
    registry, hash_sign, path = name.partition("#")
    if not hash_sign:
        registry, path = _registry(name)
    repository, colon, tag = path.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = path, ""
    engine, version = _engine(registry, repository, tag)
    return Image(
        reference,
        registry,
        repository,
        tag or None,
        digest or None,
        engine,
        version,
        _cuda(tag),
        bool(_ROCM.search(f"{repository}:{tag}")),
        bool(digest) or bool(tag and not _MOVING.match(tag)),
    )


def _registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", name


def _cuda(tag: str) -> str | None:
    match = _CUDA.search(tag)
    return match[1] if match else None


def _engine(registry: str, repository: str, tag: str) -> tuple[str | None, str | None]:
    parts = repository.lower().split("/")
    if registry == "nvcr.io" and parts[0] == "nim":
        return NIM, _version(tag)
    if parts[-1] == "release" and len(parts) > 1 and parts[-2] == "tensorrt-llm":
        return TRTLLM, _version(tag)
    if parts[-1] in ("tensorrt-llm", "tensorrt_llm", "trtllm", "trt-llm"):
        return TRTLLM, None
    for name, engine, numbered in _ENGINES:
        if name.match(parts[-1]):
            version = _version(tag) if numbered else None
            # NVIDIA's containers are numbered by year and month (25.09-py3), others by a scheme of their own.
            return engine, version if version and version.startswith("0.") else None
    return None, None


def _version(tag: str) -> str | None:
    match = _VERSION_TAG.match(tag)
    return match[1] if match else None


def _file(reference: str, file: str) -> Image:
    """enroot names what it imports after the reference, with `+` for `/` and `:`; other names tell only the engine."""
    name = _FILE.sub("", file)
    parts = name.split("+")
    engine = version = None
    tag = ""
    if len(parts) > 1:
        engine, version = _engine("", "/".join(parts[:-1]), parts[-1])
        tag = parts[-1]
    else:
        match = re.match(
            r"(?:vllm-)?(vllm-openai|vllm|sglang|tensorrt-llm|trtllm)(?:[-_:.]v?\d|[-_:]|\Z)", name.lower()
        )
        if match:
            engine = _engine("", match[1], "")[0]
    return Image(
        reference,
        engine=engine,
        version=version,
        cuda=_cuda(tag or name),
        rocm=bool(_ROCM.search(name)),
        pinned=True,
        file=True,
    )
