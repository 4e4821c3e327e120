"""No stranger stops the web server by what it logs, and no log shows what a row contains."""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import UUIDField
from django.urls import URLPattern, get_resolver
from gunicorn.config import Config

from accounts.models import Agency, User
from ctcompliance import logs
from ctcompliance.logs import LONGEST, JsonFormatter, LineFormatter, redacted
from ctcompliance.web_log import WebLogger
from notifications.services.delivery import links
from tests import make

#: What a pattern that starts at each character reads again and again.
HOSTILE = (
    "a",
    "aA",
    "a1",
    "A1",
    "a.",
    "a@",
    "-",
    "+1",
    "+1 ",
    "8605",
    "HHD-",
    "/n/",
    "/calendar/",
    "@a.",
    " ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    text = "x@" + piece * (200_000 // len(piece))

    began = time.process_time()
    for _, pattern in logs._PERSONAL:
        pattern.sub("", text)

    # The square of the length took minutes.
    assert time.process_time() - began < 1


def test_long_text_is_cut_before_it_is_matched_and_never_through_an_address() -> None:
    address = "ash.birch@mail.example"
    for ahead in range(LONGEST // 2 - 40, LONGEST // 2 + 10):
        said = redacted("x" * (ahead - 1) + f" {address} " + "y " * LONGEST)

        assert len(said) < LONGEST
        assert "ash" not in said
    assert redacted("x" * 100 * LONGEST) == " […] "


def test_access_log_shows_neither_browser_nor_the_page_before_and_cuts_the_rest() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": "/" + "x" * 8000,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": "https://elsewhere.example/ash-birch",
        "HTTP_USER_AGENT": "Ash's Browser",
    }
    request = SimpleNamespace(
        headers=[("REFERER", environ["HTTP_REFERER"]), ("USER-AGENT", environ["HTTP_USER_AGENT"])]
    )
    config = Config()
    logger = WebLogger(config)
    try:
        answer = SimpleNamespace(status="200 OK", sent=3, headers=[])
        atoms = logger.atoms(answer, request, environ, timedelta(seconds=1))
    finally:
        logging.config.dictConfig(settings.LOGGING)

    line = config.access_log_format % logger.atoms_wrapper_class(atoms)
    assert "Ash" not in str(atoms)
    assert "ash" not in str(atoms)
    assert line.endswith('"-" "-"')
    assert "GET /xxx" in line
    assert len(line) < 500


def addresses_with_a_token(patterns: Any, before: str = "/") -> Iterator[str]:
    """Yield the addresses of the site that a secret opens."""
    for one in patterns:
        address = before + str(one.pattern)
        if isinstance(one, URLPattern):
            if "<str:token>" in address:
                yield address
        else:
            yield from addresses_with_a_token(one.url_patterns, address)


def test_no_log_shows_the_secret_of_a_link() -> None:
    user = User(pk=12, email="ash@agency.example", password="x")
    tokens = [
        links.person_link(uuid.uuid4()).rpartition("/")[2],
        links.answer_link(uuid.uuid4()).rpartition("/")[2],
        f"12-{PasswordResetTokenGenerator().make_token(user)}",
    ]
    addresses = [*addresses_with_a_token(get_resolver().url_patterns)]
    assert len(addresses) >= 4

    for address in addresses:
        for token in tokens:
            said = redacted(f'"GET {address.replace("<str:token>", token)} HTTP/1.1" 200')
            assert not any(part in said for part in re.split(r"[.]|(?<=12)-", token) if len(part) > 2), (
                address
            )
            assert "[secret]" in said


def record_of(error: BaseException, message: str, *args: Any) -> logging.LogRecord:
    """A record of an error, as `logger.exception` makes it."""
    return logging.LogRecord(
        "orders", logging.ERROR, "", 0, message, args, (type(error), error, error.__traceback__)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter("%(message)s")])
def test_error_of_the_database_shows_its_class_code_and_constraint_only(formatter: logging.Formatter) -> None:
    first = make.agency(name="Ash Birch\nof Elm")
    try:
        try:
            with transaction.atomic():
                Agency.objects.create(kind=first.kind, name=first.name)
        except IntegrityError as error:
            raise RuntimeError(f"not stored: {error}") from error
    except RuntimeError as error:
        stored = error
    assert "Birch" in str(stored)

    said = formatter.format(record_of(stored, "not stored: %s, %r", stored.__cause__, stored.__cause__))
    as_text = formatter.format(record_of(ValueError(), f"Task raised {stored.__cause__!r}"))

    for line in (said, as_text):
        assert "Birch" not in line
        assert "DETAIL" not in line
    assert "[UniqueViolation 23505 accounts_agency_name_key]" in said
    assert "RuntimeError" in said


TYPED = "Ash Birch"
#: What fails with what someone typed in its text.
FAILURES: dict[str, Callable[[], object]] = {
    "a number": lambda: int(TYPED),
    "a day": lambda: date.fromisoformat(TYPED),
    "an id": lambda: UUIDField().to_python(TYPED),
    "a key": lambda: dict[str, str]()[TYPED],
    "a long text": lambda: int(TYPED * 200),
    "an apostrophe": lambda: refuse(f"can't read '{TYPED} O'{TYPED}' here"),
}


def refuse(text: str) -> None:
    raise ValueError(text)


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter("%(message)s")])
@pytest.mark.parametrize("how", FAILURES)
def test_no_error_shows_what_it_quotes(how: str, formatter: logging.Formatter) -> None:
    with pytest.raises((ValueError, KeyError, ValidationError)) as caught:
        FAILURES[how]()

    said = formatter.format(record_of(caught.value, "not read: %s, %r", caught.value, caught.value))

    assert TYPED in str(caught.value)
    assert "Birch" not in said
    assert caught.type.__name__ in said


def test_an_error_still_names_a_column() -> None:
    said = JsonFormatter().format(record_of(KeyError("served_at"), "not read"))

    assert "KeyError: 'served_at'" in said


@pytest.mark.django_db
def test_what_another_formatter_kept_is_not_written() -> None:
    first = make.agency(name="Ash Birch")
    try:
        with transaction.atomic():
            Agency.objects.create(kind=first.kind, name=first.name)
    except IntegrityError:
        record = logging.LogRecord("orders", logging.ERROR, "", 0, "not stored", (), sys.exc_info())
    assert "Birch" in logging.Formatter().format(record)

    assert "Birch" not in LineFormatter().format(record)
