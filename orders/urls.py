"""Pages of follow-ups."""

from __future__ import annotations

from django.urls import path

from orders.views import follow_ups

urlpatterns = [
    path("follow-ups/", follow_ups.queue, name="follow-up-queue"),
    path("follow-ups/<uuid:public_id>/", follow_ups.follow_up, name="follow-up-page"),
    path("follow-ups/<uuid:public_id>/<slug:name>/", follow_ups.act, name="follow-up-act"),
]
