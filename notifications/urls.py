"""Pages of alerts, and the health of deadlines."""

from __future__ import annotations

from django.urls import path

from notifications import views

urlpatterns = [
    path("", views.home, name="home"),
    path("n/<str:token>", views.answer, name="answer"),
    path("notices/<uuid:public_id>/", views.notice, name="notice"),
    path("notices/<uuid:public_id>/acknowledge/", views.acknowledge_notice, name="acknowledge"),
    path("healthz/deadlines", views.deadlines_health, name="deadlines-health"),
]
