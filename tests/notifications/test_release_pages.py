"""Pages for advocates: orders with a release in force, without names, and the safe contact."""

from __future__ import annotations

import copy
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.dates import COURT_TIME, court_date
from accounts.form_middleware import LOST
from accounts.models import AgencyKind, AuditAction, AuditEntry, Role, User
from accounts.services.access.form_keys import new_key
from notifications.models import Alert, ClientChoice, SafeContact, Via
from notifications.pages.client_words import ClientWords
from notifications.services.contacts.preferences import set_language
from notifications.services.delivery import sms_opt_out
from notifications.services.firing.fire import Firer
from orders.models import ConfidentialityRelease, Deadline, DeadlineState, HistoryEntry
from orders.services.clients.answers import client_orders
from orders.services.parties import releases
from tests import make
from tests.accounts.test_second_factor import settings_with
from tests.api.fixtures import Fixtures, add_more, set_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _text_messages(settings: Settings) -> None:
    """A provider of text messages is set."""
    settings.SMS_PROVIDERS = ["twilio"]


SECRETS = ("Ash Birch", "Sky Linden")
CONTACT: dict[str, Any] = {
    "action": "set",
    "channel": "email",
    "address": "quiet.heron@mail.example",
    "phrase": "The herons are back",
    "language": "en",
    "hours_from": "10:00",
    "hours_until": "12:30",
    "confirm_every_days": "30",
    "news": ["served", "proof", "hearing", "extension", "order", "overdue", "return"],
}


@pytest.fixture(scope="module")
def stored(kept_rows: None) -> Fixtures:
    """An order and its release, stored once for all tests."""
    return set_up()


@pytest.fixture
def stage(stored: Fixtures, db: None) -> Fixtures:
    return copy.deepcopy(stored)


@pytest.fixture
def person(stage: Fixtures) -> User:
    return make.person(Role.ADVOCATE, stage.organization)


@pytest.fixture
def advocate(person: User) -> Client:
    return browser(person)


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def path_of(stage: Fixtures) -> str:
    return f"/confidentiality-releases/{stage.release.public_id}/"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return str(answer.content.decode())


def test_the_list_and_the_page_show_the_status_without_names(stage: Fixtures, advocate: Client) -> None:
    pages = [text(advocate.get("/releases/")), text(advocate.get(path_of(stage)))]

    for page in pages:
        for words in (
            stage.order.case.docket_number,
            stage.court.name,
            "No, and the time is over",
            "1 of 2 are handed in.",
            "Court hearing about the guns.",
        ):
            assert words in page
        for secret in (*SECRETS, stage.town.name, stage.police.name, "S-1"):
            assert secret not in page
        assert 'data-exit="https://www.weather.gov"' in page
    for words in (
        "Ex parte restraining order",
        "Firearms and ammunition are surrendered",
        "not recorded here",
    ):
        assert words in pages[1]
    assert [one.cases for one in AuditEntry.objects.all()] == [[stage.order.case.public_id]] * 2


def test_the_way_out_is_a_setting_and_for_advocates(
    stage: Fixtures, advocate: Client, settings: Settings
) -> None:
    settings.EXIT_URL = "https://news.example"

    assert 'data-exit="https://news.example"' in text(advocate.get("/"))
    assert "data-exit" not in text(browser(make.person(Role.LIAISON, stage.police)).get("/"))


def test_no_page_stays_in_the_browser(stage: Fixtures, advocate: Client) -> None:
    assert advocate.get(path_of(stage)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", [one for one in Role if one != Role.ADVOCATE])
def test_who_is_no_advocate_finds_nothing(role: Role, stage: Fixtures) -> None:
    places = {
        Role.CLERK: stage.court,
        Role.JUDGE: stage.court,
        Role.LIAISON: stage.police,
        Role.SUPERVISOR: stage.police,
    }
    if role.value in AgencyKind.values:
        places[role] = make.agency(AgencyKind(role.value))
    reader = browser(make.person(role, places.get(role)))

    assert [reader.get(one).status_code for one in ("/releases/", path_of(stage))] == [404, 404]
    assert reader.post(path_of(stage), CONTACT).status_code == 404


def test_a_release_to_another_organization_is_as_one_that_is_not_there(stage: Fixtures) -> None:
    stranger = browser(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))

    answers = [stranger.get(one) for one in (path_of(stage), f"/confidentiality-releases/{uuid.uuid4()}/")]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    for act in ("set", "confirm", "end", "revoke"):
        assert stranger.post(path_of(stage), CONTACT | {"action": act}).status_code == 404
    assert not SafeContact.objects.exists()
    assert "You see an order after your client signs a release for it." in text(stranger.get("/releases/"))


def test_many_orders_take_as_many_queries_as_few_and_a_page_is_bounded(
    stage: Fixtures, advocate: Client
) -> None:
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            text(advocate.get(path))
        return len(captured)

    few = queries("/releases/"), queries(path_of(stage))
    ConfidentialityRelease.objects.bulk_create(
        ConfidentialityRelease(
            order=make.order(now=stage.now, issued_at=stage.now - timedelta(days=1), court=stage.court),
            agency=stage.organization,
            signed_on=court_date(stage.now),
            begins_at=stage.now - timedelta(hours=1),
            ends_at=stage.now + timedelta(days=1),
        )
        for _ in range(27)
    )
    add_more(stage, 2, make.person(Role.LIAISON, stage.police))

    # Once for all: the last days that the law gives, and a table in which the first order has no row.
    assert queries("/releases/") <= few[0] + 2
    assert queries(path_of(stage)) <= few[1] + 1
    page = text(advocate.get("/releases/"))
    assert page.count("<article") == 25
    assert "?page=2" in page
    assert page.index(stage.order.case.docket_number) < page.index("</article>"), "the most urgent is first"
    assert text(advocate.get("/releases/?page=2")).count("<article") == 5


def test_a_safe_contact_is_saved_shown_once_confirmed_and_ended(stage: Fixtures, advocate: Client) -> None:
    before = HistoryEntry.objects.count()

    page = text(advocate.post(path_of(stage), CONTACT, follow=True))

    assert "The person is notified only in this way." in page
    assert CONTACT["address"] in page
    assert CONTACT["phrase"] not in page
    page = text(advocate.get(path_of(stage)))
    assert "Saved, not shown again" in page
    assert "heron" not in page
    assert "10:00 a.m. to 12:30 p.m., court time" in page
    SafeContact.objects.update(confirmed_at=timezone.now() - timedelta(days=31))
    assert "A safe contact must be confirmed again." in text(advocate.get("/"))
    assert "Confirm again" in text(advocate.get("/releases/"))
    assert "Nothing is sent, because this contact was not confirmed" in text(advocate.get(path_of(stage)))
    page = text(advocate.post(path_of(stage), {"action": "confirm"}, follow=True))
    assert "Confirmed again." in page
    assert "Confirm again" not in text(advocate.get("/releases/"))
    page = text(advocate.post(path_of(stage), {"action": "end"}))
    assert "End this contact?" in page
    assert SafeContact.objects.get().ended_at is None
    page = text(advocate.post(path_of(stage), {"action": "end", "sure": "yes"}, follow=True))
    assert "There is no safe contact, so nothing is sent to the person." in page
    page = text(advocate.post(path_of(stage), {"action": "confirm"}, follow=True))
    assert "The safe contact has already ended." in page
    assert SafeContact.objects.get().encrypted_address == ""
    assert HistoryEntry.objects.count() == before
    assert {one.what for one in AuditEntry.objects.all()} == {"home", "releases", "advocate-release"}


def test_a_change_starts_with_the_hours_that_the_person_chose(stage: Fixtures, advocate: Client) -> None:
    text(advocate.post(path_of(stage), CONTACT, follow=True))

    page = text(advocate.get(path_of(stage)))

    assert 'value="10:00 a.m."' in page
    assert 'value="12:30 p.m."' in page
    assert "What you leave empty is erased." in page
    # The first page links to folded parts of this one, and this file opens them.
    assert "orders/order.js" in page


def test_a_word_that_was_just_used_is_not_refused_in_silence(stage: Fixtures, advocate: Client) -> None:
    for alias in ("Blue Heron", "Red Kite", "Blue Heron"):
        key = text(advocate.get(path_of(stage))).partition('name="form_key" value="')[2].partition('"')[0]
        page = text(
            advocate.post(path_of(stage), {"action": "alias", "alias": alias, "form_key": key}, follow=True)
        )

    assert "The same was saved a few minutes ago." in page


def test_a_number_is_shown_once_as_stored(stage: Fixtures, advocate: Client) -> None:
    number = CONTACT | {"channel": "sms", "address": "860.555.0100", "phrase": ""}

    answer = advocate.post(path_of(stage), number)

    assert "860" not in answer.cookies.output()
    assert "+1 860-555-0100" in text(advocate.get(path_of(stage)))
    assert "555-0100" not in text(advocate.get(path_of(stage)))


def test_a_number_with_letters_is_refused_beside_its_field(stage: Fixtures, advocate: Client) -> None:
    page = text(advocate.post(path_of(stage), CONTACT | {"channel": "sms", "address": "860 555 O1OO"}))

    assert "The number has letters in it" in page
    assert not SafeContact.objects.exists()


def test_an_opted_out_number_is_shown_as_such(stage: Fixtures, advocate: Client) -> None:
    advocate.post(path_of(stage), CONTACT | {"channel": "sms", "address": "+1 860 555 0100"})
    assert "answered STOP" not in text(advocate.get(path_of(stage)))

    sms_opt_out.opt_out("+18605550100", timezone.now())

    assert "No message goes out: this number sent back the word STOP." in text(advocate.get(path_of(stage)))


def test_what_is_set_for_a_day_ahead_is_not_called_done(stage: Fixtures, advocate: Client) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    Deadline.objects.filter(order=stage.order).update(
        state=DeadlineState.MET, met_at=tomorrow, met_in_time=True
    )

    page = text(advocate.get(path_of(stage)))

    assert "It is scheduled for" in page
    assert "recorded as done" not in page


@pytest.mark.parametrize(
    ("state", "proof", "badge", "meaning", "never"),
    [
        (
            "met",
            "sworn_not_verified",
            "Sworn, not verified",
            "own sworn statement. No one has verified it.",
            "as done",
        ),
        ("open", "sworn_not_verified", "Sworn, not verified", "No one has verified it.", "as done"),
        ("overdue", "sworn_not_verified", "Overdue", "No one has verified it.", "Sworn, not verified"),
        ("met", "found_by_court", "Found by the court", "The court found at a hearing", "as done"),
        ("met", "proven", "Proven", "proof is on file for everything", "No one has verified"),
    ],
)
def test_a_statement_is_not_called_done(
    *, state: str, proof: str, badge: str, meaning: str, never: str, stage: Fixtures, advocate: Client
) -> None:
    now, is_late, is_met = timezone.now(), state == "overdue", state == "met"
    Deadline.objects.filter(order=stage.order).update(state=DeadlineState.WITHDRAWN, overdue_at=None)
    Deadline.objects.filter(order=stage.order, rule_id="CT-SUR-01").update(
        state=state,
        proof=proof,
        due_at=now + timedelta(hours=-1 if is_late else 1),
        overdue_at=now if is_late else None,
        met_at=now - timedelta(hours=3) if is_met else None,
        met_in_time=True if is_met else None,
    )

    page = text(advocate.get(path_of(stage)))

    assert f"{badge}</span>" in page
    assert meaning in page
    assert ("not recorded here as done" in page) == is_late
    assert never not in page.replace("not recorded here as done", "").replace("recorded as done, and", "")
    shown = text(advocate.get("/releases/"))
    assert ("Sworn, but not checked" in shown) == proof.startswith("sworn")
    assert "Yes, " not in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"channel": "pigeon"}, "not one of the available choices"),
        ({"address": "heron"}, "Not an email address."),
        ({"address": " "}, "Enter the email address. Or choose"),
        ({"channel": "sms", "address": "12"}, "+1 860 555 0100"),
        ({"phrase": "your court"}, "would show others what this is about"),
        ({"phrase": "{link}"}, "without braces"),
        ({"hours_until": ""}, "Enter both times, or neither."),
        ({"hours_until": "late"}, "is not a time of day."),
        ({"confirm_every_days": "400"}, "less than or equal to 180"),
        ({"confirm_every_days": ""}, "Enter a number for “"),
    ],
)
def test_an_error_is_shown_at_its_field(
    wrong: dict[str, str], said: str, stage: Fixtures, advocate: Client
) -> None:
    page = text(advocate.post(path_of(stage), CONTACT | wrong))

    assert "<title>Error: " in page
    assert said in page
    assert not SafeContact.objects.exists()


def test_an_unknown_action_is_404(stage: Fixtures, advocate: Client) -> None:
    assert advocate.post(path_of(stage), {"action": "fly"}).status_code == 404


def test_a_release_is_revoked_only_with_confirmation(stage: Fixtures, advocate: Client) -> None:
    advocate.post(path_of(stage), CONTACT)
    page = text(advocate.post(path_of(stage), {"action": "revoke"}, follow=True))
    assert "Check the box: the person revokes the release." in page

    page = text(advocate.post(path_of(stage), {"action": "revoke", "sure": "yes"}, follow=True))

    assert "Your organization no longer sees the order." in page
    assert stage.order.case.docket_number not in page
    assert advocate.get(path_of(stage)).status_code == 404
    contact = SafeContact.objects.get()
    assert (contact.encrypted_address, contact.ended_at is not None) == ("", True)


def test_a_notified_advocate_sees_no_name_and_is_not_in_the_history(
    stage: Fixtures, person: User, advocate: Client
) -> None:
    advocate.post(path_of(stage), CONTACT | {"channel": "relay", "address": "", "phrase": ""})
    Firer("test").fire()
    told = Alert.objects.filter(recipient=person)
    assert set(told.values_list("via", flat=True)) == {Via.PERSON, Via.RELAY}
    relay = told.get(via=Via.RELAY, checkpoint__deadline__rule_id="CT-SUR-01")

    home = text(advocate.get("/"))
    notice = text(advocate.get(f"/notices/{relay.public_id}/"))

    assert stage.order.case.docket_number in home
    assert "asked to be notified through you" in notice
    for secret in (*SECRETS, stage.town.name, "S-1"):
        assert secret not in home + notice
    said = text(advocate.post(f"/notices/{relay.public_id}/acknowledge/", follow=True))
    assert "Acknowledged." in said
    assert "in the history of the order" not in said
    assert not HistoryEntry.objects.filter(actor=person).exists()
    liaison = browser(make.person(Role.LIAISON, stage.police))
    assert liaison.get(f"/notices/{relay.public_id}/").status_code == 404


def test_a_release_that_ended_leads_nowhere(stage: Fixtures, person: User, advocate: Client) -> None:
    Firer("test").fire()
    alert = Alert.objects.filter(recipient=person).first()
    assert alert is not None
    releases.revoke_release(stage.release, by=None, now=timezone.now())

    assert advocate.get(f"/notices/{alert.public_id}/").status_code == 404
    assert "You have read everything." in text(advocate.get("/"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"CTC_EXIT_URL": "javascript:history.back()"},
        {"CTC_EXIT_URL": "http://news.example"},
        {"CTC_SAFE_CONTACT_DAYS": "6"},
        {"CTC_SAFE_CONTACT_DAYS": "181"},
    ],
)
def test_a_setting_that_cannot_be_does_not_start(wrong: dict[str, str]) -> None:
    (name,) = wrong

    with pytest.raises(ImproperlyConfigured, match=name):
        settings_with(wrong)


def test_a_report_of_guns_names_no_client_and_opens_the_duty(stage: Fixtures, advocate: Client) -> None:
    today = stage.now.astimezone(COURT_TIME).date().isoformat()

    page = text(advocate.post(path_of(stage), {"action": "report", "known_on": today}, follow=True))

    assert "Reported to the court and police." in page
    entry = HistoryEntry.objects.filter(order=stage.order, kind="firearms_reported").get()
    assert entry.actor is None
    page = text(advocate.post(path_of(stage), {"action": "report", "known_on": today}))
    assert "This was reported today." in page
    page = text(advocate.get(path_of(stage)))
    assert "Reports by your organization that there are still guns" in page
    assert "Still open. No check by police" in page


def test_under_a_release_that_leaves_out_an_answer_no_message_is_offered_or_chosen(
    stage: Fixtures, advocate: Client
) -> None:
    assert 'name="messages"' in text(advocate.get(path_of(stage)))
    ConfidentialityRelease.objects.filter(pk=stage.release.pk).update(covers_hearings=False)

    page = text(advocate.get(path_of(stage)))
    assert "News of this order does not come to you by message." in page
    assert "These always come by message" not in page
    assert 'name="messages"' not in page

    sent = {"action": "choice", "messages": ["served"]}
    assert "News of this order does not come" in text(advocate.post(path_of(stage), sent, follow=True))
    assert not ClientChoice.objects.exists()


def test_each_page_of_a_client_has_its_headings_in_order(stage: Fixtures, advocate: Client) -> None:
    page, sheet = (text(advocate.get(f"{path_of(stage)}{one}")) for one in ("", "sheet/"))

    assert page.count("<h1") == sheet.count("<h1") == 1
    assert "<h2>What to do now</h2>" in page


def test_one_press_changes_the_language_and_stays_on_the_page(stage: Fixtures, advocate: Client) -> None:
    page = text(advocate.post("/language/", {"language": "es", "next": path_of(stage)}, follow=True))

    assert '<html lang="es">' in page
    assert "¿Ya entregó las armas?" in page
    assert "No, y el plazo ya pasó" in page
    for english in (
        "Are the guns handed in?",
        "Search cases",
        ">Find<",
        "(optional)",
        "Through the advocate",
    ):
        assert english not in page
    assert advocate.post("/language/", {"language": "en", "next": "https://elsewhere.example"}).headers[
        "Location"
    ] == ("/")


def test_the_alias_is_shown_in_place_of_the_docket_and_stored_encrypted(
    stage: Fixtures, advocate: Client
) -> None:
    page = text(advocate.post(path_of(stage), {"action": "alias", "alias": "Blue Heron"}, follow=True))

    assert "<h1>Blue Heron</h1>" in page
    assert stage.order.case.docket_number not in text(advocate.get("/"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encrypted_alias FROM orders_confidentialityrelease WHERE encrypted_alias IS NOT NULL"
        )
        assert b"Heron" not in bytes(cursor.fetchone()[0])


def test_a_name_is_no_alias_and_the_answer_does_not_show_whose_name_it_is(
    stage: Fixtures, advocate: Client
) -> None:
    def answer(alias: str) -> str:
        page = text(advocate.post(path_of(stage), {"action": "alias", "alias": alias}))
        return page[page.index('id="id_alias_error"') :].partition("</ul>")[0]

    # The protected person, the respondent in another order of words, and a name of no one.
    refused = {answer(one) for one in ("Ash Birch", "linden, sky", "Birch", "Robert Quill")}
    assert len(refused) == 1
    assert "looks like the name of a person" in refused.pop()
    assert ConfidentialityRelease.objects.get(pk=stage.release.pk).alias == ""
    assert AuditEntry.objects.filter(action=AuditAction.REFUSED).count() == 4
    for kept in ("Blue Heron", "A. B.", ""):
        advocate.post(path_of(stage), {"action": "alias", "alias": kept})
        assert ConfidentialityRelease.objects.get(pk=stage.release.pk).alias == kept


def test_a_report_from_before_the_case_asks_for_a_reason(stage: Fixtures, advocate: Client) -> None:
    old = {"action": "report", "known_on": "2022-01-05"}

    page = text(advocate.post(path_of(stage), old))

    assert "This day is before the court case." in page
    assert '<select name="why"' in page
    assert 'value="2022-01-05"' in page
    page = text(advocate.post(path_of(stage), old | {"why": "kept"}, follow=True))
    assert "Reported to the court and police." in page


def test_the_sheet_for_paper_names_neither_person_nor_case(stage: Fixtures, advocate: Client) -> None:
    page = text(advocate.get(f"{path_of(stage)}sheet/"))

    sheet = page[page.index("<article") : page.index("</article>")]
    assert "No, and the time is over" in sheet
    for secret in (*SECRETS, stage.town.name, stage.court.name, stage.order.case.docket_number):
        assert secret not in sheet


def test_what_a_release_leaves_out_is_nowhere_on_the_pages(stage: Fixtures, advocate: Client) -> None:
    ConfidentialityRelease.objects.update(covers_firearms=False)

    for path in ("/", "/releases/", path_of(stage), f"{path_of(stage)}sheet/"):
        page = text(advocate.get(path))
        assert "Not in the release" in page
        assert "1 of 2 are handed in." not in page
        assert "Report that there are still guns" not in page
    assert advocate.get(f"/api/v1/orders/{stage.order.public_id}").status_code == 404


def test_text_messages_are_refused_where_no_provider_is_set(
    stage: Fixtures, advocate: Client, settings: Settings
) -> None:
    settings.SMS_PROVIDERS = []

    assert "Text message" not in text(advocate.get(path_of(stage)))
    answer = advocate.post(path_of(stage), CONTACT | {"channel": "sms", "address": "860 555 0100"})
    assert "not one of the available choices" in text(answer)
    assert not SafeContact.objects.exists()


def test_a_repeated_form_is_explained_in_the_language_of_the_reader(
    stage: Fixtures, advocate: Client, person: User
) -> None:
    set_language(person, "es")
    once = CONTACT | {"form_key": new_key(person)}
    advocate.post(path_of(stage), once)

    assert "Este formulario ya se guardó" in text(
        advocate.post(path_of(stage), once | {"phrase": "Red kites"})
    )
    with translation.override("es"):
        assert str(LOST).startswith("La sesión se cerró")


@pytest.mark.parametrize(("days", "is_said"), [(0, True), (1, False)])
def test_the_last_day_to_ask_for_video_is_named_as_today(
    stage: Fixtures, days: int, *, is_said: bool
) -> None:
    release = ConfidentialityRelease.objects.select_related("order__case__court").get(pk=stage.release.pk)
    (client,) = client_orders([release], timezone.now())
    words = ClientWords(client=replace(client, remote_until=client.today + timedelta(days=days)))

    (step,) = [one for one in words.steps if "by video" in one]
    assert step.endswith("That is today.") is is_said
