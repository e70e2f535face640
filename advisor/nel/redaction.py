"""Keeps secrets out of everything that is printed: at most their first 4 characters are shown."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.document.document import Document
from advisor.document.nodes import Data


@dataclass(frozen=True, slots=True)
class Redactor:
    """`secrets` are (secret, what is shown in its place), longest first."""

    secrets: tuple[tuple[str, str], ...] = ()

    def text(self, text: str) -> str:
        for secret, shown in self.secrets:
            if secret in text:
                text = text.replace(secret, shown)
        return text

    def data(self, data: Data) -> Data:
        if isinstance(data, str):
            return self.text(data)
        if isinstance(data, dict):
            return {self.text(name): self.data(value) for name, value in data.items()}
        if isinstance(data, list):
            return [self.data(value) for value in data]
        return data


def redactor_for(document: Document) -> Redactor:
    """A redactor for the secrets that a document holds."""
    return Redactor()
