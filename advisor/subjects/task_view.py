"""What is known of one task: what the launcher makes of its name, and what its container gets."""

from __future__ import annotations

from advisor.nel.effective import children
from advisor.nel.task_history import Past, former, has_past
from advisor.nel.tasks import Lookup, Service, Status, Task, lookup, names_model
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.once import once
from advisor.subjects.scopes import ADAPTER, EXTRA, PASS_THROUGH
from advisor.subjects.subject import is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Data, Path
    from advisor.nel.benchmarks import Benchmark
    from advisor.nel.effective import Effective
    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Subject, World
    from advisor.subjects.task_group import TaskGroup

_EXTRA = (PASS_THROUGH, *EXTRA)
NESTED_KEY_NAME = (PASS_THROUGH, *ADAPTER[:-1], "api_key_name")
# What the core's own enum of endpoint types knows, and what some harnesses' tasks ask for.
_CORE_ENDPOINTS = ("undefined", "chat", "completions", "completions_logprob", "embedding", "vlm", "ranking")
# Harnesses to propose for a name that several have, the best known first; codec runs contamination studies.
_PREFERRED = ("simple_evals", "lm-evaluation-harness", "bigcode-evaluation-harness")
_LEFT_OUT = "codec"


class TaskView:
    """What is known of one task, computed when it is asked for. `tasks` are all of the config, `subject` and `scope`
    are there once the subjects are."""

    tasks: TaskGroup
    subject: Subject
    scope: Scope

    def __init__(self, tasks: TaskGroup, item: Effective, path: Path) -> None:
        self.tasks, self.world, self.context = tasks, tasks.world, tasks.context
        self.item, self.path = item, path

    def get(self, name: str) -> Value:
        node = self.item.child(name)
        return ABSENT if node is None else self.world.values.resolve(node)

    @once
    def name(self) -> Value:
        return self.get("name")

    @once
    def found(self) -> Lookup | Unknown:
        name, container = self.name, self.get("container")
        if not isinstance(name, str) or not name:
            return Unknown("the task has no name")
        if isinstance(container, Unknown):
            return Unknown("its container is not known")
        return lookup(name, str(container) if container else None, self.context.nel_version)

    @once
    def task(self) -> Task | None:
        found = self.found
        return found.task if isinstance(found, Lookup) else None

    @once
    def packaged(self) -> Task | None:
        """The packaged task; None also where a config that is not here may set another container."""
        return None if isinstance(self.subject.get("container"), Unknown) else self.task

    @once
    def newest(self) -> Task | None:
        """The packaged task of the newest NEL; None where it is not known, or its container is another."""
        name, container = self.subject.get("name"), self.subject.get("container")
        return lookup(name).task if isinstance(name, str) and is_nothing(container) else None

    @once
    def bare_name(self) -> str:
        """The name without its harness; '' where that is not known."""
        name = self.subject.get("name")
        return name.rpartition(".")[2] if isinstance(name, str) else ""

    def status(self) -> Value:
        found = self.found
        return found if isinstance(found, Unknown) else found.status.value

    @once
    def endpoint(self) -> Value:
        """The endpoint type that the launcher takes."""
        own = self.get("endpoint_type")
        if own and not isinstance(own, Unknown):
            return own
        task = self.task
        if task is not None:
            return task.endpoint_type
        known = isinstance(own, Unknown) or self.status() != Status.UNLISTED.value
        return Unknown("the task's endpoint types are not known") if known else "chat"

    def served(self) -> Value:
        """Whether the deployment has an endpoint of that type; True where nobody asks."""
        endpoint = self.endpoint
        if not isinstance(endpoint, str):
            return Unknown("the endpoint type is not known")
        deployment, executor = self.world.singles["deployment"], self.world.singles["execution"].get("type")
        kind = deployment.get("type")
        if not isinstance(kind, str) or not isinstance(executor, str):
            return Unknown("the deployment is not known")
        if kind == "none":
            return endpoint in _CORE_ENDPOINTS
        endpoints = deployment.get("endpoints")
        if not isinstance(endpoints, dict):
            return Unknown("the deployment's endpoints are not known")
        return executor == "lepton" or endpoint in endpoints

    def candidates(self) -> Value:
        found = self.found
        return [task.query for task in found.candidates] if isinstance(found, Lookup) else found

    def proposal(self) -> Value:
        """The candidate that fits the endpoint type or the hosted url, else the one for chat models."""
        found = self.found
        if isinstance(found, Unknown) or not found.candidates:
            return ABSENT
        own = self.get("endpoint_type")
        fitting = (
            [t for t in found.candidates if own in t.endpoints] or self._fitting_url(found) or list(found.candidates)
        )
        usual = [t for t in fitting if t.harness != _LEFT_OUT] or fitting
        order = {harness: rank for rank, harness in enumerate(_PREFERRED)}
        return min(usual, key=lambda task: order.get(task.harness, -1)).query

    def _fitting_url(self, found: Lookup) -> list[Task]:
        """The candidates that send what the url of a hosted model takes."""
        kind = self._hosted_kind()
        return [task for task in found.candidates if task.endpoint_type == kind]

    def _hosted_kind(self) -> str | None:
        """The endpoint type that the url of a hosted model is for."""
        url = self.world.values.at(("target", "api_endpoint", "url"))
        if not isinstance(url, str) or self.world.values.at(("deployment", "type")) != "none":
            return None
        end = url.partition("?")[0].rstrip("/").rpartition("/v1/")[2]
        return {"chat/completions": "chat", "completions": "completions"}.get(end)

    @once
    def past(self) -> Past | None:
        """What the name stood for in earlier versions, where that is something else now."""
        found = self.found
        if isinstance(found, Unknown) or found.status is Status.UNCHECKED or not has_past(found.query):
            return None
        own = self.get("endpoint_type")
        if isinstance(own, Unknown):
            return None
        return former(found, own if isinstance(own, str) and own else self._hosted_kind())

    def nearest(self) -> Value:
        found = self.found
        if isinstance(found, Unknown):
            return found
        return found.nearest[0] if len(found.nearest) == 1 else ABSENT

    def nearest_text(self) -> Value:
        found = self.found
        names = found.nearest if isinstance(found, Lookup) else ()
        return f"; did you mean {' or '.join(names)}" if names else ""

    @once
    def nested_key(self) -> Value:
        """The api_key_name below nemo_evaluator_config, the task's before that for all tasks, which nobody passes to
        the container by itself."""
        node = self.item.at(NESTED_KEY_NAME) or self.tasks.general_at(NESTED_KEY_NAME)
        value = ABSENT if node is None else self.world.values.resolve(node)
        return value if value else ABSENT

    @once
    def benchmark(self) -> Benchmark | None:
        """What is known of the benchmark that it runs. Most configs never ask."""
        from advisor.subjects.evaluated import benchmark_in

        return benchmark_in(self.scope)

    def supplied(self, name: str) -> Value:
        """Whether the evaluation container gets a variable."""
        return supplied(self.world, self.item, name)

    @once
    def names_models(self) -> bool:
        """Whether `config.params.extra`, of all tasks or the task's own, says anything of the models that it calls."""
        defaults = self.task.extra_defaults if self.task is not None else {}
        for node in (self.tasks.general_at(_EXTRA), self.item.at(_EXTRA)):
            for name, child in children(node).items():
                if names_model(name, child.data, defaults):
                    return True
        return False

    def extra(self) -> dict[str, Data]:
        """`config.params.extra` of all tasks with the task's own over it."""
        general, own = self.tasks.general_at(_EXTRA), self.item.at(_EXTRA)
        both = [node.plain() for node in (general, own) if node is not None]
        merged: dict[str, Data] = {}
        for one in both:
            merged = _over(merged, one) if isinstance(one, dict) else merged
        return merged

    def services(self) -> tuple[Service, ...]:
        """The other models that the task calls."""
        if self.task is None:
            return ()
        return self.task.services(self.extra()) if self.names_models else self.task.calls


def supplied(world: World, item: Effective | None, name: str) -> Value:
    """Whether the evaluation container of a task gets a variable: from an env_vars block, or as the endpoint's key."""
    values = world.values
    blocks = [
        values.tree.at(("env_vars",)),
        values.tree.at(("evaluation", "env_vars")),
        item and item.child("env_vars"),
    ]
    if any(block is not None and isinstance(block.data, dict) and name in block.data for block in blocks):
        return True
    key = values.at(("target", "api_endpoint", "api_key_name"))
    if key == name:
        return True
    # Of a block that stands one level too deep container-key-ignored speaks.
    deep = [values.tree.at(("evaluation", "nemo_evaluator_config")), item and item.child("nemo_evaluator_config")]
    if any(one is not None and one.at(("env_vars", name)) is not None for one in deep):
        return Unknown("it stands in a block that is not read")
    unknown = isinstance(key, Unknown) or any(
        values.composition.is_open((part,)) for part in ("env_vars", "evaluation")
    )
    return Unknown("a config that is not here may set it") if unknown else False


def _over(base: dict[str, Data], own: dict[str, Data]) -> dict[str, Data]:
    out = dict(base)
    for name, value in own.items():
        below = out.get(name)
        out[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return out
