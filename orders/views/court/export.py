"""The export of the list of orders: what is filtered, with the fields that the matrix gives the court."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase

from accounts.access import MATRIX
from accounts.dates import format_birth_date, format_day, format_instant
from accounts.services.access.access_log import log_access
from orders.display import due_words
from orders.models import Order
from orders.services.desk.conditions import COURT_ROLES, CourtDesk
from orders.services.desk.tables import write_xlsx
from orders.views.court.rows import RELATED, CourtOrderRow, load_rows
from orders.views.court.words import next_words
from orders.views.csv_response import csv_response

#: An export has at most so many orders.
MOST_EXPORTED = 50_000
#: Orders that are loaded at a time.
_BATCH = 500

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TooMany(Exception):
    """More orders than one export has."""


def _born(row: CourtOrderRow) -> str:
    born = row.order.case.respondent.date_of_birth
    return format_birth_date(born) if born else ""


def _served(row: CourtOrderRow) -> str:
    served: datetime | None = row.order.served_at
    return format_instant(served, row.zone) if served else "Not served"


#: Each column: its title, the field of the matrix that it shows, and its text.
_COLUMNS: tuple[tuple[str, str, Callable[[CourtOrderRow], str]], ...] = (
    ("Respondent", "respondent.name", lambda row: row.name),
    ("Date of birth", "respondent.date_of_birth", _born),
    ("Town", "respondent.town", lambda row: str(row.order.case.respondent.town)),
    ("Docket", "case.docket_number", lambda row: row.docket),
    ("Court", "case.court", lambda row: str(row.order.case.court)),
    ("Registry number", "order.por_number", lambda row: row.order.por_number),
    ("Kind", "order.kind", lambda row: str(row.order.get_kind_display())),
    ("Issued", "order.issued_on", lambda row: format_day(row.order.issued_on)),
    ("Served", "order.served_at", _served),
    ("Surrender", "deadline.state", lambda row: row.surrender.words if row.surrender else ""),
    ("Accounted for", "deadline.state", lambda row: row.surrender.count if row.surrender else ""),
    ("Due", "deadline.due_at", lambda row: due_words(row.next, row.zone) if row.next else ""),
    ("Time", "deadline.due_at", lambda row: row.chip),
    ("Next", "deadline.state", lambda row: next_words(row.next, row.now) if row.next else ""),
    ("Owner", "follow_up.assigned_to", lambda row: row.owner),
    ("End", "order.expires_on", lambda row: row.end),
)


def export_orders(
    request: HttpRequest, orders: QuerySet[Order], desk: CourtDesk, form: str
) -> HttpResponseBase:
    """Return the orders as a CSV or XLSX file. The access log has every case before a line leaves.

    Raises `TooMany` if the file would leave some out.
    """
    found = list(orders.values_list("pk", "case__public_id")[: MOST_EXPORTED + 1])
    if len(found) > MOST_EXPORTED:
        raise TooMany
    log_access(request, [case for _, case in found])
    columns = [one for one in _COLUMNS if one[1] in _visible()]
    header = [title for title, _, _ in columns]
    rows = _rows([pk for pk, _ in found], desk, [text for _, _, text in columns])
    name = f"orders-{desk.today:%Y-%m-%d}.{form}"
    if form == "csv":
        return csv_response(name, header, rows)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    write_xlsx(file, header, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)


def _visible() -> frozenset[str]:
    """The fields that the court sees, as `resource.field`."""
    return MATRIX.sees(COURT_ROLES, ("case", "respondent", "order", "deadline", "follow_up"))


def _rows(
    keys: Sequence[int], desk: CourtDesk, texts: Sequence[Callable[[CourtOrderRow], Any]]
) -> Iterator[list[str]]:
    for start in range(0, len(keys), _BATCH):
        some = keys[start : start + _BATCH]
        # The gate again: a stream may outlast a right.
        by_key = desk.orders().select_related(*RELATED).in_bulk(some)
        orders = [by_key[pk] for pk in some if pk in by_key]
        for row in load_rows(orders, now=desk.now):
            yield [text(row) for text in texts]
