"""Which NEL is installed beside the advisor, told by the names of directories: nothing of it is imported."""

from __future__ import annotations

import os
import sys
from functools import cache

from advisor.nel.context import NEWEST_NEL
from advisor.nel.versions import version_key

_PREFIX, _SUFFIX = "nemo_evaluator_launcher-", ".dist-info"


@cache
def version_here() -> str:
    """The installed launcher's version, else the newest that is known."""
    return installed_version(sys.path) or NEWEST_NEL


def installed_version(folders: list[str]) -> str | None:
    """The launcher's version by its `.dist-info` directory in the first folder that has one."""
    for folder in folders:
        try:
            names = os.listdir(folder) if folder else ()
        except OSError:
            continue
        for name in names:
            version = name[len(_PREFIX) : -len(_SUFFIX)]
            if name.startswith(_PREFIX) and name.endswith(_SUFFIX) and version_key(version) is not None:
                return version
    return None
