"""A line in each file that the daemon writes, with the digest of all its other bytes: who finds it right knows that
no person has changed the file since, even when the ledger is lost."""

from __future__ import annotations

import re
from hashlib import sha256

_SEAL = re.compile(rb"^(?:# |<!-- )nel-advisor sha256:([0-9a-f]{64})(?: -->)?\r?\n", re.M)


def sealed_markdown(text: str) -> bytes:
    """The text with its seal as a last, invisible line."""
    body = text.encode("utf-8", "replace")
    body += b"" if not body or body.endswith(b"\n") else b"\n"
    return body + f"<!-- nel-advisor sha256:{sha256(body).hexdigest()} -->\n".encode()


def sealed_yaml(header: list[str], text: str) -> bytes:
    """The text below a comment of the header's lines and the seal; the text's own bytes stay as they are."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    head = (mark + "".join(f"# {line}{newline}" for line in header)).encode("utf-8", "replace")
    body = text.removeprefix("\ufeff").encode("utf-8", "replace")
    return head + f"# nel-advisor sha256:{sha256(head + body).hexdigest()}{newline}".encode() + body


def is_sealed(data: bytes) -> bool:
    """Whether the bytes are as they were written here. What holds nothing but NULs is a write that a power cut undid:
    no person's work is in it."""
    if not data.strip(b"\0"):
        return True
    return any(
        sha256(data[: found.start()] + data[found.end() :]).hexdigest().encode() == found[1]
        for found in _SEAL.finditer(data)
    )
