"""What the pages show: the demonstration with something of everything, and a person in each role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Absence, Agency, Role, User
from accounts.services import people
from accounts.services.access.tokens import issue_token
from accounts.services.agencies.reference import load_reference
from ctcompliance import demo
from ctcompliance.demo import desks
from ctcompliance.demo.people import PASSWORD, court_in, person
from guidance.services import statistics
from notifications.models import Alert, EscalationStep, Finding, Rehearsal, WebhookSubscription
from notifications.services.delivery.links import answer_link, person_link
from notifications.services.firing.fire import Firer
from orders.models import (
    AttachmentKind,
    Disposition,
    ExportFile,
    LegalHold,
    LookResult,
    Order,
    ReviewItem,
    ReviewKind,
    SecondLook,
)
from orders.services.attachments.attaching import attach_file
from orders.services.clients.release_requests import SignedRelease, ask
from orders.services.registry import jobs
from tests.accounts import sign_in_steps
from tests.make_export import order_row
from tests.orders.documents.test_attachments import PDF
from tests.orders.registry.test_files import written

#: Roles that the demonstration does not have.
_MADE = (Role.SUPERVISOR, Role.AUDITOR, Role.AGENCY_ADMINISTRATOR)


@transaction.atomic
def load(*, week: bool) -> None:
    """Store the demonstration, with its whole week or without, and something of everything else."""
    now = timezone.now()
    load_reference()
    demo.load(now)
    if week:
        demo.load_week(now)
    # Before there are people who may not refer a follow-up.
    _fill_desks(now)
    User.objects.update(must_change_password=False)
    police = person("liaison").memberships.get().agency
    for role in _MADE:
        user = people.create_user(email=f"{role}@a11y.example", name=role.label, password=PASSWORD)
        people.grant_role(user=user, role=role, agency=None if role == Role.AUDITOR else police)
    user = people.create_user(email="factor@a11y.example", name="With an app", password=PASSWORD)
    people.grant_role(user=user, role=Role.CLERK, agency=court_in("Hartford"))
    _fill_court(now)
    _fill_police(now)
    _fill_administration(now)
    Firer("a11y").fire(now=now)


def _fill_desks(now: datetime) -> None:
    """Give the marshal, the school, the licensing unit and the prosecutor something to do."""
    demonstration, _ = demo._prepare(now)
    orders = list(Order.objects.filter(case__court=demonstration.court).order_by("id"))
    for number, order in enumerate(orders[:4]):
        desks.give_to_marshal(demonstration, order, number)
        desks.name_school(demonstration, order)
    desks.know_permit(demonstration, orders[4], is_revoked=True)
    desks.know_permit(demonstration, orders[5], is_revoked=False)
    desks.refer_overdue(demonstration)


def _fill_court(now: datetime) -> None:
    """A file, an import, a release to answer, and a doubtful fact."""
    clerk, order = person("clerk"), Order.objects.order_by("id")[0]
    attach_file(order, kind=AttachmentKind.SIGNED_ORDER, file=PDF, by=clerk, now=now)
    job = jobs.open_job(by=clerk, now=now)
    for name in ExportFile:
        file = written(order_row()).encode() if name == ExportFile.ORDERS else jobs.empty_file(name, "")
        jobs.put_file(job, name, BytesIO(file), most=10_000)
    signed = SignedRelease(
        scope=frozenset({"covers_service"}),
        purpose="safety",
        signed_on=(now - timedelta(days=2)).date(),
        ends_at=now + timedelta(days=30),
        scan=PDF,
    )
    court = order.case.court
    ask(signed, by=person("advocate"), now=now, court=court, docket=order.case.docket_number)
    ReviewItem.objects.create(
        order=order,
        kind=ReviewKind.DOUBTFUL,
        code="like",
        file="orders",
        line=1,
        detail="A receipt for a pistol has no serial number.",
        payload={
            "at": now.isoformat(),
            "agency": None,
            "dealer_license": "",
            "receipt_number": "R-1",
            "kind": "",
            "serials": [],
        },
        created_at=now,
    )


def _fill_police(now: datetime) -> None:
    """A second look of the supervisor."""
    officer = person("liaison")
    police = Agency.objects.get(memberships__user=officer)
    order = Order.objects.filter(case__respondent__town__police=police).order_by("id")[0]
    SecondLook.objects.create(
        order=order,
        agency=police,
        checked_at=now,
        result=LookResult.HOLDS,
        note="Read the records again.",
        looked_at=now,
        looked_by=officer,
    )


def _fill_administration(now: datetime) -> None:
    """What only administrators see."""
    administrator, clerk = person("administrator"), person("clerk")
    court = court_in("Hartford")
    system = people.create_user(email="system@a11y.example", name="A system", is_system=True)
    people.grant_role(user=system, role=Role.CLERK, agency=court)
    issue_token(user=system, name="Registry", scopes=["orders:read"], lasts=timedelta(days=30))
    Absence.objects.create(
        user=clerk, starts_at=now + timedelta(days=2), ends_at=now + timedelta(days=4), recorded_by=clerk
    )
    EscalationStep.objects.create(agency=None, place=1, to="supervisor", after=timedelta(hours=1))
    Finding.objects.create(code="clock", detail="A clock is wrong.")
    Rehearsal.objects.create(
        agency=court_in("New Haven"),
        addresses=["training@court.example"],
        starts_at=now,
        ends_at=now + timedelta(days=9),
        reason="Training",
        started_by=administrator,
    )
    WebhookSubscription.objects.create(
        agency=court,
        url="https://hooks.example/",
        events=["alert.created"],
        encrypted_secret="whsec_a11y",
        created_at=now,
        created_by=clerk,
    )
    LegalHold.objects.create(
        case=Order.objects.order_by("id")[0].case, reason="Appeal", placed_at=now, placed_by=clerk
    )
    Disposition.objects.create(
        retention_class="orders",
        period="75 years",
        source="Schedule",
        ended_before=now.date() - timedelta(days=30_000),
        listed_at=now,
    )
    statistics.release(
        statistics.Quarter(now.year - 1, 4), reason="The first figures", by=administrator, now=now
    )


def user_of(role: str) -> User | None:
    """Return the person in this role; None for a role without an account of its own."""
    found = User.objects.filter(email=f"{role.replace(' ', '_')}@a11y.example").first()
    return found if found or role in _SPECIAL else person(role)


def _with_app(client: Client) -> None:
    user = User.objects.get(email="factor@a11y.example")
    sign_in_steps.password(client, user.email, PASSWORD)
    sign_in_steps.accept(client)
    sign_in_steps.set_up_app(client)


def _before_notice(client: Client) -> None:
    sign_in_steps.password(client, person("judge").email, PASSWORD)


def _before_code(client: Client) -> None:
    sign_in_steps.password(client, "factor@a11y.example", PASSWORD)
    sign_in_steps.accept(client)


def _recently(client: Client) -> None:
    sign_in_steps.password(client, person("New Haven clerk").email, PASSWORD)
    sign_in_steps.accept(client)


#: How to get a session that is no regular one. The order counts: the app is there for the code.
_SPECIAL: dict[str, Callable[[Client], object]] = {
    "no one": lambda client: None,
    "clerk with an app": _with_app,
    "clerk before the code": _before_code,
    "judge before the notice": _before_notice,
    "clerk who just signed in": _recently,
}


def client_of(role: str) -> Client:
    """Return a client in which this person is signed in."""
    client = Client()
    if role in _SPECIAL:
        _SPECIAL[role](client)
    elif user := user_of(role):
        client.force_login(user)
    return client


def starts(role: str) -> list[str]:
    """Return the addresses from which a person walks; the rest is reached by links."""
    alert = Alert.objects.order_by("-id").values_list("public_id", flat=True)[0]
    if role == "no one":
        return [
            "/sign-in/",
            "/sign-in/forgotten/",
            "/help/",
            "/help/es/",
            "/guides/",
            "/guides/es/",
            "/statistics/",
            "/statistics/es/",
            f"/statistics/{timezone.now().year - 1}/4/",
            f"/statistics/{timezone.now().year - 1}/4/es/",
            "/leave/",
            "/missing-page/",
            person_link(alert)[len("http://localhost:8000") :],
        ]
    if role == "judge before the notice":
        return ["/sign-in/use-notice/"]
    if role == "clerk before the code":
        return ["/sign-in/second-factor/"]
    if role in _SPECIAL:
        return [
            "/account/",
            "/account/set-up/",
            "/account/app/add/",
            "/account/passkeys/add/",
            "/account/recovery-codes/",
        ]
    more = {"liaison": [answer_link(alert)[len("http://localhost:8000") :]], "clerk": ["/release-requests/"]}
    return ["/", "/account/", *more.get(role, [])]


def within(role: str) -> str:
    """Return how the addresses of a walk begin. Who signs in again has the same pages as before."""
    return "/account/" if role in _SPECIAL and role != "no one" else "/"
