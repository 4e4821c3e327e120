"""Which modules use the tables of another app, in SQL and as models. Decision record 1 relies on it.

SQL that crosses apps is fast, but a change of a model does not find it. So every module with such SQL is
listed here, with the tables that it writes and reads. Every app imports the models of `accounts`; those of
`orders` are imported above it by the packages listed here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings

APPS = ("accounts", "orders", "guidance", "notifications")

#: The tables of other apps that SQL writes, by module. Only FIRE does, because one statement must claim a
#: checkpoint and write everything that results from it.
WRITES = {
    "notifications/services/firing/fire_sql.py": {
        "orders_checkpoint",
        "orders_deadline",
        "orders_followup",
        "orders_historyentry",
        "orders_orderagency",
    },
}

#: The tables of other apps that SQL only reads, by module.
READS = {
    # FIRE needs the public id of the order for webhooks.
    "notifications/services/firing/fire_sql.py": {"orders_order"},
    # Who is notified of a checkpoint: agencies, their people, and releases.
    "notifications/services/recipients/sql.py": {
        "accounts_agency",
        "accounts_membership",
        "accounts_user",
        "orders_case",
        # Whether an earlier alert was acknowledged.
        "orders_checkpoint",
        "orders_confidentialityrelease",
        "orders_deadline",
        "orders_followup",
        "orders_order",
        "orders_orderagency",
    },
    # The lease decides again whether an alert is still to be sent, and to which address.
    "notifications/services/delivery/outbox_sql.py": {
        "accounts_agency",
        "accounts_membership",
        "accounts_user",
        "orders_case",
        "orders_checkpoint",
        "orders_confidentialityrelease",
        # The days of a hearing that was moved.
        "orders_continuance",
        "orders_deadline",
        "orders_followup",
        "orders_hearing",
        "orders_order",
        "orders_releaserequest",
        "orders_transfer",
    },
    # When a person was last sent a reminder.
    "notifications/services/delivery/quiet_hours.py": {"orders_checkpoint"},
    # A printed notice is written only while its alert is still to be sent.
    "notifications/services/delivery/printing.py": {
        "orders_checkpoint",
        "orders_deadline",
        "orders_followup",
        "orders_transfer",
    },
    # Monitoring compares checkpoints and deadlines with alerts.
    "notifications/services/watch/audits.py": {"orders_checkpoint"},
    "notifications/services/watch/counters.py": {
        "orders_checkpoint",
        "orders_deadline",
        "orders_followup",
        "orders_order",
    },
    "notifications/services/watch/delivery.py": {"orders_checkpoint", "orders_deadline"},
    "notifications/services/watch/health.py": {"orders_checkpoint"},
    # The report has one row for each agency.
    "notifications/services/watch/response_times.py": {"accounts_agency"},
}

#: Query sets and predicates below the models ask Django's registry for models. They import no model.
BY_NAME = {
    "accounts/predicates.py": {"accounts.Absence"},
    "orders/predicates.py": {"orders.Order"},
    "orders/querysets.py": {"orders.ConfidentialityRelease", "orders.OrderAgency"},
    "notifications/querysets.py": {
        "orders.ConfidentialityRelease",
        "orders.OrderAgency",
        "orders.Transfer",
    },
}

#: The packages outside of `orders` that import its models.
ORDERS_MODELS = {
    # The demonstration court enters orders.
    "ctcompliance/demo",
    # Alerts and safe contacts refer to orders, checkpoints and releases.
    "notifications/forms",
    "notifications/models",
    "notifications/services",
    "notifications/services/calendar",
    "notifications/services/contacts",
    "notifications/services/delivery",
    "notifications/services/escalation",
    "notifications/services/firing",
    "notifications/services/recipients",
    "notifications/services/watch",
    # Lists of old cases are made and approved where rehearsals are known.
    "notifications/admin",
    # Lists of alerts and pages of advocates show data of their orders.
    "notifications/api",
    "notifications/pages",
    # What a page shows of the alerts of an order.
    "notifications/templatetags",
}

_WRITE = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM|COPY|TRUNCATE)\s+(?:ONLY\s+)?$", re.IGNORECASE)


def _sources() -> Iterator[tuple[str, ast.Module]]:
    for app in (*APPS, "ctcompliance"):
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield (
                    path.relative_to(settings.BASE_DIR).as_posix(),
                    ast.parse(path.read_text(encoding="utf-8")),
                )


def _texts(tree: ast.Module) -> Iterator[str]:
    """The string constants without docstrings: SQL, as far as it names a table."""
    docstrings = {
        id(node.value)
        for parent in ast.walk(tree)
        if isinstance(parent, ast.Module | ast.ClassDef | ast.FunctionDef)
        for node in parent.body[:1]
        if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _used() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The tables of other apps that each module's SQL writes, and those that it only reads."""
    tables = {model._meta.db_table for app in APPS for model in apps.get_app_config(app).get_models()}
    name = re.compile(rf"\b(?:{'|'.join(sorted(tables, key=len, reverse=True))})\b")
    writes: dict[str, set[str]] = {}
    reads: dict[str, set[str]] = {}
    for module, tree in _sources():
        own = module.partition("/")[0]
        for text in _texts(tree):
            for found in name.finditer(text):
                if found[0].partition("_")[0] != own:
                    is_write = _WRITE.search(text[: found.start()])
                    (writes if is_write else reads).setdefault(module, set()).add(found[0])
    for module, written in writes.items():
        reads[module] = reads.get(module, set()) - written
    return writes, {module: tables for module, tables in reads.items() if tables}


def test_sql_writes_and_reads_tables_of_other_apps_only_where_listed() -> None:
    writes, reads = _used()

    assert writes == WRITES
    assert reads == READS


def test_orders_and_accounts_name_no_table_of_the_apps_above_them() -> None:
    used = [(module, table) for part in _used() for module, tables in part.items() for table in tables]

    assert [one for one in used if not one[0].startswith(("notifications/", "ctcompliance/"))] == []


def test_models_of_orders_are_imported_only_where_listed() -> None:
    found = {
        module.rpartition("/")[0]
        for module, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orders.models")
    }

    assert {package for package in found if package.partition("/")[0] != "orders"} == ORDERS_MODELS


def test_models_of_other_apps_are_asked_for_by_name_only_in_query_sets() -> None:
    found: dict[str, set[str]] = {}
    for module, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("get_model"):
                app, model = (ast.literal_eval(one) for one in node.args)
                found.setdefault(module, set()).add(f"{app}.{model}")

    assert found == BY_NAME


def test_the_decision_names_this_test() -> None:
    record = Path(settings.BASE_DIR / "docs/decisions/0001-fire-in-one-statement.md").read_text("utf-8")

    assert Path(__file__).relative_to(settings.BASE_DIR).as_posix() in record
