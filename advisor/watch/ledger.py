"""What the daemon has seen, said and written below one root, in SQLite. Each call is one transaction, so that a kill
at any point leaves a state that a reconcile understands: an output is noted before it is written."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from advisor.watch.filesystems import mount_of, read_mounts

SCHEMA = 1
ADVISED, OTHER, WAITING, QUARANTINED, UNWRITTEN = "advised", "other", "waiting", "quarantined", "unwritten"

_TABLES = """
create table targets (
  path text primary key, kind text not null, signature text not null, hash text not null, base text not null,
  state text not null, errors int not null, warnings int not null, infos int not null, note text not null
) without rowid;
create table outputs (
  path text primary key, target text not null, signature text not null, hash text not null
) without rowid;
create index outputs_by_target on outputs (target);
create table links (
  target text not null, needs text not null, signature text not null, primary key (target, needs)
) without rowid;
create index links_by_need on links (needs);
create table facts (name text primary key, value text not null) without rowid;
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A file or directory as it was when last advised on. `hash` is of its content, `base` of the rules and settings. A
    target in state OTHER is no NEL config; WAITING is a checkpoint that is still being written."""

    path: str
    kind: str
    signature: str
    hash: str
    base: str
    state: str
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A file beside a target. `signature` and `hash` are '' while it may not be as we wrote it."""

    path: str
    target: str
    signature: str
    hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """Something that a target's advice depends on, as it was then."""

    target: str
    needs: str
    signature: str


class Ledger:
    """Opened by one daemon at a time. A file that is damaged is set aside, and `rebuilt` says so."""

    def __init__(self, file: str, *, damaged: bool = False) -> None:
        self.rebuilt = False
        try:
            if damaged:
                raise sqlite3.DatabaseError("found damaged in use")
            self._db = _open(file)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            _set_aside(file)
            self.rebuilt = True
            self._db = _open(file)

    def close(self) -> None:
        self._db.close()

    def target(self, path: str) -> Target | None:
        row = self._db.execute("select * from targets where path = ?", (path,)).fetchone()
        return Target(*row) if row else None

    def targets_in(self, folder: str) -> dict[str, Target]:
        """By path: the folder itself, if it is one, and all below it."""
        low, high = folder.rstrip("/") + "/", folder.rstrip("/") + "0"
        rows = self._db.execute("select * from targets where path = ? or (path >= ? and path < ?)", (folder, low, high))
        return {row[0]: Target(*row) for row in rows}

    def outputs(self, target: str | None = None) -> list[Output]:
        if target is None:
            return [Output(*row) for row in self._db.execute("select * from outputs")]
        return [Output(*row) for row in self._db.execute("select * from outputs where target = ?", (target,))]

    def output(self, path: str) -> Output | None:
        row = self._db.execute("select * from outputs where path = ?", (path,)).fetchone()
        return Output(*row) if row else None

    def links(self) -> list[Link]:
        return [Link(*row) for row in self._db.execute("select * from links")]

    def needing(self, path: str) -> list[str]:
        """The targets whose advice depends on a path."""
        return [row[0] for row in self._db.execute("select target from links where needs = ?", (path,))]

    def intend(self, path: str, target: str) -> None:
        """Notes an output that is about to be written or removed."""
        with self._db:
            self._db.execute("insert or replace into outputs values (?, ?, '', '')", (path, target))

    def record(self, target: Target, outputs: Iterable[Output], links: Iterable[Link]) -> None:
        """All that a target has come to, in place of what was known of it."""
        row = astuple(target)
        with self._db:
            self._db.execute("delete from outputs where target = ?", row[:1])
            self._db.execute("delete from links where target = ?", row[:1])
            self._db.execute("insert or replace into targets values (?,?,?,?,?,?,?,?,?,?)", row)
            self._db.executemany("insert or replace into outputs values (?,?,?,?)", [astuple(one) for one in outputs])
            self._db.executemany("insert or replace into links values (?,?,?)", [astuple(one) for one in links])

    def drop_output(self, path: str) -> None:
        with self._db:
            self._db.execute("delete from outputs where path = ?", (path,))

    def outdated(self, base: str) -> list[str]:
        """The targets that were advised on with other rules or settings."""
        return [row[0] for row in self._db.execute("select path from targets where base <> ?", (base,))]

    def fact(self, name: str) -> str:
        """Something known of the whole root; '' where it is not."""
        row = self._db.execute("select value from facts where name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_fact(self, name: str, value: str) -> None:
        with self._db:
            self._db.execute("insert or replace into facts values (?, ?)", (name, value))

    def count(self) -> dict[str, int]:
        """How many targets there are in each state."""
        return dict(self._db.execute("select state, count(*) from targets group by state").fetchall())

    def in_state(self, state: str) -> list[Target]:
        return [
            Target(*row) for row in self._db.execute("select * from targets where state = ? order by path", (state,))
        ]

    def forget(self, path: str, keep: Iterable[Output] = ()) -> None:
        """Drops a target that is gone; `keep` are outputs that could not be removed yet."""
        key = (path,)
        with self._db:
            self._db.execute("delete from targets where path = ?", key)
            self._db.execute("delete from outputs where target = ?", key)
            self._db.execute("delete from links where target = ?", key)
            self._db.executemany("insert or replace into outputs values (?,?,?,?)", [astuple(one) for one in keep])


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault, and not the disk, a lock or the right to write."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def read_targets(file: str) -> list[Target]:
    """The targets of a ledger that a daemon may be using. Raises sqlite3.Error where it cannot be read."""
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=2)
    try:
        return [Target(*row) for row in db.execute("select * from targets where state <> ? order by path", (OTHER,))]
    finally:
        db.close()


def _open(file: str) -> sqlite3.Connection:
    """A ledger of this schema. Another schema is emptied: a reconcile fills it again."""
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    db = sqlite3.connect(file, timeout=10)
    try:
        # A write-ahead log needs memory that is shared between processes, which network file systems do not give.
        local = mount_of(os.path.realpath(os.path.dirname(file)), read_mounts()).has_events
        db.execute(f"pragma journal_mode = {'wal' if local else 'truncate'}")
        db.execute("pragma synchronous = normal")
        db.execute("pragma cache_size = -2048")
        if db.execute("pragma quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("quick_check failed")
        version = db.execute("pragma user_version").fetchone()[0]
        if version != SCHEMA:
            with db:
                for name in ("targets", "outputs", "links", "facts"):
                    db.execute(f"drop table if exists {name}")
            db.executescript(f"begin; {_TABLES} pragma user_version = {SCHEMA}; commit;")
        _check_columns(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _check_columns(db: sqlite3.Connection) -> None:
    for table, row in (("targets", Target), ("outputs", Output), ("links", Link)):
        found = [column[1] for column in db.execute(f"pragma table_info({table})")]
        if found != [field.name for field in fields(row)]:
            raise sqlite3.DatabaseError(f"the table {table} is not as it was made")


def _set_aside(file: str) -> None:
    aside = f"{file}.damaged-{time.strftime('%Y%m%dT%H%M%S')}"
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(file + suffix):
            os.replace(file + suffix, aside + suffix)
