"""The client watches files for us: configs beside the open ones, settings, and the checkpoints that configs name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lsprotocol import types

from advisor.lsp.addresses import concerns, path_of, uri_of
from advisor.lsp.documents import Documents
from advisor.settings.files import NAME

if TYPE_CHECKING:
    from advisor.lsp.server import Server

_METHOD = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
_OF_CHECKPOINTS = "nel-advisor-checkpoints"


class Watching:
    """Asks the client to tell of changed files, where it can, and looks again at what depends on them."""

    def __init__(self, server: Server, documents: Documents) -> None:
        self.server, self.documents = server, documents
        self._able = self._relative = False
        self._checkpoints: frozenset[str] = frozenset()

    def start(self) -> None:
        workspace = self.server.client_capabilities.workspace
        able = workspace.did_change_watched_files if workspace else None
        if able is None or not able.dynamic_registration:
            return
        self._able, self._relative = True, bool(able.relative_pattern_support)
        self.documents.on_depends = self._watch_checkpoints
        self._register("nel-advisor-files", ["**/*.{yaml,yml}"])

    async def changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        paths = [path_of(change.uri) for change in params.changes]
        if any(os.path.basename(path) == NAME for path in paths):
            await self.documents.files_changed([])
            self.documents.look_again()
        elif any(self._matters(path) for path in paths):
            await self.documents.files_changed(paths)

    def _matters(self, path: str) -> bool:
        depends = (one for paths in self.documents.depends.values() for one in paths)
        return any(concerns(path, one) for one in depends)

    def _watch_checkpoints(self) -> None:
        """Every path that an open config depends on and that is a folder."""
        wanted = frozenset(p for paths in self.documents.depends.values() for p in paths if not p.endswith(".yaml"))
        if wanted == self._checkpoints:
            return
        if self._checkpoints:
            gone = types.UnregistrationParams(unregisterations=[types.Unregistration(_OF_CHECKPOINTS, _METHOD)])
            self.server.client_unregister_capability(gone)
        self._checkpoints = wanted
        if wanted:
            self._register(_OF_CHECKPOINTS, [self._inside(path) for path in sorted(wanted)])

    def _inside(self, path: str) -> str | types.RelativePattern:
        return types.RelativePattern(base_uri=uri_of(path), pattern="*") if self._relative else f"{path}/*"

    def _register(self, name: str, patterns: list[str] | list[str | types.RelativePattern]) -> None:
        watchers = [types.FileSystemWatcher(glob_pattern=pattern) for pattern in patterns]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers)
        one = types.Registration(id=name, method=_METHOD, register_options=options)
        self.server.client_register_capability(types.RegistrationParams(registrations=[one]))
