"""Downloads for other systems: NIEM, the open surrender format, and rows for NODS.

They are streamed. The access log has every case before the first byte leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from accounts.api.fields import DayField
from accounts.api.problems import FieldError, Problem
from accounts.api.renderers import CSVRenderer
from accounts.api.serializers import InputSerializer
from accounts.api.throttles import AccountThrottle, ExchangeThrottle
from accounts.services.access import access_log
from orders.api.base import OrderView
from orders.api.exchange.records import VIEWERS, read_records
from orders.models import Order
from orders.services.desk.tables import csv_lines
from orders.services.exchange.niem import CONTEXT, protection_order
from orders.services.exchange.nods import COLUMNS, nods_row
from orders.services.exchange.surrender import FORMAT, ExchangeRecord, surrender_of

#: One answer has at most so many orders.
MOST_EXCHANGED = 10_000


class ExchangeQuery(InputSerializer):
    """The days of the orders."""

    issued_after = DayField(required=False, help_text="On or after this day.")
    issued_before = DayField(required=False, help_text="Before this day.")


class ExchangeView(OrderView):
    """Base: the orders that the caller sees, in one format."""

    resource = "exchange"
    query = ExchangeQuery
    throttle_classes = (AccountThrottle, ExchangeThrottle)
    media_type: ClassVar[str] = "application/json"

    def get(self, request: Request, *_args: Any, **_kwargs: Any) -> StreamingHttpResponse:
        """Log the cases, then stream the orders."""
        orders = Order.objects.visible_to(self.user, roles=VIEWERS)
        if (after := self.query_data.get("issued_after")) is not None:
            orders = orders.filter(issued_on__gte=after)
        if (before := self.query_data.get("issued_before")) is not None:
            orders = orders.filter(issued_on__lt=before)
        rows = orders.order_by("issued_on", "pk").values_list("pk", "case__public_id")
        found = list(rows[: MOST_EXCHANGED + 1])
        if len(found) > MOST_EXCHANGED:
            message = f"More than {MOST_EXCHANGED:,} orders. Ask for fewer days."
            raise Problem("refused", errors=[FieldError("issued_after", "too_many", message)])
        access_log.log_access(request, {case for _, case in found})
        records = read_records(self.user, [pk for pk, _ in found], self.now)
        return StreamingHttpResponse(self.lines(records), content_type=self.media_type)

    def lines(self, records: Iterator[ExchangeRecord]) -> Iterator[str]:
        """Yield the parts of the answer."""
        raise NotImplementedError

    @classmethod
    def successes(cls) -> Mapping[Any, Any]:
        """Return the responses for the OpenAPI document."""
        return {(200, cls.media_type): OpenApiTypes.OBJECT}


class NiemExport(ExchangeView):
    """Orders, service and surrender as NIEM 6.0 JSON. Its schema is docs/exchange/niem.schema.json."""

    def lines(self, records: Iterator[ExchangeRecord]) -> Iterator[str]:
        """Yield the document."""
        made = {"nc:DateTime": self.now.isoformat()}
        yield f'{{"@context": {_json(CONTEXT)}, "ctc:ProtectionOrderExchange": '
        yield f'{{"nc:DocumentCreationDate": {_json(made)}, "j:ProtectionOrder": ['
        yield from _list(protection_order(one) for one in records)
        yield "]}}\n"


class SurrenderExport(ExchangeView):
    """Orders in the open surrender format. Its schema is docs/exchange/surrender.schema.json."""

    def lines(self, records: Iterator[ExchangeRecord]) -> Iterator[str]:
        """Yield the document."""
        yield f'{{"format": {_json(FORMAT)}, "created_at": {_json(self.now)}, "orders": ['
        yield from _list(surrender_of(one) for one in records)
        yield "]}\n"


class NodsExport(ExchangeView):
    """One line for each order, without names, for the National Open Court Data Standards."""

    media_type = "text/csv"
    renderer_classes = (CSVRenderer,)

    def lines(self, records: Iterator[ExchangeRecord]) -> Iterator[str]:
        """Yield the lines."""
        return csv_lines([*COLUMNS], map(nods_row, records))

    @classmethod
    def successes(cls) -> Mapping[Any, Any]:
        """Return the responses for the OpenAPI document."""
        return {(200, cls.media_type): OpenApiTypes.STR}


def _list(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        yield f"{',' if place else ''}\n{_json(row)}"


def _json(value: Any) -> str:
    return json.dumps(value, cls=JSONEncoder, ensure_ascii=False)


urlpatterns = [
    path("exchange/niem", NiemExport.as_view(), name="exchange-niem"),
    path("exchange/surrender", SurrenderExport.as_view(), name="exchange-surrender"),
    path("exchange/nods", NodsExport.as_view(), name="exchange-nods"),
]
