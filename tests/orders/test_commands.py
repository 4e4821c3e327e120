"""What the commands print, and how they refuse: one plain sentence and exit 1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import AgencyKind
from orders.models import Deadline, HistoryEntry
from orders.rules import loading
from orders.services.firearms import statements
from orders.services.orders import vacatur
from tests import make
from tests.make_export import order_row, write_export

ROOT = Path(__file__).resolve().parents[2]

#: Nothing listens on port 1.
NO_DATABASE = {
    "DATABASE_URL": "postgresql://somebody@127.0.0.1:1/orders",
    "DJANGO_SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "CTC_BASE_URL": "https://orders.example",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}


def printed(*command: str) -> str:
    """What a command writes on standard output."""
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def document(*command: str) -> Any:
    """The one JSON document that a command writes on standard output."""
    text = printed(*command)
    assert text.endswith("\n")
    return json.loads(text)


def refusal(*command: str) -> str:
    """The sentence with which a command refuses."""
    with pytest.raises(CommandError) as caught:
        printed(*command)
    assert caught.value.returncode == 1
    assert "\n" not in str(caught.value)
    return str(caught.value)


# import_por and compliance_report


@pytest.mark.django_db
def test_an_import_prints_rejected_rows_and_counts(tmp_path: Path) -> None:
    make.town()
    write_export(tmp_path, [order_row(respondent_town="Gotham")])

    assert printed("import_por", str(tmp_path)) == (
        "orders.csv, line 2: unknown_town: respondent_town: “Gotham” is not a town or village in "
        "Connecticut. Write the town that it is part of.\n"
        "Orders: 0 imported, 0 updated, 0 unchanged. Rows rejected: 1. "
        "Rows that wait for a clerk: 0.\n"
        "New orders with a date beyond a rule of law: 0. Their pages show it.\n"
        "New orders with a docket number in an unusual form: 0.\n"
        "Stored now: 0 firearms, 0 receipts and statements.\n"
    )


@pytest.mark.django_db
def test_a_report_is_a_table_or_a_document() -> None:
    make.served_order()

    text = printed("compliance_report", "--as-of", "2026-12-04T16:00:00-05:00")
    found = document("compliance_report", "--as-of", "2026-12-04T21:00Z", "--json")

    assert text.splitlines()[0] == "CT-SUR-01"
    assert "  open                                     1  100.0%" in text.splitlines()
    assert found == {
        "CT-SUR-01": {
            "orders": 1,
            "not_started": 0,
            "not_indicated": 0,
            "open": 1,
            "met_on_time": 0,
            "met_late": 0,
            "overdue": 0,
            "unverified_denial": 0,
        },
        "firearms_outstanding_past_due": 0,
    }


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("yesterday", "“yesterday” is not a time"),
        ("2026-02-30T12:00Z", "not a date and time of the calendar"),
        ("2026-11-01T01:30", "occurs twice"),
        ("2026-03-08T02:30", "does not occur"),
    ],
)
def test_a_report_of_no_certain_instant_is_refused(as_of: str, expected: str) -> None:
    assert expected in refusal("compliance_report", "--as-of", as_of, "--json")


# check_scenarios

SCENARIO = """
[[scenario]]
id = "X-1"
[scenario.order]
jurisdiction = "us_ct"
kind = "ex_parte_restraining_order"
issued_on = 2026-12-04
[[scenario.events]]
kind = "served"
at = 2026-12-04T18:30:00-05:00
[[scenario.expect]]
deadline = "CT-SUR-01"
due_at = {due_at}
"""
RIGHT = SCENARIO.format(due_at="2026-12-05T18:30:00-05:00")
WRONG = SCENARIO.format(due_at="2026-12-05T18:31:00-05:00").replace("X-1", "X-2")


def test_scenarios_that_pass(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(RIGHT)

    assert printed("check_scenarios", str(tmp_path)) == "1 scenarios pass, 0 fail.\n"
    assert document("check_scenarios", str(tmp_path), "--json") == {
        "passed": 1,
        "failed": 0,
        "scenarios": [{"id": "X-1", "ok": True, "differences": []}],
    }


def test_a_failed_scenario_shows_the_difference(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(RIGHT + WRONG)

    assert refusal("check_scenarios", str(tmp_path)) == "1 of 2 scenarios fail."


def test_scenarios_need_no_database_and_a_failure_is_exit_1_with_the_document_alone(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(RIGHT + WRONG)

    done = subprocess.run(
        [sys.executable, "manage.py", "check_scenarios", str(tmp_path), "--json"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "ctcompliance.settings", **NO_DATABASE},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["passed"], found["failed"]) == (1, 1)
    (difference,) = found["scenarios"][1]["differences"]
    assert difference.startswith("CT-SUR-01: due_at: expected 2026-12-05 18:31:00-05:00")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "not a folder"), ("", "contains no scenario"), ("[[", "not TOML")],
    ids=["missing", "empty", "broken"],
)
def test_a_folder_without_scenarios_is_refused(content: str | None, expected: str, tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    if content is not None:
        folder.mkdir()
        (folder / "one.toml").write_text(content)

    assert expected in refusal("check_scenarios", str(folder)).replace("\n", " ")


# explain


@pytest.mark.django_db
def test_an_order_is_explained_by_any_of_its_names() -> None:
    order = make.served_order(
        por_number="POR1", docket_number="HHD-1", protected_person="Robin Elm", respondent_name="Ash Oak"
    )

    by_number = printed("explain", "POR1")

    assert printed("explain", str(order.public_id)) == printed("explain", "HHD-1") == by_number
    assert by_number.startswith("Ex parte restraining order POR1, docket HHD-1\nIssued ")
    assert "CT-SUR-01: " in by_number
    assert "It is due 24 elapsed hours after it" in by_number
    for deadline in Deadline.objects.filter(order=order):
        assert deadline.rule_id in by_number
    for name in ("Ash", "Oak", "Robin", "Elm"):
        assert name not in by_number


@pytest.mark.django_db
def test_an_order_is_explained_in_spanish() -> None:
    make.served_order(por_number="POR1")

    spanish = printed("explain", "POR1", "--language", "es")

    assert "Vence 24 horas corridas después" in spanish
    assert "elapsed hours" not in spanish
    assert "invalid choice: 'xx' (choose from 'en', 'es')" in refusal("explain", "POR1", "--language", "xx")


@pytest.mark.django_db
def test_all_orders_of_a_docket_are_explained() -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    for kind in ("ex_parte_restraining_order", "restraining_order"):
        make.order(docket_number="HHD-1", court=court, respondent_town=town, kind=kind)

    assert printed("explain", "HHD-1").count(", docket HHD-1\n") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["POR9", "", "5b0f4c3e-6f0e-4b63-9d67-4f1f0a4ed2c1"])
def test_what_is_no_order_is_refused(name: str) -> None:
    make.order()

    assert refusal("explain", name) == (
        f"“{name}” is not an order. Enter a public id, registry number or docket number."
    )


# rules


def test_the_rules_are_listed() -> None:
    lines = printed("rules", "list").splitlines()

    assert any(line.startswith("CT-SUR-01 ") and "surrendered" in line for line in lines)
    assert len(lines) == len(loading.load().rules) + len(loading.load().entries)


def test_a_rule_is_shown_with_values_sources_and_doubts() -> None:
    text = printed("rules", "show", "ct-sur-01")

    assert "CT-SUR-01, Connecticut, debatable" in text
    assert "From 2016-10-01: due +24 elapsed hours (seen: C.G.S. § 29-36k(b)" in text
    assert "Checkpoint check: check, at due, notifies respondent_police, service_police, court, " in text


@pytest.mark.parametrize("id_", [entry.id for entry in loading.load().entries[:3]])
def test_an_entry_without_a_time_is_shown(id_: str) -> None:
    assert printed("rules", "show", id_).startswith(id_)


def test_what_is_no_rule_is_refused() -> None:
    assert (
        refusal("rules", "show", "CT-XXX-99")
        == "“CT-XXX-99” is not a rule. `manage.py rules list` lists them."
    )


SURRENDER = loading.DATA / "us_ct" / "surrender.toml"


def changed(folder: Path, old: str, new: str, name: str = "surrender.toml") -> Path:
    """A changed copy of the file of surrender rules."""
    text = SURRENDER.read_text(encoding="utf-8")
    assert old in text
    file = folder / name
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


HOURS = 'due = { amount = 24, unit = "elapsed_hours" }'


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["surrender.toml", "another-name.toml"])
def test_a_changed_rule_file_shows_its_effect(name: str, tmp_path: Path) -> None:
    order = make.served_order()
    make.order()
    events = HistoryEntry.objects.count()
    due = Deadline.objects.get(order=order, rule_id="CT-SUR-01").due_at
    assert due is not None
    file = changed(tmp_path, HOURS, HOURS.replace("24", "48"), name)

    found = document("rules", "diff", str(file), "--json")

    assert (found["orders"], found["orders_changed"]) == (2, 1)
    assert found["rules"] == {"CT-SUR-01": {"opened": 0, "moved": 1, "met": 0, "reopened": 0, "withdrawn": 0}}
    assert found["examples"] == [
        {
            "order": str(order.public_id),
            "rule": "CT-SUR-01",
            "occurrence": "",
            "change": "moved",
            "from": due.isoformat(),
            "to": (due + timedelta(hours=24)).isoformat(),
        }
    ]
    text = printed("rules", "diff", str(file))
    assert text.endswith("1 of 2 orders would change. Nothing was written.\n")
    assert Deadline.objects.get(order=order, rule_id="CT-SUR-01").due_at == due
    assert HistoryEntry.objects.count() == events


@pytest.mark.django_db
def test_deadlines_that_a_change_opens_withdraws_meets_or_reopens(tmp_path: Path) -> None:
    def counts(file: Path) -> Any:
        rules = document("rules", "diff", str(file), "--json")["rules"]
        return {change: count for change, count in rules.get("CT-SUR-01", {}).items() if count}

    order = make.served_order()
    bound = '{ kind = "ex_parte_restraining_order" },\n  { kind = "restraining_order" }'
    risk = '{ kind = "risk_protection_order" }'
    unbound = changed(tmp_path, bound, risk, "unbound.toml")
    assert counts(unbound) == {"withdrawn": 1}

    make.order(kind="risk_protection_order")
    assert counts(unbound) == {"withdrawn": 1, "opened": 1}

    statements.record_statement(order, kind="non_possession", sworn_at=make.NOW, by=None, now=make.NOW)
    believing = changed(tmp_path, ", unless_armed = true", "", "believing.toml")
    assert counts(believing) == {"met": 1}

    vacatur.vacate_order(order, vacated_at=make.NOW, by=None, now=make.NOW, reason="the court ended it")
    assert counts(unbound) == {"opened": 1}
    assert counts(changed(tmp_path, HOURS, HOURS + " ", "same.toml")) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read"),
        ("[[", "not TOML"),
        ("a = 1", "jurisdiction: missing or not known. Use one of: "),
        ('jurisdiction = "us_zz"', "jurisdiction: missing or not known. Use one of: "),
        ('jurisdiction = "us_ct"\n[[rule]]\nid = "X"', "line 2, X: title: missing"),
    ],
)
def test_a_file_that_is_no_rule_file_is_refused(content: str | None, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    if content is not None:
        file.write_text(content)

    assert expected in refusal("rules", "diff", str(file))
