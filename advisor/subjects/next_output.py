"""Where a nel-next config's results go: the directory, and the exporters with their settings.

Source: nemo-evaluator 0.5 config/output.py, engine/exporters.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from advisor.document.nodes import dotted
from advisor.knowledge import table
from advisor.nel.effective import children, elements
from advisor.nel.field_types import type_problem
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT, Value
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context

# The files that hold what was sent and answered, and their copies in shards.
_TRAFFIC = ("shard0/model_traffic.jsonl", "model_traffic.jsonl")
_PATTERNS = ("shard*", "model_traffic.jsonl")


def add_output(world: World, document: Document, context: Context) -> None:
    """The one `output`, one `exporter` for each that it names, and one `exporter_setting` for each of its settings."""
    base: Path = ("output",)
    node = world.values.tree.child("output")
    output = Subject("output", place_in(document, world.values, base), world, {}, node, base, world.singles["config"])
    output.attributes["is_relative"] = lambda: is_relative(output)
    world.add_single(output)
    names = output.find("export")
    for index, item in enumerate(elements(names)):
        if isinstance(item.data, str) and "${" not in item.data and item.origin.value is not None:
            _add_exporter(output, document, index, item.data)
    _add_settings(output, document)


def is_relative(output: Subject) -> Value:
    """Whether a job on another host gets a directory that is not absolute."""
    folder = output.get("dir")
    if folder is ABSENT:
        folder = "./eval_results"
    return isinstance(folder, str) and not folder.startswith(("/", "???", "<"))


def _add_exporter(output: Subject, document: Document, index: int, name: str) -> None:
    known = table("next")["exporters"]
    patterns = output.get("export_config.mlflow.exclude_patterns")
    path: Path = ("output", "export", index)
    about: dict[str, Attribute] = {
        "name": name,
        "is_known": name in known,
        "nearest": nearest(name, known) or ABSENT,
        "nearest_text": f"; did you mean {one}" if (one := nearest(name, known)) else "",
        "known": list(known),
        "uploads_traffic": name == "mlflow" and uploads_traffic(output),
        "all_patterns": [*(patterns if isinstance(patterns, list) else []), *_lacking(patterns)],
        "takes_everything": output.get("export_config.mlflow.only_required") is False
        and output.get("export_config.mlflow.copy_artifacts") is not False,
    }
    place = place_in(document, output.world.values, path)
    item = output.world.values.tree.at(path)
    if item is not None and item.origin.value is not None:
        place = Place(path, item.origin.value)
    subject = output.world.add(Subject("exporter", place, output.world, about, parent=output))
    subject.places["exclude_patterns"] = Place(("output", "export_config", "mlflow", "exclude_patterns"), place.span)


def _lacking(patterns: Value) -> list[str]:
    given = [str(one) for one in patterns] if isinstance(patterns, list) else []
    return [pattern for pattern in _PATTERNS if pattern not in given]


def uploads_traffic(output: Subject) -> bool:
    """Whether MLflow gets the requests and answers of the run."""
    patterns = output.get("export_config.mlflow.exclude_patterns")
    given = [str(one) for one in patterns] if isinstance(patterns, list) else []
    return not all(
        any(fnmatchcase(file.rpartition("/")[2], one) or fnmatchcase(file, one) for one in given) for file in _TRAFFIC
    )


def _add_settings(output: Subject, document: Document) -> None:
    """MLflow's settings are checked when the run is over."""
    world = output.world
    config = output.find("export_config")
    for exporter, settings in children(config).items():
        keys = table("next")["export"].get(exporter)
        if keys is None or not isinstance(settings.data, dict):
            continue
        for key, node in settings.data.items():
            path: Path = ("output", "export_config", exporter, key)
            data = node.plain()
            problem = type_problem(data, keys[key]) if key in keys else None
            if (key in keys and problem is None) or (isinstance(data, str) and "${" in data and key in keys):
                continue
            about: dict[str, Attribute] = {
                "key": key,
                "exporter": exporter,
                "is_known": key in keys,
                "problem": problem or "",
                "nearest": nearest(key, keys) or ABSENT,
                "nearest_text": f"; did you mean {one}" if (one := nearest(key, keys)) else "",
                "path": dotted(path),
            }
            world.add(Subject("exporter_setting", place_in(document, world.values, path), world, about, parent=output))
