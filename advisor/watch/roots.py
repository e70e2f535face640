"""Which directories are watched when none is named."""

from __future__ import annotations

import os

WORKSPACE_ROOT = "MODELOPT_WORKSPACE_ROOT"


def default_roots() -> tuple[str, ...]:
    """ModelOpt's workspace where it is set, else the current folder."""
    return (os.environ.get(WORKSPACE_ROOT) or ".",)


def real_roots(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Absolute, without links, each once, and none that another one holds. Raises NotADirectoryError or
    FileNotFoundError."""
    real = []
    for folder in folders:
        path = os.path.realpath(os.path.expanduser(folder))
        os.stat(path)
        if not os.path.isdir(path):
            raise NotADirectoryError(0, "not a directory", folder)
        real.append(path)
    return tuple(
        path for path in dict.fromkeys(real) if not any(path != other and _below(path, other) for other in real)
    )


def user_settings_path() -> str:
    """The same as in advisor.settings, which would bring the parser with it."""
    return f"{os.environ.get('XDG_CONFIG_HOME') or os.path.expanduser('~/.config')}/nel-advisor/settings.yaml"


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
