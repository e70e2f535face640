"""The engine process's state: the open texts, what was found out about each, and whose rules hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from advisor.advise import Advice, world_for
from advisor.document.document import Document
from advisor.document.reading import decode_document
from advisor.lsp.addresses import path_of
from advisor.lsp.positions import Positions
from advisor.nel.compose import siblings_of
from advisor.nel.dialect import CORE, OTHER, dialect_of, is_nel_config
from advisor.policies import Policies, Policy
from advisor.subjects.subject import World


@dataclass(frozen=True, slots=True)
class Checks:
    """What the client's settings say: `select` in place of the settings files', `ignore` beside theirs."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    nel_version: str = ""
    environment: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do, and where its folders are. One that `shows_findings` has their messages in its hover."""

    encoding: str = "utf-16"
    versioned_edits: bool = False
    markdown: bool = False
    markdown_items: bool = False
    snippets: bool = False
    shows_findings: bool = False
    folders: tuple[str, ...] = ()
    checks: Checks = field(default_factory=Checks)


@dataclass(frozen=True, slots=True)
class Open:
    """A text as the editor has it."""

    uri: str
    version: int
    text: str


class Analysis:
    """One version of one text, and what is known about it; each thing is found out when it is first asked for."""

    def __init__(self, open_text: Open, path: str, encoding: str, session: Session, last_good: Analysis | None) -> None:
        self.uri, self.version, self.path = open_text.uri, open_text.version, path
        self.positions = Positions(open_text.text, encoding)
        self.document = document_of(path, open_text.text)
        self.siblings: list[str] = []
        self._session = session
        self._advice: Advice | None = None
        self._dialect: str | None = None
        self.broken = self.document.root is None and bool(self.document.problems)
        self.last_good = last_good if self.broken else None
        self.is_ours = is_nel_config(self.document) or self.last_good is not None

    @property
    def policy(self) -> Policy:
        return self._session.policy(self.path)

    @property
    def advice(self) -> Advice:
        if self._advice is None:
            self._advice = self.policy.advise(self.document, self.read_sibling)
        return self._advice

    @property
    def sound(self) -> Analysis:
        """This one, or of a text that does not parse the last one before it that did."""
        return self.last_good or self

    @property
    def client(self) -> Client:
        return self._session.client

    @property
    def dialect(self) -> str:
        if self._dialect is None:
            self._dialect = dialect_of(self.document)
        return self._dialect

    @property
    def world(self) -> World | None:
        """The subjects of a config that parses; None for anything else."""
        return None if self.broken or not self.is_ours else self.advice.world

    def world_of(self, text: str) -> World | None:
        """The subjects that another text in this one's place would have; None where that one does not parse either."""
        document = document_of(self.path, text)
        kind = dialect_of(document)
        if document.root is None or kind in (CORE, OTHER):
            return None
        return world_for(kind, document, self.policy.context, self.read_sibling)

    def dissolve(self) -> None:
        """Take the subjects apart, which know each other: else only the garbage collector could, and takes its time."""
        world = self._advice.world if self._advice is not None else None
        self._advice = None
        if world is not None:
            world.release()

    def read_sibling(self, name: str) -> Document | None:
        """A file beside this one, as the editor has it where it is open; a text that is no file yet has none."""
        if not os.path.isabs(self.path):
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(self.path), f"{name}.yaml"))
        self.siblings.append(path)
        return self._session.open_document(path) or siblings_of(self.path)(name)


class Session:
    """All open texts. An analysis is kept until its text, or a file that it may depend on, changes."""

    def __init__(self, make_policies: Callable[[Checks], Policies]) -> None:
        self.client = Client()
        self._make_policies = make_policies
        self._policies: Policies | None = None
        self._open: dict[str, Open] = {}
        self._analyses: dict[str, Analysis] = {}
        self._good: dict[str, Analysis] = {}

    def start(self, client: Client) -> None:
        self.client = client
        self.forget_files()

    def put(self, open_text: Open) -> None:
        self._open[open_text.uri] = open_text
        path = path_of(open_text.uri)
        for uri in [uri for uri, one in self._analyses.items() if uri == open_text.uri or path in one.siblings]:
            self._forget(uri)

    def close(self, uri: str) -> None:
        self._open.pop(uri, None)
        self._forget(uri)
        good = self._good.pop(uri, None)
        if good is not None:
            good.dissolve()

    def forget_files(self) -> None:
        """Read every file anew that an advice depends on."""
        self._policies = None
        for uri in list(self._analyses):
            self._forget(uri)

    def _forget(self, uri: str) -> None:
        old = self._analyses.pop(uri, None)
        if old is not None and old is not self._good.get(uri):
            old.dissolve()

    def policy(self, path: str) -> Policy:
        if self._policies is None:
            self._policies = self._make_policies(self.client.checks)
        return self._policies.of(path)

    def compile_rules(self) -> None:
        """Advise on a config of nothing, so that what later advice needs is there."""
        path = os.path.join(os.getcwd(), "x.yaml")
        try:
            self.policy(path).advise(decode_document(path, b"deployment: {type: none}\n"))
        except (ValueError, OSError):
            return  # it will be said of the text that it concerns

    def analysis(self, uri: str) -> Analysis | None:
        """None for a text that is not open."""
        open_text = self._open.get(uri)
        if open_text is None:
            return None
        known = self._analyses.get(uri)
        if known is None:
            known = Analysis(open_text, path_of(uri), self.client.encoding, self, self._good.get(uri))
            self._analyses[uri] = known
            if not known.broken:
                before = self._good.pop(uri, None)
                if before is not None:
                    before.dissolve()
                if known.is_ours:
                    self._good[uri] = known
        return known

    def open_document(self, path: str) -> Document | None:
        """The document of an open text at a path."""
        found = next((one for one in self._open.values() if path_of(one.uri) == path), None)
        return document_of(path, found.text) if found is not None else None


def document_of(path: str, text: str) -> Document:
    """An editor's text, held to the same bounds as a file's bytes."""
    return decode_document(path, text.encode("utf-8", "surrogatepass"))
