"""Environment variables of a launcher config: the blocks, the prefixes, and what an old value becomes.

Source: nemo-evaluator-launcher 0.2.6 common/env_vars.py (parse_env_var_value, collect_*), cli/migrate_config.py.
"""

from __future__ import annotations

from enum import Enum

from advisor.nel.secrets import names_secret
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Data, Path

# A variable of this name in the shell is passed on to every task, as a literal.
TELEMETRY = (
    "NEMO_EVALUATOR_TELEMETRY_SESSION_ID",
    "NEMO_EVALUATOR_TELEMETRY_LEVEL",
    "NEMO_EVALUATOR_TELEMETRY_ENDPOINT",
)
_BLOCK = "env_vars"
_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_UPPER = pattern(r"[A-Z_][A-Z0-9_]*\Z")
_OC_ENV = pattern(r"\$\{oc\.env:([A-Za-z_][A-Za-z0-9_]*)(?:,[^}]*)?\}\Z")


class Kind(Enum):
    """How a value of an `env_vars` block is read."""

    HOST = "host"
    """The variable of that name in the shell that submits; unset is an error, in the dry run too."""
    LITERAL = "lit"
    """The text itself, printed by the dry run and kept with the results."""
    RUNTIME = "runtime"
    """The variable of that name in the job; never looked up before."""
    RESOLVER = "resolver"
    """`${oc.env:X}`: resolved, secret and all, before the prefix is checked."""
    UNPREFIXED = "unprefixed"
    """An error."""
    NOT_TEXT = "not text"
    """A number, true or false, null, a list or a mapping: an error."""


_BY_PREFIX = {"host:": Kind.HOST, "lit:": Kind.LITERAL, "runtime:": Kind.RUNTIME}
PREFIXES = tuple(_BY_PREFIX)
PREFIXED = tuple(_BY_PREFIX.values())


class EnvValue(NamedTuple):
    """`content` is what follows the prefix: a variable's name for HOST and RUNTIME, the text for LITERAL."""

    kind: Kind
    content: str = ""


class Migration(NamedTuple):
    """What an old value becomes. `certain` is False where its author may have meant the other prefix."""

    value: str
    certain: bool


def read_value(value: Data) -> EnvValue:
    """One value of an `env_vars` block, as the launcher reads it: prefixes are exact, and nothing is stripped."""
    if not isinstance(value, str):
        return EnvValue(Kind.NOT_TEXT)
    prefix, colon, content = value.partition(":")
    kind = _BY_PREFIX.get(prefix + colon)
    if kind is not None:
        return EnvValue(kind, content)
    if "${oc.env:" in value or "${oc.decode:" in value:
        return EnvValue(Kind.RESOLVER)
    return EnvValue(Kind.UNPREFIXED)


def migrate(value: Data, text: str, block: Path = (_BLOCK,), name: str = "") -> Migration | None:
    """What a value without prefix (`text`: as written) of a variable becomes; None where nothing can be offered, or the
    value is right already.

    Up to 0.1.88 a value of evaluation.env_vars and of a task was the name of a variable, whatever it looked like, and
    so was a word in the exporters' block; a value of the deployment's was the text itself. Certain besides: `$X` and
    `${oc.env:X}` (host:), the variable's own name and names of secrets (host:), numbers and what cannot be a name
    (lit:). The rest is as nel-migrate-config has it.
    """
    kind = read_value(value).kind
    if kind in PREFIXED or value is None or isinstance(value, list | dict):
        return None
    if not isinstance(value, str):
        return Migration(f"lit:{text}", certain=True)
    stripped = value.strip()
    if kind is Kind.RESOLVER:
        match = _OC_ENV.match(stripped)
        return Migration(f"host:{match[1]}", certain="," not in stripped) if match else None
    return _migrate_text(stripped, block, name)


def _migrate_text(stripped: str, block: Path, name: str) -> Migration:
    bare = stripped.removeprefix("$")
    if bare != stripped and _NAME.match(bare):
        return Migration(f"host:{bare}", certain=True)
    if bare.startswith(PREFIXES):
        # `$host:X`, `' host:X'`: the migration tool would keep the slip as a literal.
        return Migration(bare, certain=False)
    if _NAME.match(stripped):
        return _migrate_word(stripped, block, name)
    return Migration(f"lit:{stripped}", certain="${" not in stripped and "$" not in stripped)


def _migrate_word(word: str, block: Path, name: str) -> Migration:
    is_upper = _UPPER.match(word) is not None
    likely = word == name or (is_upper and (names_secret(word) or names_secret(name)))
    if block[0] in ("evaluation", "export"):
        return Migration(f"host:{word}", certain=is_upper or word == name)
    if block[0] == "deployment" and not likely:
        return Migration(f"lit:{word}", certain=True)
    return Migration(f"host:{word}", certain=likely)


def is_block(path: Path) -> bool:
    """Whether the path is that of an `env_vars` block with prefixed values."""
    if path[-1:] != (_BLOCK,):
        return False
    where = path[:-1]
    return (
        where in ((), ("evaluation",), ("deployment",), ("export",))
        or (len(where) == 3 and where[:2] == ("evaluation", "tasks") and isinstance(where[2], int))
        or (len(where) == 2 and where[0] == "auxiliary_deployments")
    )


def is_checked(path: Path, execution: str | None, deployment: str | None) -> bool:
    """Whether a wrong value in this block stops the submission.

    Lepton reads none of the blocks; `deployment` is read without a server on slurm only, auxiliaries on slurm only.
    """
    if not is_block(path) or execution not in ("local", "slurm"):
        return False
    if path[0] == "deployment":
        return execution == "slurm" or deployment != "none"
    return path[0] != "auxiliary_deployments" or execution == "slurm"
