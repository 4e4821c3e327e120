"""One round of refusals: everything that is wrong in one input is found before any of it is raised."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from django.db import transaction

from orders.errors import DoubtfulFact, InvalidFact, NotYours

Result = TypeVar("Result")

#: What was refused so far in the round that is under way; None outside of one.
_found: ContextVar[list[InvalidFact] | None] = ContextVar("found", default=None)


def refuse(field: str, code: str, message: str) -> None:
    """Refuse a value. Raises `InvalidFact`; in a round the refusal waits, and the next check follows.

    Use it where the checks that follow do not depend on this one.
    """
    refuse_all([InvalidFact(field, code, message)])


def doubt(field: str, code: str, message: str) -> None:
    """Doubt a value as `refuse` refuses one. Raises `DoubtfulFact`."""
    refuse_all([DoubtfulFact(field, code, message)])


def refuse_all(refusals: Sequence[InvalidFact]) -> None:
    """Raise the first of these with the others; in a round they wait. A doubt comes after what is refused."""
    if not refusals:
        return
    found = _found.get()
    if found is not None:
        found.extend(refusals)
        return
    first, *others = sorted(refusals, key=lambda one: isinstance(one, DoubtfulFact))
    first.others = tuple(others)
    raise first


@contextmanager
def one_round() -> Iterator[None]:
    """Let what is refused in the block wait until its end, then raise all of it and store nothing.

    After a refusal the block goes on with a value that is wrong. Whatever fails then is a consequence.
    """
    found: list[InvalidFact] = []
    token = _found.set(found)
    try:
        with transaction.atomic():
            yield
            if found:
                transaction.set_rollback(True)
    except NotYours:
        raise
    except InvalidFact as refusal:
        found += [refusal, *refusal.others]
        refusal.others = ()
    except Exception:
        if not found:
            raise
    finally:
        _found.reset(token)
    refuse_all(_without_consequences(found))


def together(call: Callable[[], Result]) -> Callable[[], Result]:
    """Return the call as one round."""

    def in_round() -> Result:
        with one_round():
            return call()

    return in_round


def check_codes(call: Callable[[], object], codes: Collection[str]) -> None:
    """Call a service without its reason to continue, undo it, and raise the doubts that `codes` do not name.

    Raises what is refused for certain, too.
    """
    with transaction.atomic():
        try:
            with one_round():
                call()
        except InvalidFact as refusal:
            found = [refusal, *refusal.others]
            refusal.others = ()
            refuse_all([one for one in found if not (isinstance(one, DoubtfulFact) and one.code in codes)])
        finally:
            transaction.set_rollback(True)


@contextmanager
def at_once() -> Iterator[None]:
    """Raise in the block what is refused there, also in a round: the caller answers it."""
    token = _found.set(None)
    try:
        yield
    finally:
        _found.reset(token)


def _without_consequences(found: Sequence[InvalidFact]) -> list[InvalidFact]:
    """Return the first refusal of each field, and the doubts about other fields: the others may follow."""
    refused = [one for one in found if not isinstance(one, DoubtfulFact)]
    first = {one.field: one for one in reversed(refused)}
    kept = [one for one in refused if one is first[one.field]]
    doubts = [one for one in found if isinstance(one, DoubtfulFact) and one.field not in first]
    # What a step passes on with others of its own is found twice.
    return list(dict.fromkeys([*kept, *doubts]))
