"""URLs of the API about orders. Each module lists its own beside its views."""

from __future__ import annotations

from orders.api import cautions, coming_service, decisions, hearings, papers, search, service
from orders.api.conditions import conditions, notices
from orders.api.documents import attachments, documents, signatures
from orders.api.exchange import views as exchange
from orders.api.firearms import (
    accounting,
    custody,
    disposals,
    inventory,
    receipts,
    requests,
    return_steps,
    returns,
    statements,
    verifications,
)
from orders.api.follow_ups import (
    actions,
    agency_work,
    follow_ups,
    outside,
    referrals,
    second_looks,
    transfers,
)
from orders.api.orders import (
    case_events,
    cases,
    exceptions,
    extension,
    history,
    licensing,
    modification,
    moving,
    order_cards,
    orders,
    vacatur,
    withdrawal,
)
from orders.api.parties import agencies, persons, protected_persons, related, releases, respondents
from orders.api.planning import deadlines, reference
from orders.api.registry import imports, reviews
from orders.api.reports import compliance

urlpatterns = [
    *cases.urlpatterns,
    *orders.urlpatterns,
    *extension.urlpatterns,
    *modification.urlpatterns,
    *documents.urlpatterns,
    *attachments.urlpatterns,
    *signatures.urlpatterns,
    *exceptions.urlpatterns,
    *vacatur.urlpatterns,
    *withdrawal.urlpatterns,
    *moving.urlpatterns,
    *order_cards.urlpatterns,
    *case_events.urlpatterns,
    *licensing.urlpatterns,
    *history.urlpatterns,
    *respondents.urlpatterns,
    *persons.urlpatterns,
    *related.urlpatterns,
    *protected_persons.urlpatterns,
    *agencies.urlpatterns,
    *releases.urlpatterns,
    *service.urlpatterns,
    *coming_service.urlpatterns,
    *cautions.urlpatterns,
    *papers.urlpatterns,
    *inventory.urlpatterns,
    *accounting.urlpatterns,
    *receipts.urlpatterns,
    *custody.urlpatterns,
    *returns.urlpatterns,
    *requests.urlpatterns,
    *return_steps.urlpatterns,
    *disposals.urlpatterns,
    *statements.urlpatterns,
    *verifications.urlpatterns,
    *hearings.urlpatterns,
    *decisions.urlpatterns,
    *conditions.urlpatterns,
    *notices.urlpatterns,
    *deadlines.urlpatterns,
    *follow_ups.urlpatterns,
    *outside.urlpatterns,
    *second_looks.urlpatterns,
    *actions.urlpatterns,
    *agency_work.urlpatterns,
    *transfers.urlpatterns,
    *referrals.urlpatterns,
    *imports.urlpatterns,
    *reviews.urlpatterns,
    *reference.urlpatterns,
    *compliance.urlpatterns,
    *exchange.urlpatterns,
    *search.urlpatterns,
]
