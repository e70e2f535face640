"""How the tasks of a scope ask the served model, beside what its family's vendor asks for."""

from __future__ import annotations

from advisor.nel.families import ALWAYS, BY_DEFAULT, NEVER, ON_REQUEST, PLAIN, THINKING
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.reasoning import OFF, ON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.served_model import Served

# Farther away than this is not a matter of taste any more. Vendors' own values of one family differ by 0.1 to 0.2.
_FAR = {"temperature": 0.25, "top_p": 0.2}
GREEDY = 1e-4
# Nothing that anybody samples by; integers may be too large for arithmetic with what a vendor asks for.
_ABSURD = 1e6


def mode_of(served: Served, reasoning: Value) -> str:
    """thinking or plain, by what requests switch and the family does else; '' where that is not known."""
    family = served.family
    thinks = family.thinks if family.is_read("thinks") else ""
    if thinks in (ALWAYS, NEVER):
        return THINKING if thinks == ALWAYS else PLAIN
    if reasoning in (ON, OFF):
        return THINKING if reasoning == ON else PLAIN
    if isinstance(reasoning, Unknown):
        return ""
    return {BY_DEFAULT: THINKING, ON_REQUEST: PLAIN}.get(thinks, "")


def odd_sampling(served: Served, mode: str, given: dict[str, Value], *, greedy_is_told: bool) -> dict[str, str]:
    """Each value that is far from all that the vendor asks for, as `0.2, not 0.6`. Greedy decoding is the custom for
    answers without reasoning, and has a rule of its own for those with it."""
    odd: dict[str, str] = {}
    for name, value in given.items():
        asked = served.family.sampling(mode, name) if mode else ()
        if not asked or isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _ABSURD:
            continue
        temperature = given.get("temperature")
        is_greedy = isinstance(temperature, int | float) and temperature <= GREEDY
        if is_greedy and (mode == PLAIN or greedy_is_told or name == "top_p"):
            continue
        if min(abs(value - one) for one in asked) > _FAR[name]:
            odd[name] = f"{name} {value:g}, not {' or '.join(f'{one:g}' for one in asked)}"
    return odd


def needs_sampling(served: Served, mode: str) -> bool:
    """Whether the vendor says that this family must not decode greedily while it reasons."""
    asked = served.family.sampling(mode, "temperature")
    return mode == THINKING and served.knows(THINKING) and bool(asked) and min(asked) > GREEDY


def asked_temperature(served: Served, mode: str) -> Value:
    asked = served.family.sampling(mode, "temperature")
    return " or ".join(f"{one:g}" for one in asked) if asked else ABSENT
