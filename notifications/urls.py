"""Pages of alerts, of advocates and of how people are told; the health of deadlines; what providers call."""

from __future__ import annotations

from django.urls import path

from notifications import calendar, paper, views
from notifications.callbacks import email, sms
from notifications.pages import preferences, releases

urlpatterns = [
    path("", views.home, name="home"),
    path("n/<str:token>", views.answer, name="answer"),
    path("notices/<uuid:public_id>/", views.notice, name="notice"),
    path("notices/<uuid:public_id>/acknowledge/", views.acknowledge_notice, name="acknowledge"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("releases/", releases.releases, name="releases"),
    path("releases/<uuid:public_id>/", releases.OneRelease.as_view(), name="advocate-release"),
    path("notices/<uuid:public_id>/print/", paper.print_notice, name="print-notice"),
    path("calendar/", calendar.link, name="calendar"),
    path("calendar/<str:token>.ics", calendar.feed, name="calendar-feed"),
    path("healthz/deadlines", views.deadlines_health, name="deadlines-health"),
    path("callbacks/email/", email.receipt, name="email-receipt"),
    path("callbacks/sms/", sms.inbound, name="sms-inbound"),
    path("callbacks/sms/<uuid:key>/", sms.status, name="sms-status"),
]
