"""What became of task names of earlier NEL versions: moved to another harness, split by endpoint type, renamed, gone.

Source: the packaged task tables of the launcher's releases, 0.1.0 to 0.2.6.
"""

from __future__ import annotations

from advisor.knowledge import table
from advisor.nel.tasks import Lookup, Status, lookup
from advisor.records import NamedTuple


class Past(NamedTuple):
    """What a name stood for before the version `since`. `now` is the name of the same task today, None where there is
    none or the endpoint type decides; `others` are then today's names, by endpoint type. `sure` is False where today's
    task may differ in more than its name."""

    since: str
    now: str | None = None
    others: tuple[str, ...] = ()
    sure: bool = True


def has_past(query: str) -> bool:
    """Whether a name may have stood for something else; most never did."""
    harness, _, name = query.rpartition(".")
    past = table("task_history")
    return harness in past["harnesses"] or name in past["meant"] or name in past["gone"]


def former(found: Lookup, endpoint: str | None) -> Past | None:
    """What the name of a lookup stood for, where it stands for something else or nothing now. `endpoint` is the type
    that the config asks for, None where it does not say."""
    harness, _, name = found.query.rpartition(".")
    past = table("task_history")
    if harness in past["harnesses"]:
        owner, since = past["harnesses"][harness]
        now = f"{owner}.{name}"
        return Past(since, now) if lookup(now).status is Status.FOUND else None
    if name in past["meant"] and not harness:
        owner, since = past["meant"][name]
        return _meant(found, owner, since, endpoint)
    gone = past["gone"].get(name)
    if gone is None or found.task is not None or harness not in ("", gone["harness"]):
        return None
    prefix = f"{harness}." if harness else ""
    if "now" in gone:
        return Past(gone["since"], prefix + gone["now"], sure="same" in gone)
    others = tuple(prefix + gone[kind] for kind in ("chat", "completions") if kind in gone)
    own = gone.get(endpoint or "")
    return Past(gone["since"], prefix + own if own else None, others)


def _meant(found: Lookup, harness: str, since: str, endpoint: str | None) -> Past | None:
    """A name that several tasks have now, or another one."""
    task = next((one for one in found.candidates if one.harness == harness), None)
    if task is not None:
        return Past(since, task.query) if endpoint is None or endpoint in task.endpoints else None
    if found.task is None or found.task.harness == harness:
        return None
    gone = table("task_history")["gone"].get(found.query)
    return Past(since, others=tuple(gone[kind] for kind in ("chat", "completions"))) if gone else None
