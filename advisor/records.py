"""NamedTuple, as typing has it, for records that a cold start defines by the dozen: typing compiles the annotation of
each field, and collections a constructor for each class, which together took a fifth of the start."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import namedtuple
    from functools import cache
    from types import FunctionType

    @cache
    def _like(size):
        """A named tuple of so many fields: all of one size share its constructor's code and its fields' getters."""
        return namedtuple("Like", [f"f{n}" for n in range(size)])

    class _Tuple(tuple):
        """What any named tuple can."""

        __slots__ = ()

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, not {len(made)}")
            return made

        def _replace(self, /, **changes):
            made = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise TypeError(f"{type(self).__name__} has no {', '.join(changes)}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def __getnewargs__(self):
            return tuple(self)

    class _Record(type):
        def __new__(mcs, name, bases, body):
            if not bases:
                return super().__new__(mcs, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            like = _like(len(fields))
            code = like.__new__.__code__.replace(co_varnames=("_cls", *fields), co_qualname=f"{name}.__new__")
            body["__new__"] = FunctionType(code, like.__new__.__globals__, "__new__", tuple(defaults.values()))
            body |= {field: vars(like)[old] for field, old in zip(fields, like._fields, strict=True)}
            body |= {"__slots__": (), "__match_args__": fields, "_fields": fields, "_field_defaults": defaults}
            return type(name, (_Tuple,), body)

    class NamedTuple(metaclass=_Record):
        """A tuple whose fields have names."""
