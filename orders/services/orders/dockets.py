"""Look up cases by docket number, for those who read who saw a case and see no case themselves."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from orders.matching.dockets import clean_docket, spellings
from orders.models import Case


def cases_with_docket(docket_number: str) -> Iterable[UUID]:
    """Return the public ids of the cases with this docket number, in all courts."""
    written = spellings(clean_docket(docket_number))
    return Case.objects.filter(docket_number__in=written).values_list("public_id", flat=True)
