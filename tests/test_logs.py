"""What is logged is one document a line, and holds nobody's address, number or docket."""

from __future__ import annotations

import json
import logging
import logging.config
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.test import Client
from gunicorn.config import Config

from ctcompliance import logs
from ctcompliance.logs import DropRepeats, JsonFormatter, LineFormatter, redacted
from ctcompliance.web_log import WebLogger
from tests.production import NEEDED, run_in

#: What must be in no line, as somebody might write it.
PERSONAL = (
    "ash.birch+court@mail.example",
    "HHD-FA26-7654321-S",
    "FBT-FA-26-7654321-S",
    "H14H-CR26-0123456-S",
    "HHDFA267654321S",
    "(860) 555-0123",
    "860-555-0123",
    "860.555.0123",
    "8605550123",
    "+18605550123",
    "+1 860 555 0123",
)
#: What looks a little like it, and says where to look.
KEPT = (
    "notifications.pulse[4d3f7b9e-8c0a-4f58-9d0e-2a0b1c3d4e5f]",
    "CT-SUR-01",
    "2026-11-22T17:01:35+00:00",
    "127.0.0.1:8000",
    "celery@worker-1",
    "fired 12 checkpoints, 3 now overdue, 40 alerts, latest by 0.4 s",
    "0007_operations",
    "test_unknown_role_is_named_with_its_place",
)


@pytest.mark.parametrize("personal", PERSONAL)
def test_it_is_taken_out_wherever_it_stands(personal: str) -> None:
    for text in (personal, f"“{personal}”", f"to {personal}, and on", f"name='{personal}'"):
        assert personal not in redacted(text)
        assert redacted(text) != text
        assert "0123" not in redacted(text)
        assert "7654321" not in redacted(text)


@pytest.mark.parametrize("kept", KEPT)
def test_what_helps_to_find_a_fault_stays(kept: str) -> None:
    assert redacted(kept) == kept


def test_a_link_that_opens_something_by_itself_is_taken_out() -> None:
    link = "/calendar/Zm9vYmFyYmF6cXV4-3Kd9sLq1Zm9vYmFyYmF6cXV4_x/"

    assert redacted(f'"GET {link} HTTP/1.1" 200') == '"GET /calendar/[secret]/ HTTP/1.1" 200'


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What a logger of the project writes, as in production."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def lines(written: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_is_one_document_with_its_fields(written: StringIO) -> None:
    logging.getLogger("orders").warning("several\nlines of %s", "words")

    (said,) = lines(written)
    assert said["message"] == "several\nlines of words"
    assert (said["level"], said["logger"], said["process"]) == ("WARNING", "orders", os.getpid())
    assert said["time"].endswith("+00:00")
    assert said.keys() == {"time", "level", "logger", "message", "process"}


@pytest.mark.parametrize("personal", PERSONAL)
@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter("%(message)s")])
def test_message_arguments_and_exceptions_hold_none_of_it(
    personal: str, formatter: logging.Formatter, written: StringIO
) -> None:
    logging.getLogger().handlers[-1].setFormatter(formatter)
    try:
        raise ValueError(f"duplicate key: ({personal})") from KeyError(personal)
    except ValueError:
        logging.getLogger("orders").exception("not stored: %s", personal, stack_info=True)

    text = written.getvalue()
    assert "ValueError" in text
    assert "KeyError" in text
    assert personal not in text.split("Stack")[0].replace(f'f"duplicate key: ({personal})"', "")


def test_a_page_that_breaks_tells_its_number_and_no_name(
    written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("ash.birch@mail.example HHD-FA26-7654321-S 860-555-0123")

    monkeypatch.setattr("ctcompliance.health.JsonResponse", break_down)

    answer = Client(raise_request_exception=False).get("/healthz")

    assert answer.status_code == 500
    said = next(one for one in lines(written) if one["logger"] == "django.request")
    assert said["request_id"] == answer.headers["X-Request-Id"]
    assert "RuntimeError: [email] [docket] [number]" in said["exception"]
    assert logs.request_id.get() == ""


def test_a_task_that_breaks_tells_its_id_and_no_name(written: StringIO) -> None:
    app = Celery("test", set_as_current=False)

    @app.task(name="test.break_down")
    def break_down() -> None:
        logging.getLogger("orders").error("before")
        raise RuntimeError("ash.birch@mail.example HHD-FA26-7654321-S 860-555-0123")

    result = break_down.apply(task_id="the-id")

    assert result.failed()
    before = lines(written)[0]
    assert (before["task"], before["task_id"]) == ("test.break_down", "the-id")
    assert "7654321" not in written.getvalue()
    assert "birch" not in written.getvalue()


def test_the_web_server_writes_as_everything_else() -> None:
    config = Config()
    config.set("accesslog", "-")
    logger = WebLogger(config)
    try:
        for log in (logger.error_log, logger.access_log):
            assert log.handlers == []
            assert log.propagate
    finally:
        logging.config.dictConfig(settings.LOGGING)


def test_production_writes_documents() -> None:
    said = _under(
        {}, "import django, logging; django.setup(); logging.getLogger('x').warning('to a@b.example')"
    )

    assert json.loads(said)["message"] == "to [email]"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [("line", "it is line"), ("xml", "CTC_LOG_FORMAT: unknown format “xml”; set it to json or line.")],
)
def test_another_form_can_be_chosen_and_a_wrong_one_is_refused(chosen: str, said: str) -> None:
    code = "import sys; from ctcompliance import settings; "
    code += "sys.stderr.write('it is ' + settings.LOGGING['handlers']['stderr']['formatter'])"

    assert said in _under({"CTC_LOG_FORMAT": chosen}, code)


def _under(environment: dict[str, str], code: str) -> str:
    """What a process with the settings of production writes to standard error."""
    return run_in({"DJANGO_SETTINGS_MODULE": "ctcompliance.settings"} | NEEDED | environment, code).stderr


def test_beat_says_once_a_minute_and_in_one_line_that_its_broker_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("ctcompliance.logs.time.monotonic", lambda: now)
    repeats = DropRepeats()
    said = []
    for second in range(130):
        now = float(second)
        try:
            raise ConnectionError("refused")
        except ConnectionError as error:
            record = logging.LogRecord(
                "celery.beat",
                logging.ERROR,
                "",
                0,
                "Message Error: %s\n%s",
                (error, ["stack"]),
                sys.exc_info(),
            )
        if repeats.filter(record):
            said.append(LineFormatter("%(message)s").format(record))

    assert said == ["Message Error: refused"] * 3
    assert settings.LOGGING["loggers"]["celery.beat"]["filters"] == ["drop_repeats"]


def test_web_server_loads_its_logger_before_django_is_set_up() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import ctcompliance.web_log"], capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr
