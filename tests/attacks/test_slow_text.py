"""No text that a stranger sends holds a process: time grows with its length, not with the square of it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from django.test import Client

from accounts import text
from accounts.models import AgencyKind, Role
from notifications.channels import phone
from orders.matching import dockets, firearm_words, lookup, names, places, serials
from orders.services.registry.lines import ExportError, Lines
from tests import make
from tests.api.conftest import MakeCaller

PACKAGES = ("accounts", "orders", "notifications", "guidance", "ctcompliance")
#: Seconds that a text of `LENGTH` may take: many times what it does take, and less than the square would.
LENGTH, SECONDS = 4_000, 0.1
#: What a body of a request can hold, and the seconds that it may take.
BODY, SECONDS_OF_BODY = 900_000, 10

#: What a text may repeat so that a pattern begins again at each place: blanks, signs, letters, digits.
PIECES = (*" .-,/_@(=\\", "a", "A", "1", "A1", "a ", ". ", ", ", "1:")
#: Two marks that have to be sorted, and a letter that is taken apart into two.
MARKS = ("\u0301\u0323", "\u0f73\u0f71")


#: Patterns that are tried at the beginning of a text only, or on text of our own, or on text without two
#: blanks side by side.
SAFE = {
    "orders.services.registry.lines._ROOT",
    "orders.services.registry.lines._JSON",
    "orders.services.desk.tables._FORMULA",
    "guidance.templatetags.open_pages._NUMBER",
    "orders.matching.serials._CERTAIN_SEPARATORS",
}


def modules() -> Iterator[Any]:
    for package in map(importlib.import_module, PACKAGES):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"migrations|wsgi|asgi|management|celery", found.name):
                importlib.import_module(found.name)
    yield from (one for name, one in list(sys.modules.items()) if name.split(".")[0] in PACKAGES)


def within(value: Any) -> Iterable[Any]:
    """A value, and what a table of patterns holds."""
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [part for one in value for part in (one if isinstance(one, tuple) else (one,))]
    return (value,)


def patterns() -> dict[re.Pattern[str], str]:
    """Every pattern over text that a module keeps, and where it is."""
    return {
        one: f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        for one in within(value)
        if isinstance(one, re.Pattern)
        and isinstance(one.pattern, str)
        and f"{module.__name__}.{name}" not in SAFE
    }


def seconds(work: Callable[[], object]) -> float:
    """The time of the processor, so that other tests on this machine do not count."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def test_no_pattern_begins_again_at_each_place() -> None:
    slow = {}
    found = patterns()
    for (pattern, where), piece in product(found.items(), PIECES):
        long = piece * (LENGTH // len(piece))
        if (taken := seconds(partial(pattern.search, f"{long}\x00"))) > SECONDS:
            slow[where] = (piece, round(taken, 2))

    assert len(found) > 50
    assert not slow


OF_TEXT = (
    text.clean,
    text.clean_lines,
    text.fold,
    text.fold_words,
    dockets.clean_docket,
    dockets.spellings,
    firearm_words.names_firearm,
    lookup.stored_keys,
    names.folded_name,
    places.place_key,
    places.part_keys,
    serials.exact_key,
    serials.near_keys,
)


@pytest.mark.parametrize("work", OF_TEXT, ids=lambda one: one.__name__)
def test_what_is_done_to_a_text_takes_a_time_like_its_length(work: Callable[[str], object]) -> None:
    for piece in (*PIECES, *MARKS):
        long = "a" + piece * (LENGTH // len(piece))
        assert seconds(partial(work, long)) < SECONDS, piece


@pytest.mark.parametrize("piece", [*MARKS, "1", " ", "+"])
def test_a_telephone_number_of_any_length_is_refused_at_once(piece: str) -> None:
    def read() -> None:
        with pytest.raises(phone.NumberError):
            phone.normalize("1" + piece * LENGTH)

    assert seconds(read) < SECONDS


@pytest.mark.parametrize("piece", ["<!---->", "<?a?>", "<!doctype a>", "<!--"])
def test_a_file_that_is_no_export_is_refused_at_once(piece: str) -> None:
    def read() -> None:
        for repeated in (22, BODY // 9 // len(piece)):
            with pytest.raises(ExportError):
                Lines(BytesIO(f"<{piece * repeated}1".encode()), "orders.csv").begins()
            with suppress(ExportError):
                Lines(BytesIO(f"{piece * repeated}1".encode()), "orders.csv").begins()

    assert seconds(read) < 3


def test_marks_that_a_person_writes_are_kept() -> None:
    assert text.clean("Nguye\u0302\u0303n") == "Nguyễn"
    assert text.fold("Nguye\u0302\u0303n") == "nguyen"
    assert text.clean("e" + "\u0301" * 1000) == "é" + "\u0301" * 29


@pytest.mark.django_db
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("address", ["/sign-in/", "/sign-in/forgotten/"])
def test_no_page_without_an_account_is_held_by_a_pile_of_marks(address: str, mark: str) -> None:
    pile = "a" + mark * (BODY // len(mark.encode()))
    sent = dict.fromkeys(("username", "email"), pile[: BODY // 4])

    taken = seconds(lambda: Client().post(address, sent))

    assert taken < SECONDS_OF_BODY


@pytest.mark.django_db
@pytest.mark.parametrize("mark", MARKS)
def test_no_operation_is_held_by_a_pile_of_marks(mark: str, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    pile = "a" + mark * (BODY // 2 // len(mark.encode()))

    taken = seconds(lambda: clerk.post("/searches", {"q": pile}))
    taken += seconds(lambda: clerk.post("/orders", {"docket_number": pile, "respondent_name": pile[:1000]}))

    assert taken < SECONDS_OF_BODY
