"""Pages of alerts, the health of deadlines, and what providers call."""

from __future__ import annotations

from django.urls import path

from notifications import views
from notifications.callbacks import email, sms

urlpatterns = [
    path("", views.home, name="home"),
    path("n/<str:token>", views.answer, name="answer"),
    path("notices/<uuid:public_id>/", views.notice, name="notice"),
    path("notices/<uuid:public_id>/acknowledge/", views.acknowledge_notice, name="acknowledge"),
    path("healthz/deadlines", views.deadlines_health, name="deadlines-health"),
    path("callbacks/email/", email.receipt, name="email-receipt"),
    path("callbacks/sms/", sms.inbound, name="sms-inbound"),
    path("callbacks/sms/<uuid:key>/", sms.status, name="sms-status"),
]
