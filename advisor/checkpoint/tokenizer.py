"""Tokenizer files, special tokens, chat templates, and the sampling that generation_config.json asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.jsonfile import integer, number, read_object, read_text, string, strings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.checkpoint.files import CheckpointFiles

TOKENIZER_FILES = frozenset(
    {
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
        "tiktoken.model",
        "tekken.json",
        "vocab.json",
        "vocab.txt",
        "spiece.model",
        "sentencepiece.bpe.model",
        "tokenizer.model.v3",
    }
)
MAX_TEMPLATE_BYTES = 2 * 1024 * 1024
_SPECIAL = ("bos_token", "eos_token", "pad_token", "unk_token")


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """`templates` by name ("default" is the one that engines use); `template_file` says where they were found."""

    files: tuple[str, ...] = ()
    special_tokens: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    template_file: str | None = None

    @property
    def chat_template(self) -> str | None:
        return self.templates.get("default")


@dataclass(frozen=True, slots=True)
class Sampling:
    """generation_config.json; None where it does not say."""

    do_sample: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


def read_tokenizer(files: CheckpointFiles) -> Tokenizer:
    """What tokenizer_config.json and the template files say; the vocabulary itself is not read."""
    config = read_object(files, "tokenizer_config.json") or {}
    names = tuple(sorted(n for n in files.entries if n in TOKENIZER_FILES or n.endswith(".tiktoken")))
    file, templates = _templates(files, config)
    tokens = {key: token for key in _SPECIAL if (token := _token(config.get(key))) is not None}
    return Tokenizer(names, MappingProxyType(tokens), MappingProxyType(templates), file)


def read_sampling(files: CheckpointFiles) -> Sampling | None:
    """generation_config.json, or None where there is none that can be read."""
    data = read_object(files, "generation_config.json")
    if data is None:
        return None
    return Sampling(
        do_sample=data["do_sample"] if isinstance(data.get("do_sample"), bool) else None,
        temperature=number(data, "temperature"),
        top_p=number(data, "top_p"),
        top_k=integer(data, "top_k"),
        min_p=number(data, "min_p"),
        repetition_penalty=number(data, "repetition_penalty"),
        raw=MappingProxyType(data),
    )


def _templates(files: CheckpointFiles, config: Mapping[str, Any]) -> tuple[str | None, dict[str, str]]:
    """transformers takes chat_template.jinja, then chat_template.json of processors, then tokenizer_config.json."""
    text = read_text(files, "chat_template.jinja", MAX_TEMPLATE_BYTES)
    if text is not None:
        return "chat_template.jinja", {"default": text}
    processor = read_object(files, "chat_template.json", MAX_TEMPLATE_BYTES)
    for file, data in (("chat_template.json", processor or {}), ("tokenizer_config.json", config)):
        found = _named(data.get("chat_template"))
        if found:
            return file, found
    return None, {}


def _named(value: object) -> dict[str, str]:
    if isinstance(value, str):
        return {"default": value}
    if isinstance(value, dict):
        return {name: text for name, text in value.items() if isinstance(text, str)}
    if not isinstance(value, list):
        return {}
    return {
        name: text
        for item in value
        if isinstance(item, dict) and (name := string(item, "name")) and (text := string(item, "template"))
    }


def _token(value: object) -> str | None:
    """A special token is a string, or an object whose `content` is one."""
    return next(iter(strings(value.get("content") if isinstance(value, dict) else value)), None)
