"""Which file system a path is on, and whether the kernel tells of every change there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

MOUNTS = "/proc/self/mountinfo"
# What another host writes to these brings no event here. overlay is not among them: events come for all that is written
# through the mount, copies up from a lower layer included (tested).
_SHARED = frozenset(
    {
        "nfs", "nfs4", "lustre", "gpfs", "9p", "cifs", "smb3", "smbfs", "ceph", "beegfs", "afs", "pvfs2", "orangefs",
        "glusterfs", "virtiofs", "vboxsf", "wekafs", "panfs", "coda", "fuse",
    }
)  # fmt: skip
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    point: str
    type: str

    @property
    def has_events(self) -> bool:
        """False where a change may come from elsewhere, so that only looking finds it."""
        return self.type not in _SHARED and not self.type.startswith("fuse.")


def read_mounts(file: str = MOUNTS) -> tuple[Mount, ...]:
    """All mounts, in the order in which they were made. Where the table cannot be read, one of unknown type."""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as lines:
            return tuple(mount for line in lines if (mount := _mount(line)) is not None)
    except OSError:
        return (Mount("/", "unknown"),)


def mount_of(path: str, mounts: tuple[Mount, ...]) -> Mount:
    """The mount that a real path is on: the deepest, and of those at one point the last made."""
    found = Mount("/", "unknown")
    for mount in mounts:
        if _below(path, mount.point) and len(mount.point) >= len(found.point):
            found = mount
    return found


def mounts_without_events(root: str, mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """Those below a root that need looking at, whatever the root itself is on."""
    inside = {mount.point: mount for mount in mounts if mount.point != root and _below(mount.point, root)}
    return tuple(mount for mount in inside.values() if not mount.has_events)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _mount(line: str) -> Mount | None:
    """`36 35 98:0 /root /point options [fields] - type source options`."""
    before, dash, after = line.partition(" - ")
    fields = before.split(" ")
    if not dash or len(fields) < 5:
        return None
    return Mount(os.path.normpath(_ESCAPE.sub(lambda m: chr(int(m[1], 8)), fields[4])), after.split(" ")[0])
