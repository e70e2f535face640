"""The tasks that NEL knows, and how it resolves the name of one.

Source: nemo-evaluator-launcher 0.2.6 common/mapping.py (get_task_definition_for_job) over its packaged task file.
"""

from __future__ import annotations

from enum import Enum
from functools import cache, lru_cache

from advisor.knowledge import table
from advisor.nel.context import NEWEST_NEL
from advisor.nel.names import nearest
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

Settings: TypeAlias = "dict[str, Any]"

REPEAT_FIELDS = ("num_repeats", "n_samples")
_KEY_FIELDS = ("api_key", "api_key_name")


class Service(NamedTuple):
    """Another model that a task calls: judge, user simulator, ranker. `key_env` is the NAME of the variable that holds
    its key. `certain` is False where the harness reads the variable but this task may not need it."""

    name: str
    url: str | None
    model: str | None
    key_env: str | None
    certain: bool = True


class Task(NamedTuple):
    """One packaged task. `params` and `extra` are the keys of `config.params` and `config.params.extra` that its
    command reads; `defaults` and `extra_defaults` what they are when a config does not set them; `calls` are the other
    models that it calls then."""

    harness: str
    name: str
    endpoints: tuple[str, ...]
    container: str
    arch: str
    params: frozenset[str]
    extra: frozenset[str]
    defaults: Settings
    extra_defaults: Settings
    capabilities: tuple[str, ...] = ()
    api_key_name: str | None = None
    tokenizer: str | None = None
    calls: tuple[Service, ...] = ()

    @property
    def query(self) -> str:
        """The name that always works."""
        return f"{self.harness}.{self.name}"

    @property
    def endpoint_type(self) -> str:
        """What the launcher takes when a config names no `endpoint_type`."""
        return self.endpoints[0] if self.endpoints else "chat"

    @property
    def repeats_field(self) -> str | None:
        """The key of `extra` that repeats every sample, or None where the harness has none."""
        return next((field for field in REPEAT_FIELDS if field in self.extra), None)

    @property
    def repeats(self) -> int:
        """How often every sample is run by default."""
        value = self.extra_defaults.get(self.repeats_field or "")
        return value if isinstance(value, int) else 1

    @property
    def needs_tokenizer(self) -> bool:
        """Whether the run fails without `extra.tokenizer`."""
        if self.extra_defaults.get("tokenizer") is not None:
            return False
        return self.tokenizer == "always" or (self.tokenizer == "logprobs" and "logprobs" in self.capabilities)

    @property
    def judge_capable(self) -> bool:
        """Whether the task can use a judge at all."""
        return "judge" in self.extra and self.extra_defaults.get("judge_support") is not False

    def effective_extra(self, extra: Mapping[str, Any] | None = None) -> Settings:
        """The defaults of `extra` with a config's own values over them; null never replaces a default."""
        return _over(self.extra_defaults, extra or {})

    def services(self, extra: Mapping[str, Any] | None = None) -> tuple[Service, ...]:
        """The other models that a run calls, given the config's own `config.params.extra`."""
        if extra is None or not any(names_model(name, value, self.extra_defaults) for name, value in extra.items()):
            return self.calls
        return self._services(self.effective_extra(extra))

    def _services(self, effective: Settings) -> tuple[Service, ...]:
        found = [_service(name, value) for name, value in effective.items() if isinstance(value, dict)]
        if not self.judge_capable or (self.harness == "nemo_skills" and not _at(effective, "judge", "url")):
            found = [service for service in found if service is None or service.name != "judge"]
        keys = [
            Service(name.removesuffix("_api_key"), None, None, value, certain=False)
            for name, value in effective.items()
            if name.endswith("_api_key") and isinstance(value, str)
        ]
        return (*(service for service in found if service is not None), *keys)


def names_model(name: str, value: Any, defaults: Settings) -> bool:
    """Whether a value of `extra` can say anything of another model, or replace a default that does."""
    return isinstance(value, dict) or name.endswith("_api_key") or isinstance(defaults.get(name), dict)


class Status(Enum):
    """What the launcher makes of a task's name."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    UNLISTED = "unlisted"
    UNKNOWN = "unknown"
    UNCHECKED = "unchecked"


class Lookup(NamedTuple):
    """`candidates` are the tasks of an AMBIGUOUS name; `nearest` the legal names that an UNKNOWN or UNLISTED one may
    mean. UNLISTED: the harness is packaged, the task is not; NEL then asks the image, needs
    NEMO_EVALUATOR_TRUST_UNLISTED_TASKS=1, and takes the endpoint type chat. UNCHECKED: only the image knows."""

    query: str
    status: Status
    task: Task | None = None
    candidates: tuple[Task, ...] = ()
    nearest: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def lookup(query: str, container: str | None = None, nel: str = NEWEST_NEL) -> Lookup:
    """Resolve `task` or `harness.task` as the launcher does: case matters, at most one dot."""
    catalogue = _catalogue(nel)
    if catalogue is None:
        return Lookup(query, Status.UNCHECKED)
    if query.count(".") > 1:
        return Lookup(query, Status.UNKNOWN, nearest=catalogue.nearest(query))
    harness, _, name = query.rpartition(".")
    if container:
        return _in_container(catalogue, query, harness, name, container)
    if harness:
        return _qualified(catalogue, query, harness, name)
    found = () if "." in query else catalogue.named(name)
    if len(found) > 1:
        return Lookup(query, Status.AMBIGUOUS, candidates=found)
    if found:
        return Lookup(query, Status.FOUND, found[0])
    return Lookup(query, Status.UNKNOWN, nearest=catalogue.nearest(query))


def tasks(nel: str = NEWEST_NEL) -> tuple[Task, ...]:
    """Every packaged task of a NEL version, () where the version is not known here."""
    catalogue = _catalogue(nel)
    return catalogue.all() if catalogue else ()


def container_of(harness: str, nel: str = NEWEST_NEL) -> str | None:
    """The packaged image of a harness."""
    catalogue = _catalogue(nel)
    return catalogue.containers.get(harness) if catalogue else None


def _qualified(catalogue: _Catalogue, query: str, harness: str, name: str) -> Lookup:
    task = catalogue.get(harness, name)
    if task is not None:
        return Lookup(query, Status.FOUND, task)
    status = Status.UNLISTED if harness in catalogue.containers else Status.UNKNOWN
    return Lookup(query, status, nearest=catalogue.nearest(query))


def _in_container(catalogue: _Catalogue, query: str, harness: str, name: str, container: str) -> Lookup:
    """With an image of its own the launcher reads the tasks from there; a packaged image holds the packaged tasks."""
    owners = [owner for owner, image in catalogue.containers.items() if image == container]
    if not owners:
        return Lookup(query, Status.UNCHECKED)
    if harness and harness not in owners:
        return Lookup(query, Status.UNKNOWN, nearest=tuple(f"{o}.{name}" for o in owners if catalogue.get(o, name)))
    task = next((task for owner in owners if (task := catalogue.get(owner, name))), None)
    if task is not None:
        return Lookup(query, Status.FOUND, task)
    return Lookup(query, Status.UNLISTED, nearest=catalogue.nearest(query))


class _Catalogue:
    """The tasks of one NEL version; a Task is built when it is asked for."""

    def __init__(self, data: Any) -> None:
        self._harnesses: dict[str, Any] = data["harnesses"]
        self._tasks: dict[str, dict[str, Any]] = data["tasks"]
        self._built: dict[tuple[str, str], Task] = {}
        self.containers: dict[str, str] = {name: record["container"] for name, record in self._harnesses.items()}

    def named(self, name: str) -> tuple[Task, ...]:
        found = (self.get(harness, name) for harness in self._tasks)
        return tuple(task for task in found if task is not None)

    def all(self) -> tuple[Task, ...]:
        found = (self.get(harness, name) for harness, names in self._tasks.items() for name in names)
        return tuple(task for task in found if task is not None)

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for names in self._tasks.values() for name in names))

    def get(self, harness: str, name: str) -> Task | None:
        record = self._tasks.get(harness, {}).get(name)
        if record is None:
            return None
        key = (harness, name)
        if key not in self._built:
            self._built[key] = _build(harness, name, self._harnesses[harness], record)
        return self._built[key]

    def nearest(self, query: str) -> tuple[str, ...]:
        """Legal names close to one that is not: of the same harness first, then of any."""
        harness, _, name = query.rpartition(".")
        meant = nearest(harness, self._harnesses) if harness else None
        if meant is not None:
            names = self._tasks[meant]
            close = nearest(name, names) or (f"ns_{name}" if f"ns_{name}" in names else None)
            if close is not None:
                return (f"{meant}.{close}",)
        close = nearest(name, self.names()) or nearest(query, self.names())
        if close is None:
            return ()
        owners = self.named(close)
        return (close,) if len(owners) == 1 else tuple(task.query for task in owners)


@cache
def _catalogue(nel: str) -> _Catalogue | None:
    data = table("tasks")["versions"].get(nel)
    return _Catalogue(data) if data is not None else None


def _build(harness: str, name: str, common: Any, own: Any) -> Task:
    task = Task(
        harness,
        name,
        tuple(own.get("endpoints", common["endpoints"])),
        common["container"],
        common["arch"],
        frozenset(common["params"]),
        frozenset(common["extra"]),
        {k: v for k, v in (common["defaults"] | own.get("defaults", {})).items() if v is not None},
        common["extra_defaults"] | own.get("extra_defaults", {}),
        tuple(own.get("capabilities", ())),
        common.get("api_key_name"),
        common.get("tokenizer"),
    )
    return task._replace(calls=task._services(task.extra_defaults))


def _over(base: Settings, own: Mapping[str, Any]) -> Settings:
    out = dict(base)
    for key, value in own.items():
        below = out.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            out[key] = _over(below, value)
        elif value is not None:
            out[key] = value
    return out


def _service(name: str, value: Settings) -> Service | None:
    if value.get("enabled") is False or not ({"url", "model_id", *_KEY_FIELDS} & value.keys()):
        return None
    url, model = value.get("url"), value.get("model_id")
    key = next((value[field] for field in _KEY_FIELDS if value.get(field) is not None), None)
    if url is None and model is None and key is None:
        return None
    return Service(name, _text(url), _text(model), _text(key))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _at(settings: Settings, name: str, key: str) -> Any:
    value = settings.get(name)
    return value.get(key) if isinstance(value, dict) else None
