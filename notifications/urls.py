"""Pages of alerts, releases, preferences and calendars; the health of deadlines; callbacks from providers."""

from __future__ import annotations

from django.urls import path

from notifications.callbacks import email, sms
from notifications.pages import (
    absences,
    board,
    by_pin,
    calendar,
    clients,
    figures,
    health,
    home,
    notices,
    preferences,
    printed,
    release_requests,
    releases,
    school,
    second_looks,
    week,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("board/", board.board_part, name="board-part"),
    path("n/<str:token>", notices.answer, name="answer"),
    path("p/<str:token>", by_pin.by_pin, name="answer-by-pin"),
    path("notices/<uuid:public_id>/", notices.notice, name="notice"),
    path("notices/<uuid:public_id>/acknowledge/", notices.acknowledge_notice, name="acknowledge"),
    path("notices/<uuid:public_id>/open/", notices.acknowledge_and_open, name="acknowledge-and-open"),
    path("notices/<uuid:public_id>/print/", printed.print_notice, name="print-notice"),
    path("school/", school.school_notices, name="school-notices"),
    path("away/", absences.absences, name="absences"),
    path("away/<uuid:public_id>/end/", absences.end, name="absence-end"),
    path("week/", week.week, name="week"),
    path("figures/", figures.figures, name="figures"),
    path("figures/export/", figures.export, name="figures-export"),
    path("figures/looks/<uuid:public_id>/", second_looks.second_look, name="second-look"),
    path("figures/looks/<uuid:public_id>/take-back/", second_looks.take_back_look, name="second-look-back"),
    path("figures/<int:agency>/ceiling/", figures.set_ceiling, name="figures-ceiling"),
    path("figures/<int:agency>/reassign/", figures.reassign, name="figures-reassign"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("language/", clients.set_language, name="language"),
    path("releases/", releases.releases, name="releases"),
    path(
        "confidentiality-releases/<uuid:public_id>/", releases.OneRelease.as_view(), name="advocate-release"
    ),
    path("confidentiality-releases/<uuid:public_id>/sheet/", releases.sheet, name="client-sheet"),
    path("releases/new/", release_requests.AskForRelease.as_view(), name="release-ask"),
    path(
        "confidentiality-releases/<uuid:public_id>/renew/",
        release_requests.AskForRelease.as_view(),
        name="release-renew",
    ),
    path(
        "releases/requests/<uuid:public_id>/take-back/", release_requests.take_back, name="release-take-back"
    ),
    path("releases/to-confirm/", release_requests.ToConfirm.as_view(), name="releases-to-confirm"),
    path(
        "releases/to-confirm/<uuid:public_id>/",
        release_requests.ToConfirm.as_view(http_method_names=["post"]),
        name="release-confirm",
    ),
    path("calendar/", calendar.link, name="calendar"),
    path("calendar/<str:token>.ics", calendar.feed, name="calendar-feed"),
    path("healthz/deadlines", health.deadlines_health, name="deadlines-health"),
    path("callbacks/email/", email.receipt, name="email-receipt"),
    path("callbacks/sms/", sms.inbound, name="sms-inbound"),
    path("callbacks/sms/<uuid:key>/", sms.status, name="sms-status"),
]
