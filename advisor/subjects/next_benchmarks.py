"""The benchmarks of a nel-next config: what each asks of its service, its sandbox and the cluster.

Sources: nemo-evaluator 0.5 config/benchmarks.py, environments/registry.py, playbooks; Model-Optimizer's recipes for
agentic benchmarks.
"""

from __future__ import annotations

from advisor.knowledge import table
from advisor.nel.names import nearest
from advisor.nel.next_compose import playbook
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.load import describe_context
from advisor.subjects.next_services import find_service
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective

# Solvers in which the model calls tools, and the repeats of the public recipes.
_AGENTS = ("harbor", "agent", "openclaw", "tool_calling")
_REPEATS = {"terminal_bench_2_1": 8, "swebench_verified": 5}
# What agents send and vLLM refuses.
_REFUSED = ("max_tokens", "max_completion_tokens")
# Agents that read commands out of the answer's text, or ask no model.
_TEXT_AGENTS = ("terminus", "mini-swe", "oracle", "nop")
# NeMo Skills' names of benchmarks whose prompts are long, and the launcher's of the same.
_SKILLS = {"aalcr": "ns_aa_lcr", "scicode": "ns_scicode"}
_ECR_REGION = pattern(r"\.ecr\.([a-z0-9-]+)\.amazonaws\.com")
_DEFAULTS = {"repeats": 1, "max_concurrent": 32, "timeout": 1800}


def add_benchmarks(world: World, document: Document, context: Context) -> None:
    """One `benchmark` for each item that is a mapping; it belongs to the service that its solver asks."""
    benchmarks = world.values.tree.child("benchmarks")
    items = benchmarks.data if benchmarks is not None and isinstance(benchmarks.data, list) else []
    for index, item in enumerate(items):
        if isinstance(item.data, dict):
            _add(world, document, index, item, len(items))


def packaged_task(name: Value) -> str:
    """The launcher's name of the task that a benchmark runs, in an image of it or by NeMo Skills; '' for none."""
    scheme, there, rest = name.partition("://") if isinstance(name, str) else ("", "", "")
    if scheme == "container" and there:
        return rest.partition("#")[2].rpartition(".")[2]
    return _SKILLS.get(rest, "") if scheme == "skills" else ""


def _add(world: World, document: Document, index: int, node: Effective, count: int) -> None:
    base: Path = ("benchmarks", index)
    config = world.singles["config"]
    subject = Subject("benchmark", _place(world, document, base), world, {}, node, base, config)
    service = find_service(world, subject.get("solver.service"))
    subject.parent = service or config
    solver = subject.get("solver.type")
    subject.attributes.update(
        {
            "label": _label(node),
            "count": count,
            "is_agentic": solver in _AGENTS,
            "name_is_known": lambda: name_is_known(subject),
            "nearest_name": lambda: nearest(str(subject.get("name")), table("next")["benchmarks"]) or ABSENT,
            "nearest_text": lambda: _did_you_mean(subject),
            "playbook_is_here": lambda: playbook(subject.get("playbook")) is not None,
            "nearest_playbook": lambda: nearest(str(subject.get("playbook")), table("next")["playbooks"]) or ABSENT,
            "advised_repeats": _REPEATS.get(str(subject.get("playbook")), ABSENT),
            "repeats_now": lambda: _or_default(subject, "repeats"),
            "repeats_are_few": lambda: repeats_are_few(subject),
            "at_once": lambda: _or_default(subject, "max_concurrent"),
            "agent_timeout": lambda: subject.get("solver.agent_kwargs.llm_kwargs.timeout"),
            "agent_waits_longer": lambda: agent_waits_longer(subject, service),
            "not_dropped": lambda: not_dropped(service),
            "drops_some": lambda: drops_some(service),
            "needs_tools": lambda: needs_tools(subject),
            "is_first_agentic": solver == "harbor" and not _agentic_before(world, index),
            "sandboxes": lambda: sandboxes(subject),
            "asks_too_many": lambda: asks_too_many(subject),
            "other_region": lambda: other_region(subject),
            "is_container": lambda: str(subject.get("name")).startswith("container://"),
        }
    )
    for attribute, key in (
        ("at_once", "max_concurrent"),
        ("repeats_now", "repeats"),
        ("other_region", "sandbox.region"),
    ):
        place = subject.place_of(key)
        if place is not None:
            subject.places[attribute] = place
    command = (service.own or {}).get("command") if service is not None else None
    describe_context(subject, command, lambda: packaged_task(subject.get("name")))
    agent = subject.place_of("solver.agent_kwargs.llm_kwargs.timeout")
    if agent is not None:
        subject.places["agent_timeout"] = agent
    world.add(subject)


def _place(world: World, document: Document, base: Path) -> Place:
    for key in ("name", "playbook"):
        node = world.values.tree.at((*base, key))
        if node is not None and node.origin.value is not None:
            return Place(base, node.origin.value)
    item = world.values.tree.at(base)
    if item is not None and item.origin.value is not None:
        return Place(base, item.origin.value)
    return place_in(document, world.values, base)


def _label(node: Effective) -> str:
    one = node.child("playbook") or node.child("name")
    return str(one.plain()) if one is not None else "a benchmark without a name"


def _or_default(subject: Subject, name: str) -> Value:
    value = subject.get(name)
    return _DEFAULTS[name] if value is ABSENT else value


def name_is_known(subject: Subject) -> Value:
    """Whether nel-next has the benchmark: one of its own, a scheme of its, or a file."""
    name = subject.get("name")
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else ABSENT
    scheme, separator, _ = name.partition("://")
    if separator:
        return scheme in table("next")["schemes"]
    return name.endswith(".py") or ".py:" in name or name.lower() in table("next")["benchmarks"]


def _did_you_mean(subject: Subject) -> str:
    name = str(subject.get("name"))
    one, packaged = nearest(name, table("next")["benchmarks"]), nearest(name, table("next")["playbooks"])
    return f"; did you mean {one}" if one else f"; there is a playbook {packaged}" if packaged else ""


def repeats_are_few(subject: Subject) -> Value:
    wanted, now = subject.get("advised_repeats"), _or_default(subject, "repeats")
    return now < wanted if isinstance(wanted, int) and isinstance(now, int) else ABSENT


def agent_waits_longer(subject: Subject, service: Subject | None) -> Value:
    """Whether the agent waits longer for an answer than the proxy does."""
    agent = subject.get("agent_timeout")
    proxy = service.get("proxy_timeout") if service is not None else ABSENT
    if isinstance(agent, int | float) and isinstance(proxy, int | float):
        return proxy < agent
    return Unknown("a timeout is not known")


def not_dropped(service: Subject | None) -> Value:
    """The parameters that agents send and that the proxy does not take away."""
    if service is None or service.get("type") != "vllm":
        return ABSENT
    items = service.find("proxy.interceptors")
    found: list[object] = []
    for item in items.data if items is not None and isinstance(items.data, list) else []:
        name, params = item.child("name"), item.at(("config", "params"))
        if name is not None and name.data == "drop_params" and params is not None and isinstance(params.data, list):
            found += [one.data for one in params.data]
        elif name is not None and name.data == "payload_modifier":
            return Unknown("another interceptor may take them away")
    left = [name for name in _REFUSED if name not in found]
    return [*left] if left else ABSENT


def drops_some(service: Subject | None) -> bool:
    items = service.find("proxy.interceptors") if service is not None else None
    names = [item.child("name") for item in (items.data if items is not None and isinstance(items.data, list) else [])]
    return any(name is not None and name.data == "drop_params" for name in names)


def needs_tools(subject: Subject) -> Value:
    """Whether the solver works only with a server that parses tool calls: "yes", "mostly" (other agents) or "no"."""
    solver, agent = subject.get("solver.type"), subject.get("solver.agent")
    if solver in ("tool_calling", "openclaw"):
        return "yes"
    if solver not in ("harbor", "agent") or not isinstance(agent, str):
        return "no"
    if agent.startswith("openhands"):
        return "yes"
    return "no" if agent.startswith(_TEXT_AGENTS) else "mostly"


def _agentic_before(world: World, index: int) -> bool:
    return any(world.values.at(("benchmarks", n, "solver", "type")) == "harbor" for n in range(index))


def sandboxes(subject: Subject) -> Value:
    """How many sandboxes run at once, where the config or its playbook says so."""
    sandbox = subject.get("sandbox")
    if isinstance(sandbox, str):
        return subject.world.values.at(("sandboxes", sandbox, "concurrency"))
    return subject.get("sandbox.concurrency")


def asks_too_many(subject: Subject) -> Value:
    """Whether the config asks for more problems at once than there are sandboxes."""
    at_once, some = subject.get("max_concurrent"), subject.get("sandboxes")
    return at_once > some if isinstance(at_once, int) and isinstance(some, int) else ABSENT


def other_region(subject: Subject) -> Value:
    """A region that is not the sandbox's: that of its registry, or the one that AWS's own variables name."""
    region = subject.get("sandbox.region")
    if not isinstance(region, str):
        return ABSENT
    registry = subject.get("sandbox.ecr_repository")
    match = _ECR_REGION.search(registry) if isinstance(registry, str) else None
    variable = subject.world.values.at(("cluster", "container_env", "AWS_DEFAULT_REGION"))
    for other in (match[1] if match else None, variable):
        if isinstance(other, str) and other != region:
            return other
    return ABSENT
