"""What a reference to the server's image tells, beyond its name."""

from __future__ import annotations

from advisor.nel.gpus import gpus_of_gres
from advisor.nel.image import Image, parse_image
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import version_key
from advisor.patterns import pattern
from advisor.subjects.serve_script import is_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.subject import Attribute, Subject

_GITLAB_PORT = "5005"
_GRACE = pattern(r"g[bh][23]00|grace|gh100")
_ARM_TAG = pattern(r"(?:aarch64|arm64)\b")


def image_attributes(deployment: Subject) -> dict[str, Attribute]:
    return {
        "image_pinned": lambda: image_pinned(deployment),
        "image_source": lambda: "" if is_own(deployment.find("image")) else ", the default,",
        "image_without_cuda130": lambda: without_cuda130(deployment),
        "image_without_port": lambda: without_port(deployment),
        "host_is_arm": lambda: host_is_arm(deployment),
    }


def image_of(deployment: Subject) -> Image | None:
    """The server's image, None where it is not known."""
    reference = deployment.get("image")
    return parse_image(reference) if isinstance(reference, str) else None


def image_pinned(deployment: Subject) -> Value:
    image, node = image_of(deployment), deployment.find("image")
    if image is None or image.pinned is None or (node is not None and node.masked):
        return Unknown("the image is not known")
    return image.pinned


def without_cuda130(deployment: Subject) -> Value:
    """The image without the `-cu130` that vllm-openai's tags have not had since 0.20.1; ABSENT where it has none."""
    image = image_of(deployment)
    if (
        image is None
        or image.repository != "vllm/vllm-openai"
        or image.registry not in ("", "docker.io")
        or image.digest
    ):
        return ABSENT
    key = version_key(image.version) if image.version else None
    if image.cuda != "130" or key is None or key < (version_key("0.20.1") or key):
        return ABSENT
    return image.reference.replace("-cu130", "")


def without_port(deployment: Subject) -> Value:
    """The image with the port of its registry left out, which enroot takes for a part of the path."""
    image = image_of(deployment)
    if image is None or ":" not in image.registry or image.file or "#" in image.reference:
        return ABSENT
    host, _, port = image.registry.partition(":")
    return image.reference.replace(f"{host}:{port}/", f"{host}/", 1) if port == _GITLAB_PORT else ABSENT


def host_is_arm(deployment: Subject) -> bool:
    """Whether the GPUs asked for, or the server's image, are of a Grace host. False is: not known to be."""
    gres = deployment.world.singles["execution"].get("gres")
    found = gpus_of_gres(gres) if isinstance(gres, str) else None
    if found and _GRACE.search(found[1]):
        return True
    reference = deployment.get("image")
    return isinstance(reference, str) and _ARM_TAG.search(reference) is not None
