"""Pages of cases, of follow-ups and of the licensing unit, the search, and the compliance report."""

from __future__ import annotations

from django.urls import path

from orders.views import (
    attachments,
    compliance,
    court_day,
    documents,
    follow_ups,
    licensing,
    order_cards,
    search,
)
from orders.views.cases import custody, papers, taken, visit
from orders.views.cases import views as cases
from orders.views.court import closings, hearings, imports, release_requests, reports
from orders.views.desks import views as desks

urlpatterns = [
    path("service/", desks.service_list, name="service-list"),
    path("referrals/", desks.referral_list, name="referral-list"),
    path("licensing/", desks.permit_list, name="permit-list"),
    path("service/pay/", desks.pay_sheet, name="pay-sheet"),
    path("search/", search.search, name="search"),
    path("hearings/", hearings.hearings, name="hearings"),
    path("closings/", closings.closing_year, name="court-closings"),
    path("import/", imports.imports, name="imports"),
    path("import/mappings/remove/", imports.mapping_removed, name="import-mapping-removed"),
    path("import/<uuid:public_id>/", imports.one_import, name="import-page"),
    path("import/<uuid:public_id>/preview/", imports.preview_import, name="import-preview"),
    path("import/<uuid:public_id>/mapping/", imports.import_mapping, name="import-mapping"),
    path("import/<uuid:public_id>/words/", imports.import_words, name="import-words"),
    path("import/<uuid:public_id>/start/", imports.start_import, name="import-start"),
    path("import/<uuid:public_id>/rejects/", imports.import_rejects, name="import-rejects"),
    path("release-requests/", release_requests.waiting, name="release-requests"),
    path("release-requests/<uuid:public_id>/answer/", release_requests.answer, name="release-answer"),
    path("release-requests/<uuid:public_id>/paper/", release_requests.paper, name="release-paper"),
    path("reports/", reports.report, name="reports"),
    path("reports/<slug:name>/", reports.behind, name="report-list"),
    path("compliance/", compliance.compliance, name="compliance"),
    path("licensing/<uuid:public_id>/", licensing.report, name="licensing-page"),
    path(
        "licensing/<uuid:public_id>/reports/<uuid:report_id>/withdraw/",
        licensing.withdraw_report,
        name="licensing-withdraw",
    ),
    path("cases/<uuid:public_id>/", cases.case_page, name="case-page"),
    path("custody/", custody.agency_custody, name="custody"),
    path("custody/<uuid:public_id>/", custody.item, name="custody-item"),
    path("cases/<uuid:public_id>/custody/", custody.case_custody, name="case-custody"),
    path("cases/<uuid:public_id>/custody/labels/", custody.labels, name="case-labels"),
    path("cases/<uuid:public_id>/receipt/", taken.take, name="case-receipt"),
    path("cases/<uuid:public_id>/receipt/<uuid:receipt_id>/", taken.taken, name="case-receipt-taken"),
    path("cases/<uuid:public_id>/pick-up/", papers.pick_up, name="case-pick-up"),
    path("cases/<uuid:public_id>/pick-up/withdraw/", papers.undo_pick_up, name="case-pick-up-withdraw"),
    path("cases/<uuid:public_id>/return-of-service/", papers.service_return, name="case-return"),
    path(
        "cases/<uuid:public_id>/return-of-service/withdraw/",
        papers.undo_return,
        name="case-return-withdraw",
    ),
    path("cases/<uuid:public_id>/serve/", visit.visit, name="case-visit"),
    path("cases/<uuid:public_id>/paper/", cases.case_act, {"name": "receipt"}, name="case-paper"),
    path("cases/<uuid:public_id>/<slug:name>/", cases.case_act, name="case-act"),
    path("documents/days/", court_day.court_day, name="court-day"),
    path(
        "documents/orders/<uuid:public_id>/<slug:kind>/",
        documents.order_document,
        name="document-order",
    ),
    path("documents/hearings/<uuid:public_id>/", documents.hearing_document, name="document-hearing"),
    path("documents/hearings/<uuid:public_id>/bench/", documents.bench_document, name="document-bench"),
    path("documents/orders/<uuid:public_id>/", attachments.order_files, name="order-files"),
    path("files/<uuid:public_id>/", attachments.attachment_page, name="attachment-page"),
    path("files/<uuid:public_id>/content/", attachments.attachment_content, name="attachment-content"),
    path("files/<uuid:public_id>/portrait/", attachments.attachment_portrait, name="attachment-portrait"),
    path("documents/cards/<uuid:public_id>/", order_cards.card_document, name="document-card"),
    path("verify/", order_cards.verify, name="verify-card"),
    path("documents/receipts/<uuid:public_id>/", documents.receipt, name="document-receipt"),
    path("follow-ups/", follow_ups.queue, name="follow-up-queue"),
    path("follow-ups/<uuid:public_id>/", follow_ups.follow_up, name="follow-up-page"),
    path("follow-ups/<uuid:public_id>/<slug:name>/", follow_ups.act, name="follow-up-act"),
]
