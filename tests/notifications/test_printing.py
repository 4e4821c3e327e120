"""Paper as the last resort: written where nothing else reached anybody, carried, confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Agency, AgencyKind, AuditAction, AuditEntry, Role, User
from notifications import tasks
from notifications.models import Alert, AlertState, Channel, Preference, Via
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery.printing import confirm_handed_over, fall_back_to_paper, to_hand_over
from notifications.services.firing.fire import Firer
from orders.errors import InvalidFact
from orders.models import HistoryEntry, Order
from orders.services.orders import vacatur
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> User:
    return make.person(Role.CLERK, make.agency(AgencyKind.COURT))


@pytest.fixture
def court(clerk: User) -> Agency:
    """The clerk's court, so that it has a member to notify."""
    agency = clerk.memberships.get().agency
    assert agency
    return agency


@pytest.fixture
def police() -> Agency:
    return make.agency(name="Elm Police")


@pytest.fixture
def liaison(police: Agency) -> User:
    return make.person(Role.LIAISON, police)


def fired(court: Agency, police: Agency) -> Order:
    """An order whose surrender check has just fired."""
    now = timezone.now()
    order = make.served_order(
        now=now,
        ago=timedelta(hours=24, minutes=1),
        issued_at=now - timedelta(days=2),
        court=court,
        respondent_town=make.town(police),
        respondent_name="Ash Birch",
        respondent_address="12 Linden Street",
        protected_person="Robin Elm",
    )
    Firer("test").fire(now=now)
    return order


def fail(order: Order, recipient: User | None, *channels: str) -> None:
    """Fail the surrender alerts of this recipient for good, on these channels or all."""
    told = Alert.objects.filter(order=order, recipient=recipient, checkpoint__deadline__rule_id="CT-SUR-01")
    if channels:
        told = told.filter(channel__in=channels)
    assert told.update(state=AlertState.FAILED, last_error="the mail server answered 550") > 0


def printed() -> list[Alert]:
    return list(Alert.objects.filter(channel=Channel.PRINT))


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def typed(at: datetime, to: str = "Sgt. Rowan, badge 12") -> dict[str, str]:
    """The form as somebody fills it in, in court time."""
    local = at.astimezone(ZoneInfo("America/New_York"))
    return {"handed_to": to, "handed_at_0": f"{local:%Y-%m-%d}", "handed_at_1": f"{local:%H:%M:%S%z}"}


def test_where_every_way_failed_a_notice_is_written_once(
    court: Agency, police: Agency, liaison: User
) -> None:
    order = fired(court, police)
    fail(order, liaison)

    tasks.reap()
    tasks.reap()

    (notice,) = printed()
    told = Alert.objects.get(order=order, recipient=liaison, channel=Channel.EMAIL)
    assert (notice.state, notice.via, notice.recipient, notice.agency) == (
        AlertState.ACCEPTED,
        Via.PERSON,
        liaison,
        police,
    )
    assert notice.checkpoint == told.checkpoint
    assert notice.idem_key == told.idem_key.replace(":email:", ":print:")
    assert told.paper_at is not None


def test_a_desk_whose_mail_failed_gets_paper(court: Agency) -> None:
    police = make.agency(email="desk@elm.example")
    order = fired(court, police)
    fail(order, None)

    assert fall_back_to_paper() == 1

    (notice,) = printed()
    assert (notice.via, notice.recipient, notice.agency) == (Via.DESK, None, police)


def test_an_agency_without_members_gets_paper_through_the_clerk(
    court: Agency, police: Agency, clerk: User
) -> None:
    fired(court, police)
    unheard = Alert.objects.filter(via=Via.MISSING, agency=police, checkpoint__deadline__rule_id="CT-SUR-01")
    assert unheard.exists()

    fall_back_to_paper()

    assert {one.via for one in printed() if one.agency == police} == {Via.MISSING}
    assert to_hand_over(clerk).filter(agency=police).exists()


def test_paper_waits_until_the_last_way_has_failed(court: Agency, police: Agency, liaison: User) -> None:
    Preference.objects.create(user=liaison, phone="+18605550100", by_sms=True)
    order = fired(court, police)
    fail(order, liaison, Channel.EMAIL)
    assert fall_back_to_paper() == 0

    fail(order, liaison, Channel.SMS)

    assert fall_back_to_paper() == 1


@pytest.mark.parametrize(
    "state", [AlertState.ACCEPTED, AlertState.DELIVERED, AlertState.IN_DOUBT, AlertState.TEMPORARY_FAILURE]
)
def test_no_paper_while_another_way_may_reach(
    court: Agency, police: Agency, liaison: User, *, state: AlertState
) -> None:
    Preference.objects.create(user=liaison, phone="+18605550100", by_sms=True)
    order = fired(court, police)
    fail(order, liaison, Channel.EMAIL)
    Alert.objects.filter(order=order, channel=Channel.SMS).update(state=state)

    assert fall_back_to_paper() == 0


def test_no_paper_for_a_deadline_that_moved_since(court: Agency, police: Agency, liaison: User) -> None:
    order = fired(court, police)
    fail(order, liaison)
    order.deadlines.update(revision=F("revision") + 1)

    assert fall_back_to_paper() == 0


def test_what_failed_is_looked_at_once(court: Agency, police: Agency, liaison: User) -> None:
    Preference.objects.create(user=liaison, phone="+18605550100", by_sms=True)
    order = fired(court, police)
    fail(order, liaison, Channel.EMAIL)

    fall_back_to_paper()

    assert not Alert.objects.filter(state=AlertState.FAILED, paper_at=None).exists()


def test_no_paper_where_somebody_of_the_agency_answered(court: Agency, police: Agency, liaison: User) -> None:
    colleague = make.person(Role.LIAISON, police)
    order = fired(court, police)
    fail(order, liaison)
    told = Alert.objects.get(order=order, recipient=colleague, checkpoint__deadline__rule_id="CT-SUR-01")
    acknowledge(told, by=colleague, now=timezone.now())

    assert fall_back_to_paper() == 0


def test_no_paper_for_an_outdated_alert(court: Agency, police: Agency, liaison: User) -> None:
    order = fired(court, police)
    fail(order, liaison)
    vacatur.vacate_order(
        order, vacated_at=timezone.now(), reason="granted in error", by=None, now=timezone.now()
    )

    assert fall_back_to_paper() == 0


def test_a_protected_person_and_a_relaying_advocate_get_no_paper(
    court: Agency, police: Agency, liaison: User
) -> None:
    order = fired(court, police)
    fail(order, liaison)
    Alert.objects.filter(order=order, recipient=liaison).update(via=Via.RELAY)

    assert fall_back_to_paper() == 0


def test_deciding_walks_the_index_of_what_is_undecided() -> None:
    with connection.cursor() as cursor:
        # An empty table costs nothing on any way; on this index nothing is to be sorted.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM notifications_alert WHERE state = 6 AND paper_at IS NULL "
            "ORDER BY id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "alert_failed_undecided" in plan


def test_colleagues_who_were_reached_carry_it_and_the_clerk_does_not(
    court: Agency, police: Agency, clerk: User, liaison: User
) -> None:
    colleague = make.person(Role.LIAISON, police)
    order = fired(court, police)
    fail(order, liaison)
    fall_back_to_paper()
    (notice,) = printed()

    assert list(to_hand_over(colleague)) == [notice]
    assert list(to_hand_over(clerk)) == []


def test_a_colleague_reached_on_another_channel_counts_as_reached(
    court: Agency, police: Agency, clerk: User, liaison: User
) -> None:
    colleague = make.person(Role.LIAISON, police)
    Preference.objects.create(user=colleague, phone="+18605550100", by_sms=True)
    order = fired(court, police)
    fail(order, liaison)
    fail(order, colleague, Channel.EMAIL)
    fall_back_to_paper()

    assert list(to_hand_over(clerk)) == []
    assert [one.recipient for one in to_hand_over(colleague)] == [liaison]


def test_the_clerk_hands_it_over_if_no_member_was_reached(
    court: Agency, police: Agency, clerk: User, liaison: User
) -> None:
    order = fired(court, police)
    fail(order, liaison)
    fall_back_to_paper()
    (notice,) = printed()

    assert list(to_hand_over(clerk)) == [notice]
    for stranger in (
        make.person(Role.CLERK, make.agency(AgencyKind.COURT)),
        make.person(Role.JUDGE, court),
        make.person(Role.LIAISON, make.agency()),
        make.person(Role.ADMINISTRATOR),
    ):
        assert list(to_hand_over(stranger)) == []


def test_the_home_page_lists_what_waits_for_a_hand(
    court: Agency, police: Agency, clerk: User, liaison: User
) -> None:
    order = fired(court, police)
    fail(order, liaison)
    fall_back_to_paper()
    (notice,) = printed()
    reader = browser(clerk)

    page = reader.get("/").content.decode()

    assert "Notices to print and hand over" in page
    assert f"/notices/{notice.public_id}/print/" in page
    assert "Notices to print" not in browser(make.person(Role.JUDGE, court)).get("/").content.decode()
    assert order.case.public_id in AuditEntry.objects.filter(action=AuditAction.SEEN).latest("id").cases


def test_home_takes_as_many_queries_for_many_notices_as_for_one(
    court: Agency, police: Agency, clerk: User, liaison: User
) -> None:
    def queries() -> int:
        reader = browser(clerk)
        with CaptureQueriesContext(connection) as captured:
            assert reader.get("/").status_code == 200
        return len(captured)

    fail(fired(court, police), liaison)
    fall_back_to_paper()
    one = queries()
    for _ in range(4):
        fail(fired(court, police), liaison)
    fall_back_to_paper()

    assert len(printed()) == 5
    assert queries() == one


def test_the_sheet_shows_what_is_due_and_never_the_protected_person(
    court: Agency, police: Agency, clerk: User, liaison: User
) -> None:
    order = fired(court, police)
    notice = Alert.objects.get(order=order, recipient=liaison, checkpoint__deadline__rule_id="CT-SUR-01")

    page = browser(clerk).get(f"/notices/{notice.public_id}/print/").content.decode()

    for said in (
        "Elm Police",
        f"For the attention of {liaison.name}",
        "Firearms and ammunition are surrendered",
        "Overdue since",
        order.case.docket_number,
        "Ash Birch, 12 Linden Street",
        "Signature",
    ):
        assert said in page
    assert "Robin Elm" not in page
    assert "style=" not in page
    assert "Record that it was handed over" not in page, "it is no printed notice"


def test_the_sheet_holds_no_more_than_the_addressee_may_see(court: Agency, clerk: User) -> None:
    order = fired(court, make.agency())
    alert = Alert.objects.filter(order=order).first()
    assert alert is not None
    Alert.objects.filter(pk=alert.pk).update(capacity="school")

    page = browser(clerk).get(f"/notices/{alert.public_id}/print/").content.decode()

    assert "Ash Birch" in page
    assert "Linden" not in page


def test_every_notice_offers_to_be_printed(court: Agency, police: Agency, liaison: User) -> None:
    order = fired(court, police)
    address = f"/notices/{Alert.objects.filter(order=order, recipient=liaison)[0].public_id}/"

    assert f'href="{address}print/"' in browser(liaison).get(address).content.decode()


def test_who_does_not_see_the_order_gets_no_sheet(court: Agency, police: Agency, liaison: User) -> None:
    order = fired(court, police)
    address = f"/notices/{Alert.objects.filter(order=order, recipient=liaison)[0].public_id}/print/"

    for stranger in (make.person(Role.LIAISON, make.agency()), make.person(Role.ADMINISTRATOR)):
        assert browser(stranger).get(address).status_code == 404
        assert browser(stranger).post(address).status_code == 404


def test_handing_over_is_recorded(court: Agency, police: Agency, clerk: User, liaison: User) -> None:
    order = fired(court, police)
    fail(order, liaison)
    fall_back_to_paper()
    (notice,) = printed()
    Alert.objects.filter(pk=notice.pk).update(created_at=timezone.now() - timedelta(hours=2))
    reader = browser(clerk)
    address = f"/notices/{notice.public_id}/print/"
    at = (timezone.now() - timedelta(hours=1)).replace(microsecond=0)

    assert "Record that it was handed over" in reader.get(address).content.decode()
    response = reader.post(address, typed(at), follow=True)

    notice.refresh_from_db()
    assert (notice.state, notice.delivered_at, notice.handed_by) == (AlertState.DELIVERED, at, clerk)
    assert "Recorded: the notice was handed over." in response.content.decode()
    event = HistoryEntry.objects.get(kind="notice_handed")
    assert (event.order, event.actor, event.occurred_at) == (order, clerk, at)
    assert event.data == {**notice.for_history, "to": "Sgt. Rowan, badge 12"}
    assert notice.for_history["capacity"] == "respondent_police"
    assert not to_hand_over(clerk).exists()
    assert f"Handed over by {clerk.name}" in reader.get(address).content.decode()
    assert reader.post(address, typed(at)).status_code == 404


@pytest.fixture
def notice(court: Agency, police: Agency, liaison: User) -> Alert:
    """A printed notice that waits for the clerk's hand."""
    fail(fired(court, police), liaison)
    fall_back_to_paper()
    (found,) = printed()
    return found


@pytest.mark.parametrize(
    ("late", "to", "field", "said"),
    [
        (timedelta(hours=1), "Sgt. Rowan", "handed_at", "in the future"),
        (timedelta(days=-2), "Sgt. Rowan", "handed_at", "before the notice was created"),
        (timedelta(), " ", "handed_to", "Enter the name of the person who received it."),
        (timedelta(), "x" * 121, "handed_to", "120"),
    ],
)
def test_an_impossible_value_is_refused_at_its_field(
    notice: Alert, clerk: User, *, late: timedelta, to: str, field: str, said: str
) -> None:
    address = f"/notices/{notice.public_id}/print/"

    response = browser(clerk).post(address, typed(timezone.now() + late, to))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert said in response.context["form"].errors[field][0]
    with pytest.raises(InvalidFact) as refusal:
        confirm_handed_over(notice, by=clerk, to=to, at=timezone.now() + late, now=timezone.now())
    assert refusal.value.field == field
    notice.refresh_from_db()
    assert (notice.state, notice.handed_by) == (AlertState.ACCEPTED, None)
    assert not HistoryEntry.objects.filter(kind="notice_handed").exists()


def test_the_first_confirmation_counts(notice: Alert, clerk: User, liaison: User) -> None:
    now = timezone.now()

    confirm_handed_over(notice, by=clerk, to="Sgt. Rowan", at=now, now=now)
    confirm_handed_over(notice, by=liaison, to="Ofc. Alder", at=now, now=now)

    notice.refresh_from_db()
    assert notice.handed_by == clerk
    assert HistoryEntry.objects.filter(kind="notice_handed").count() == 1
