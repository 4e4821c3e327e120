"""People who are alerted can act: one predicate chooses them, and every column that it reads can be set."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.admin.agencies import AgencyAdmin
from accounts.admin.people import MembershipInline, UserAdmin
from accounts.models import Absence, AgencyKind, AuditAction, AuditEntry, Membership, Role, User
from accounts.predicates import can_act, can_act_sql
from notifications.forms.preferences import PreferenceForm
from notifications.models import Alert, AlertState, PendingAcknowledgment, Via
from notifications.services.delivery.resend import resend, unsent_alert
from notifications.services.escalation.cover import cover
from notifications.services.escalation.escalation import escalate, load_steps
from notifications.services.firing.fire import Firer
from notifications.services.firing.fire_sql import FIRE
from notifications.services.recipients.recipients import administrators, reachable_members
from orders.models import FollowUp
from orders.services.follow_ups.actions import assignable
from orders.services.follow_ups.transfers import answer_transfer, offer_transfer
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import backup, set_up

pytestmark = pytest.mark.django_db


def _away(user: User) -> None:
    # From before the tests' events until long after the database's clock.
    Absence.objects.create(
        user=user, recorded_by=user, starts_at=NOW - timedelta(days=400), ends_at=NOW + timedelta(days=4000)
    )


#: What makes an account one that cannot act, by name.
CANNOT: dict[str, Callable[[User], Any]] = {
    "away": _away,
    "inactive": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "locked": lambda user: User.objects.filter(pk=user.pk).update(locked_at=NOW),
    "system": lambda user: User.objects.filter(pk=user.pk).update(is_system=True),
}
cannot = pytest.mark.parametrize("state", sorted(CANNOT))
#: People who are absent for now, unlike an account that is closed or was never a person's.
ABSENT = ("away", "locked")


def vias(alerts: list[Alert]) -> set[tuple[User | None, str]]:
    return {(one.recipient, one.via) for one in alerts}


@cannot
def test_fire_alerts_backup_in_place_of_one_who_cannot_act(state: str) -> None:
    fixture = set_up()
    second, chief = backup(fixture.police), make.person(Role.SUPERVISOR, fixture.police)
    CANNOT[state](fixture.liaison)

    found = fixture.fire(["respondent_police"])

    # With someone absent, the supervisor is not left to a later step of the ladder.
    both = {(second, Via.BACKUP), (chief, Via.SUPERVISOR)}
    assert vias(found) == (both if state in ABSENT else {(second, Via.BACKUP)})
    checkpoint = found[0].checkpoint
    assert checkpoint is not None
    assert FollowUp.objects.get(deadline=checkpoint.deadline).assigned_to == second


@cannot
def test_a_colleague_who_can_act_is_alerted_alone(state: str) -> None:
    fixture = set_up()
    colleague = make.person(Role.LIAISON, fixture.police)
    backup(fixture.police)
    CANNOT[state](fixture.liaison)

    assert vias(fixture.fire(["respondent_police"])) == {(colleague, Via.PERSON)}


@cannot
def test_an_agency_without_anyone_who_can_act_falls_back_to_administrators(state: str) -> None:
    fixture = set_up()
    known, unable = make.person(Role.ADMINISTRATOR), make.person(Role.ADMINISTRATOR)
    CANNOT[state](fixture.liaison)
    CANNOT[state](unable)

    assert vias(fixture.fire(["respondent_police"])) == {(known, Via.FALLBACK)}
    assert administrators() == [known.pk]


def test_locked_administrators_are_alerted_if_no_other_is_left() -> None:
    fixture = set_up()
    only = make.person(Role.ADMINISTRATOR)
    CANNOT["locked"](only)
    CANNOT["locked"](fixture.liaison)

    assert vias(fixture.fire(["respondent_police"])) == {(only, Via.FALLBACK)}


@cannot
def test_the_ladder_skips_one_who_cannot_act(state: str) -> None:
    load_steps()
    fixture = set_up()
    unable, chief = backup(fixture.police), make.person(Role.SUPERVISOR, fixture.police)
    CANNOT[state](unable)
    fixture.fire(["respondent_police"])
    PendingAcknowledgment.objects.update(next_step_at=F("asked_at"))

    escalate()

    found = list(Alert.objects.filter(agency=fixture.police))
    assert vias(found) == {(fixture.liaison, Via.PERSON), (chief, Via.SUPERVISOR)}


@cannot
def test_transfers_and_owners_leave_out_one_who_cannot_act(state: str) -> None:
    police, other = make.agency(), make.agency()
    liaison, colleague = make.person(Role.LIAISON, police), make.person(Role.LIAISON, police)
    elsewhere, unable = make.person(Role.LIAISON, other), make.person(Role.LIAISON, other)
    order = make.served_order(respondent_town=make.town(police), ago=timedelta(hours=25))
    Firer("test").fire(now=NOW)
    Alert.objects.all().delete()
    follow_up = FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01")
    FollowUp.objects.filter(pk=follow_up.pk).update(assigned_to=liaison)
    CANNOT[state](unable)
    CANNOT[state](liaison)

    offer = offer_transfer(follow_up, to_agency=other, reason="lives there now", by=colleague, now=NOW)
    answer_transfer(offer, accepted=False, reason="moved on", by=elsewhere, now=NOW)

    assert vias(list(Alert.objects.all())) == {(elsewhere, Via.PERSON), (colleague, Via.PERSON)}
    assert set(assignable(follow_up)) == {colleague}
    assert set(reachable_members().values_list("user", flat=True)) == {elsewhere.pk, colleague.pk}


@cannot
def test_an_alert_that_is_sent_again_reaches_those_who_can_act(state: str) -> None:
    fixture = set_up()
    second = backup(fixture.police)
    (alert,) = fixture.fire(["respondent_police"])
    Alert.objects.filter(pk=alert.pk).update(state=AlertState.FAILED)
    CANNOT[state](fixture.liaison)

    resend(unsent_alert(alert.public_id), by=make.person(Role.ADMINISTRATOR), now=NOW)
    cover()

    assert (second, Via.BACKUP) in vias(list(Alert.objects.filter(agency=fixture.police)))


def test_both_forms_of_the_predicate_agree_and_who_is_away_may_sign_in() -> None:
    able = make.person(Role.LIAISON, make.agency())
    for state in sorted(CANNOT):
        CANNOT[state](make.person(Role.LIAISON, make.agency()))

    by_sql = User.objects.raw(f"SELECT u.* FROM accounts_user u WHERE {can_act_sql('u')}")

    assert list(User.objects.filter(can_act())) == list(by_sql) == [able]
    away = Absence.objects.get().user
    now = timezone.now()
    in_use = {one for one in User.objects.all() if one.is_person_in_use(now) and one.locked_at is None}
    assert in_use == {able, away}


# ---- every column that routing reads can be set ------------------------------------------------------------

#: The screen that writes each column, by alias in FIRE: its fields. `locked_at` is set by wrong attempts and
#: cleared by an act.
FIELDS: dict[str, set[Any]] = {
    "m": set(MembershipInline.fields),
    "g": set(AgencyAdmin.fields),
    "agency": set(AgencyAdmin.fields),
    "u": {"is_active", "is_system", "locked_at"},
    "p": {{"service": "encrypted_service"}.get(one, one) for one in PreferenceForm.base_fields},
}
#: Keys, and the person whose page shows the inline.
KEYS = {"id", "user_id"}


@pytest.mark.parametrize("alias", sorted(FIELDS))
def test_every_column_that_routing_reads_has_a_screen(alias: str) -> None:
    read = set(re.findall(rf"\b{alias}\.(\w+)", FIRE)) - KEYS

    assert {one.removesuffix("_id") for one in read} <= FIELDS[alias]
    assert read


def test_the_columns_of_an_account_are_set_on_its_page() -> None:
    screen = admin.site.get_model_admin(User)

    assert {"unlock", "deactivate", "reactivate"} <= set(screen.actions or [])
    assert MembershipInline in screen.inlines
    assert "is_system" in UserAdmin.add_fieldsets[0][1]["fields"]


def test_an_administrator_sets_a_backup_and_the_access_log_has_it() -> None:
    desk, police = Client(), make.agency()
    desk.force_login(make.person(Role.ADMINISTRATOR))
    user = make.person(Role.LIAISON, police)
    held = user.memberships.get()
    form = {"memberships-0-id": held.pk, "memberships-0-user": user.pk, "memberships-0-role": held.role}

    answer = desk.post(
        f"/admin/accounts/user/{user.pk}/change/",
        {"email": user.email, "name": user.name, "is_active": "on", "memberships-0-agency": police.pk}
        | {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1, "memberships-0-is_backup": "on"}
        | {"memberships-0-receives_alerts": "on", **form},
    )

    assert answer.status_code == 302
    assert Membership.objects.get(pk=held.pk).is_backup
    entry = AuditEntry.objects.get(action=AuditAction.ACCOUNT_CHANGED)
    assert (entry.subject, entry.detail["fields"]) == (user, ["is_backup"])


def test_an_administrator_makes_an_agency_serve_the_whole_state() -> None:
    desk, unit = Client(), make.agency(AgencyKind.LICENSING)
    desk.force_login(make.person(Role.ADMINISTRATOR))
    fields = {"name": unit.name, "kind": unit.kind, "jurisdiction": unit.jurisdiction, "docket_prefixes": ""}

    answer = desk.post(
        f"/admin/accounts/agency/{unit.pk}/change/",
        {**fields, "email": "desk@unit.example", "answers_for_state": "on"},
    )

    assert answer.status_code == 302
    unit.refresh_from_db()
    assert (unit.answers_for_state, unit.email) == (True, "desk@unit.example")
    entry = AuditEntry.objects.get(action=AuditAction.DIRECTORY_CHANGED)
    assert entry.detail["fields"] == ["answers_for_state", "email"]
