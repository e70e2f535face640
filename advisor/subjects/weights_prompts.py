"""What the tasks ask of the checkpoint: a chat template, eyes, and the switches that requests set in the template."""

from __future__ import annotations

from advisor.nel.effective import children
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.adapter_view import view_of
from advisor.subjects.reasoning import TEMPLATE_KWARGS
from advisor.subjects.scopes import scopes
from advisor.subjects.subject import Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.checkpoint.template import TemplateFacts
    from advisor.subjects.subject import Attribute, World

_OWN_TEMPLATE = "--chat-template"


def describe_prompts(world: World, subject: Subject, checkpoint: Checkpoint) -> None:
    """`template_kwarg` for each switch that a config sets; which tasks need what the checkpoint has not."""
    if not checkpoint.completeness.complete:
        return
    subject.attributes |= {
        "chat_tasks": lambda: [name for task in world.of("task") if (name := _chat_name(task))],
        "has_chat_tasks": lambda: subject.get("chat_tasks") != [],
        "template_is_given": lambda: _is_given(world),
    }
    template = _read_template(checkpoint)
    if template is None:
        return
    for scope in scopes(world):
        base = view_of(scope).added_params
        for path in ((*base, TEMPLATE_KWARGS), (*base, "extra_body", TEMPLATE_KWARGS)):
            for name in children(scope.own.at(path)):
                _add_kwarg(subject, scope.key_place((*path, name)), name, template)


def describe_service_prompts(service: Subject, subject: Subject, checkpoint: Checkpoint) -> None:
    """`template_kwarg` for each switch that the proxy of a nel-next service adds to requests."""
    template = _read_template(checkpoint)
    path = ("proxy", "extra_body", TEMPLATE_KWARGS)
    for name, node in children(service.find(".".join(path))).items() if template is not None else ():
        span = node.origin.key or node.origin.value
        place = Place((*service.base, *path, name), span) if span is not None else None
        _add_kwarg(subject, place, name, template)


def _read_template(checkpoint: Checkpoint) -> TemplateFacts | None:
    """The chat template; None where there is none that can be read, or several: another may read what one does not."""
    template = checkpoint.template
    if template is None or template.error or len(checkpoint.tokenizer.templates) > 1:
        return None
    return template


def _chat_name(task: Subject) -> str:
    name = task.get("name")
    return name if task.get("endpoint") == "chat" and isinstance(name, str) else ""


def _is_given(world: World) -> Value:
    """Whether the server is told a template of its own."""
    deployment = world.singles["deployment"]
    texts = [deployment.get("script"), deployment.get("extra_args")]
    if any(isinstance(text, Unknown) for text in texts):
        return Unknown("the serve command is not known")
    return any(isinstance(text, str) and _OWN_TEMPLATE in text.replace("_", "-") for text in texts)


def _add_kwarg(subject: Subject, place: Place | None, name: str, template: TemplateFacts | None) -> None:
    if place is None or template is None:
        return
    attributes: dict[str, Attribute] = {
        "name": name,
        "is_read": name in template.variables,
        "toggles": list(template.toggles),
        "only_toggle": template.toggles[0] if len(template.toggles) == 1 else ABSENT,
        "read_text": f"it reads {', '.join(template.toggles)}" if template.toggles else "it reads no such switch",
    }
    subject.world.add(Subject("template_kwarg", place, subject.world, attributes, parent=subject))
