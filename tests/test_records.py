"""Records are what typing.NamedTuple makes of the same class."""

from __future__ import annotations

import pickle
import typing

import pytest

from advisor.records import NamedTuple


class Ours(NamedTuple):
    """A class of each make, with the same fields."""

    first: int
    second: str = "x"
    third: tuple[int, ...] = ()

    @property
    def doubled(self) -> int:
        return self.first * 2


class Theirs(typing.NamedTuple):
    """A class of each make, with the same fields."""

    first: int
    second: str = "x"
    third: tuple[int, ...] = ()

    @property
    def doubled(self) -> int:
        return self.first * 2


class Other(NamedTuple):
    """Of the same size as Ours."""

    a: int
    b: int
    c: int


def test_a_record_is_a_named_tuple() -> None:
    for ours, theirs in ((Ours(1), Theirs(1)), (Ours(first=2, third=(3,)), Theirs(first=2, third=(3,)))):
        assert ours == theirs
        assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
        assert ours._replace(second="y") == theirs._replace(second="y")
        assert ours._asdict() == theirs._asdict()
        assert ours.doubled == theirs.doubled
        assert pickle.loads(pickle.dumps(ours)) == ours
        assert type(ours._replace(first=4)) is Ours
    assert Ours._make([1, "a", ()]) == Theirs._make([1, "a", ()])
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__"):
        assert getattr(Ours, name) == getattr(Theirs, name)
    assert (Ours.__name__, Ours.__module__, Ours.__qualname__) == ("Ours", __name__, "Ours")


def test_records_of_one_size_keep_apart() -> None:
    one = Other(1, 2, c=3)
    assert (one.a, one.b, one.c) == (1, 2, 3)
    assert not hasattr(one, "first")
    assert not hasattr(Ours(1), "a")


def test_what_a_record_does_not_take() -> None:
    with pytest.raises(TypeError, match=r"Other\.__new__\(\) missing 1 required positional argument: 'c'"):
        Other(1, 2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'd'"):
        Other(1, 2, 3, d=4)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Other has 3 fields, not 2"):
        Other._make([1, 2])
    with pytest.raises(TypeError, match="Other has no d"):
        Other(1, 2, 3)._replace(d=4)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Other(1, 2, 3).d = 4  # type: ignore[attr-defined]
