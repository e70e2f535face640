"""What was compared, for people."""

from __future__ import annotations

from advisor.report.style import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.advise import Advice
    from advisor.report.style import Style
    from advisor.subjects.pair import Pair


def pair_text(advice: Advice, pair: Pair, style: Style) -> str:
    """The two files with their models, and how much of them was compared."""
    rows = (("baseline", pair.path, pair.baseline), ("candidate", advice.path, pair.candidate))
    width = max(len(path) for _, path, _ in rows)
    lines = [
        f"{name:<10} {style.paint(f'{safe(path):<{width}}', 'path')}  {safe(model)}".rstrip()
        for name, path, model in rows
    ]
    compared = f"{_counted(pair.tasks, 'task')}, {_counted(pair.settings, 'setting')} compared"
    lines.append(compared + ("" if advice.findings or not pair.tasks else ": nothing but the model differs"))
    return "\n".join(lines) + "\n"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
