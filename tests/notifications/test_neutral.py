"""No message contains anything about a case, for any case and any wording."""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from accounts.crypto import encrypt, encrypt_bytes
from accounts.models import AgencyKind, Role
from notifications.channels import email as email_channel
from notifications.models import Alert, AlertState, Channel, Language, MessageTemplate, Preference, Via
from notifications.services.delivery import sending
from notifications.services.delivery.bundles import Bundle
from notifications.services.delivery.links import alert_of, alert_of_person, answer_code
from notifications.services.delivery.outbox import LeasedAlert
from notifications.services.delivery.templates import (
    RenderError,
    Wordings,
    add_wording,
    check_wording,
    fields_of,
    find_forbidden,
    messages,
)
from notifications.services.firing.fire import Firer
from orders.services.firearms import inventory
from tests import make
from tests.ledger import Ledger
from tests.make import NOW

pytestmark = pytest.mark.django_db

#: The reasons for an alert, by the name of the message for one alert.
VIAS: dict[str, list[Via]] = {
    "notice": [one for one in Via if one not in (Via.PROTECTED, Via.OPERATOR, Via.CANARY, Via.MISSING)],
    "correction": [one for one in Via if one not in (Via.PROTECTED, Via.OPERATOR, Via.CANARY, Via.MISSING)],
    "news": [Via.PROTECTED],
    "news_pin": [Via.PROTECTED],
    "system": [Via.OPERATOR],
    "week": [Via.SUPERVISOR],
    # No alert: an answer to a reply, without any field.
    "stopped": [],
}

#: Every message that can be sent: name, number of alerts, reason, channel, language.
KINDS = [
    (name, size, via, channel, language)
    for name, channel in messages()
    for via in VIAS[{"notices": "notice"}.get(name, name)]
    for size in ([2, 37] if name == "notices" else [1])
    for language in Language.values
]

#: What the row of a weekly report holds.
FIGURES = json.dumps(
    {"user_id": 1, "open_week": 4, "open_month": 2, "open_longer": 1, "unanswered": 3, "absent": 0}
)

#: Letters that no word is made of: what holds ten of them in a row is ours.
CANARY = st.text(alphabet="bcdfghjklmnpqrstvwxz", min_size=10, max_size=16).map(str.capitalize)

PHRASE = st.text(alphabet=string.ascii_letters + " áéíñü.,!?'{}", max_size=60).filter(
    lambda phrase: not find_forbidden(phrase)
)

AGO = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400))


@dataclass(frozen=True)
class Secrets:
    """Facts of a case that no message may contain."""

    respondent: str
    protected: str
    street: str
    town: str
    docket: str
    firearm: str

    def all(self) -> list[str]:
        """Each, and each word of it."""
        whole = [self.respondent, self.protected, self.street, self.town, self.docket, self.firearm]
        return [*whole, *(word for one in whole for word in one.split() if len(word) > 3)]


SECRETS = st.builds(
    Secrets,
    respondent=st.builds("{} {}".format, CANARY, CANARY),
    protected=st.builds("{} {}".format, CANARY, CANARY),
    street=st.builds("{} {} Street".format, st.integers(100, 9999), CANARY),
    town=CANARY,
    docket=st.builds("HHD-FA26-{}-S".format, st.integers(1_000_000, 9_999_999)),
    firearm=st.builds("{} SN{}".format, CANARY, st.integers(100_000, 999_999)),
)


@st.composite
def leased(draw: st.DrawFn, secrets: Secrets) -> LeasedAlert:
    """An alert in the hands of a sender; what it knows of the case is all secret."""
    written = NOW - draw(AGO)
    return LeasedAlert(
        now=NOW,
        id=draw(st.integers(1, 2**62)),
        fence=1,
        attempts=draw(st.integers(1, 40)),
        public_id=draw(st.uuids(version=4)),
        channel=Channel.EMAIL,
        via=Via.PERSON,
        recipient=draw(st.integers(1, 2**62)),
        case=draw(st.integers(1, 2**62)),
        agency=draw(st.integers(1, 2**62)),
        release=draw(st.integers(1, 2**62)),
        message_key=draw(st.none() | st.uuids(version=4)),
        bundled=0,
        template="",
        provider=secrets.town,
        created_at=written,
        first_sent_at=draw(st.sampled_from([None, written])),
        purpose=secrets.respondent,
        rule=secrets.docket,
        is_correction=False,
        address=f"{draw(st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=20))}@agency.example",
        encrypted_phrase="",
        is_active=True,
        language="en",
        zone=secrets.street,
        quiet_from=None,
        quiet_until=None,
        digest_at=None,
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Secrets, LeasedAlert, str]:
    """Secrets, an alert of their case, and a protected person's phrase."""
    secrets = draw(SECRETS)
    return secrets, draw(leased(secrets)), draw(PHRASE)


@dataclass(frozen=True)
class Written:
    """What was written for one alert, and all that the message may hold besides the wording."""

    alert: LeasedAlert
    outgoing: sending.Outgoing
    phrase: str

    def faults(self, secrets: Secrets) -> list[str]:
        """Everything in the message that must not be there."""
        message = self.outgoing.message
        texts = [message.subject, message.body]
        if self.alert.channel == Channel.EMAIL:
            texts += _as_sent(email_channel._email(message).message(), self.alert.address)
        if self.phrase:
            # The person's own words.
            texts = [text.replace(self.phrase, "\n", 1) for text in texts]
        return _faults(texts, secrets, self.alert.public_id, answer_code(self.outgoing.bundle.key))


def _as_sent(mail: Mail, address: str) -> list[str]:
    """Headers and body of an email, once it is clear that it goes to that one address."""
    assert [mail.get_all(name) for name in ("To", "Cc", "Bcc")] == [[address], None, None]
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    own = {"Message-ID", "Date", "To"}
    headers = [f"{name}: {value}" for name, value in mail.items() if name not in own]
    return [*headers, body.decode()]


def _faults(texts: list[str], secrets: Secrets, alert: UUID, code: str) -> list[str]:
    found = []
    for text in texts:
        links = re.findall(r"\S*://\S*", text)
        found += [f"a link to {one}" for one in links if not _is_ours(one, alert)]
        # What is drawn by chance may spell a word; it was looked at for itself.
        plain = text
        for drawn in (*links, code):
            plain = plain.replace(drawn, "")
        folded = plain.casefold()
        found += [f"the secret {one}" for one in secrets.all() if one.casefold() in folded]
        if word := find_forbidden(plain):
            found.append(f"the word {word}")
        found += [f"a {brace}" for brace in "{}" if brace in plain]
    return found


def _is_ours(link: str, alert: UUID) -> bool:
    """True for the list, for a supervisor's week, and for the pages of this very alert."""
    parts = urlsplit(link)
    if f"{parts.scheme}://{parts.netloc}" != settings.BASE_URL or parts.query or parts.fragment:
        return False
    return parts.path in ("/", "/week/") or (
        (parts.path.startswith("/n/") and alert_of(parts.path[3:]) == alert)
        or (parts.path.startswith("/p/") and alert_of_person(parts.path[3:]) == alert)
    )


def write_message(
    kind: tuple[str, int, Via, str, str], alert: LeasedAlert, phrase: str, wordings: Wordings
) -> Written:
    """The message of that kind, made as the outbox makes it."""
    name, size, via, channel, language = kind
    is_sealed = via == Via.PROTECTED or channel == Channel.SERVICE
    if channel == Channel.SMS and not is_sealed:
        address = encrypt_bytes(alert.address.encode()).hex()
    else:
        address = encrypt(alert.address) if is_sealed else alert.address
    alert = replace(
        alert,
        via=via,
        channel=channel,
        language=language,
        bundled=size,
        is_correction=name == "correction",
        figures=FIGURES if name == "week" else "",
        address=address,
        encrypted_phrase=encrypt(phrase) if via == Via.PROTECTED else "",
        asks_answer=name == "news_pin",
    )
    bundle = Bundle(key=alert.message_key or alert.public_id, size=size, alerts=(alert,))
    outgoing = sending._outgoing(bundle, wordings)
    return Written(
        alert=replace(alert, address=outgoing.address),
        outgoing=outgoing,
        phrase=phrase if via == Via.PROTECTED else "",
    )


def test_every_shipped_wording_is_proved_here() -> None:
    wordings = Wordings()
    alert = _plain_alert()

    labels = {write_message(kind, alert, "", wordings).outgoing.text.label for kind in KINDS}
    # It is filled in with nothing, so it holds nothing of a case.
    labels |= {wordings.render(("stopped", Channel.EMAIL, one), {}).label for one in Language.values}

    assert labels == {str(one) for one in wordings._in_force.values()}
    assert len(labels) == len(messages()) * len(Language.values)


def test_no_message_contains_anything_of_a_case() -> None:
    wordings = Wordings()

    @how(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases())
    def prove(drawn: tuple[Secrets, LeasedAlert, str]) -> None:
        secrets, alert, phrase = drawn
        for kind in KINDS:
            written = write_message(kind, alert, phrase, wordings)
            assert written.outgoing.address == alert.address
            assert written.faults(secrets) == [], kind

    prove()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("Sign in about your {link}, court papers", "the word court"),
        ("{link} {{code}}", "a {"),
        ("Go to https://elsewhere.example/notice", "a link to https://elsewhere.example/notice"),
        ("{link}?docket=1", "a link to "),
        ("{link} Bcdfghjklmn", "the secret Bcdfghjklmn"),
    ],
)
def test_the_proof_finds_a_wording_that_is_bad(body: str, fault: str) -> None:
    MessageTemplate.objects.create(
        name="notice", channel="email", language="en", version=9, subject="x", body=body, created_at=NOW
    )
    kind = ("notice", 1, Via.PERSON, "email", "en")

    found = write_message(kind, _plain_alert(), "", Wordings()).faults(_plain_secrets())

    assert any(one.startswith(fault) for one in found), found


def test_the_property_finds_a_revealing_link(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = _plain_secrets()
    monkeypatch.setattr(sending, "answer_link", lambda alert: f"{settings.BASE_URL}/orders/{secrets.docket}")

    assert write_message(("notice", 1, Via.PERSON, "sms", "es"), _plain_alert(), "", Wordings()).faults(
        secrets
    )


def test_a_phrase_is_given_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ("news", 1, Via.PROTECTED, "sms", "en")

    body = write_message(kind, _plain_alert(), "Tuesday {link} {0}", Wordings()).outgoing.text.body

    assert body.startswith("Tuesday {link} {0} Please get in touch")


@pytest.mark.parametrize("kind", messages())
def test_english_and_spanish_have_the_same_messages_and_fields(kind: tuple[str, str]) -> None:
    def fields(language: str) -> set[str | None]:
        one = Wordings().in_force((*kind, language))
        return {field for text in (one.subject, one.body) for _, field, *_ in string.Formatter().parse(text)}

    assert fields("en") == fields("es")
    assert fields("en") <= {None, *fields_of(*kind)}


@pytest.mark.parametrize("language", Language.values)
@pytest.mark.parametrize("kind", messages())
def test_every_shipped_wording_would_be_accepted(kind: tuple[str, str], language: str) -> None:
    one = Wordings().in_force((*kind, language))

    check_wording((*kind, language), subject=one.subject, body=one.body)


@pytest.mark.parametrize(
    ("which", "subject", "body", "field", "said"),
    [
        (
            "notice.email",
            "Hello",
            "{link} {docket}",
            "body",
            "“{docket}” is not a field of this message. Use {link}.",
        ),
        (
            "notice.email",
            "{respondent}",
            "{link}",
            "subject",
            "“{respondent}” is not a field of this message.",
        ),
        ("notice.email", "Hello", "{link} {code}", "body", "“{code}” is not a field of this message."),
        ("notice.email", "Hello", "{link!r}", "body", "“{link}” is not a field of this message."),
        ("notice.email", "Hello", "{link:>9}", "body", "“{link}” is not a field of this message."),
        (
            "notice.email",
            "Hello",
            "{link.__class__}",
            "body",
            "“{link.__class__}” is not a field of this message.",
        ),
        ("notice.email", "Hello", "{}", "body", "“{}” is not a field of this message."),
        ("notice.email", "Hello", "{link", "body", "A brace is missing or extra"),
        ("notice.email", "Hello", "{{link}}", "body", "Use braces for fields only: {link}."),
        ("notice.email", "Hello", "Sign in.", "body", "Put {link} in the text, where the link belongs"),
        ("notice.email", "Hello", "Your COURT papers: {link}", "body", "“court” would reveal the subject"),
        ("notice.email", "Ordnung: Order", "{link}", "subject", "“order” would reveal the subject"),
        ("notice.email", "Hello", "{link} or https://x.example", "body", "may link to our own pages only"),
        ("notice.email", "Hello\nBcc: a@b.example", "{link}", "subject", "one line of at most 100"),
        ("notice.email", "x" * 101, "{link}", "subject", "one line of at most 100"),
        ("notice.email", " ", "{link}", "subject", "Enter a subject."),
        ("notice.email", "Hello", "{link}" + "x" * 2000, "body", "2006 characters. Use at most 2000"),
        ("news.email", "Hello", " \n", "body", "Enter a text."),
        ("notice.sms", "Hello", "{link}", "subject", "Text messages have no subject."),
        ("notice.sms", "", "{link} “hello”", "body", "more than twice as long"),
        (
            "notice.sms",
            "",
            "{link}" + "x" * 177,
            "body",
            "307 characters; two parts of a text message hold 306",
        ),
        ("news.sms", "", "{phrase} {link}", "body", "“{link}” is not a field of this message. Use {phrase}."),
    ],
)
def test_an_invalid_wording_is_refused_and_not_stored(
    which: str, subject: str, body: str, field: str, said: str
) -> None:
    name, channel = which.split(".")

    with pytest.raises(ValidationError) as refusal:
        add_wording((name, channel, "en"), subject=subject, body=body, by=None, now=NOW)

    assert list(refusal.value.message_dict) == [field]
    assert said in refusal.value.message_dict[field][0]
    assert not MessageTemplate.objects.exists()


def test_a_text_message_may_fill_its_two_parts() -> None:
    add_wording(("notice", "sms", "en"), subject="", body="{link}" + "x" * 176, by=None, now=NOW)


@pytest.mark.parametrize("body", ["{link", "{0}", "{docket}", "{link.title.x}", "{link[a]}"])
def test_a_wording_that_cannot_be_written_fails_by_its_label(body: str) -> None:
    MessageTemplate.objects.create(
        name="notice", channel="email", language="en", version=2, subject="x", body=body, created_at=NOW
    )

    with pytest.raises(RenderError, match=r"wording notice\.email\.en/2 cannot be filled in"):
        Wordings().render(("notice", "email", "en"), {"link": "x"})


def test_a_subject_of_several_lines_is_poison_for_its_own_message_only() -> None:
    MessageTemplate.objects.create(
        name="notice",
        channel="email",
        language="en",
        version=2,
        subject="a\nb",
        body="{link}",
        created_at=NOW,
    )

    with pytest.raises(RenderError, match=r"notice\.email\.en/2 has a subject of several lines"):
        Wordings().render(("notice", "email", "en"), {"link": "x"})


def test_one_poison_wording_among_twenty_fails_alone(ledger: Ledger) -> None:
    liaisons = [make.person(Role.LIAISON, make.agency()) for _ in range(20)]
    for one in liaisons:
        make.served_order(respondent_town=make.town(one.memberships.get().agency))
    Preference.objects.create(user=liaisons[7], language=Language.SPANISH)
    MessageTemplate.objects.create(
        name="notice", channel="email", language="es", version=2, subject="x", body="{link", created_at=NOW
    )
    Firer("test").fire(now=NOW + timedelta(hours=23))
    ours = Alert.objects.filter(checkpoint__deadline__rule_id="CT-SUR-01", checkpoint__name="check")
    Alert.objects.exclude(pk__in=ours.filter(recipient__in=liaisons)).delete()

    sending.drain(worker="w")

    failed = Alert.objects.get(state=AlertState.FAILED)
    assert failed.recipient == liaisons[7]
    assert failed.last_error == "wording notice.email.es/2 cannot be filled in: ValueError"
    assert Alert.objects.filter(state=AlertState.ACCEPTED).count() == 19
    assert len(ledger.lines()) == 19


def test_the_sent_message_contains_nothing_of_the_case(ledger: Ledger) -> None:
    secrets = _plain_secrets()
    court = make.agency(AgencyKind.COURT, name=f"Superior {secrets.town}")
    police = make.agency(name=f"{secrets.town} Police", email="desk@agency.example")
    town = make.town(police)
    town.name = secrets.town
    town.save()
    people = [
        make.person(Role.CLERK, court),
        make.person(Role.LIAISON, police),
        make.person(Role.SUPERVISOR, police),
    ]
    Preference.objects.create(user=people[1], language=Language.SPANISH)
    for docket in (secrets.docket, "HHD-FA26-2222222-S"):
        order = make.served_order(
            court=court,
            respondent_town=town,
            respondent_name=secrets.respondent,
            respondent_address=secrets.street,
            protected_person=secrets.protected,
            docket_number=docket,
        )
        make_, serial = secrets.firearm.split()
        inventory.list_firearm(order, source="application", make=make_, serial=serial, by=None, now=NOW)
    Firer("test").fire(now=NOW + timedelta(hours=23))

    while sending.drain(worker="w"):
        pass

    lines = ledger.lines()
    assert {tuple(line["to"]) for line in lines} == {(people[0].email,), (people[1].email,)}
    sent = {str(one.message_key): one for one in Alert.objects.exclude(message_key=None)}
    for line in lines:
        headers = line["headers"]
        assert isinstance(headers, dict)
        key = str(line["key"])[1:].partition("@")[0]
        said = [
            f"{name}: {value}" for name, value in headers.items() if name not in ("Message-ID", "Date", "To")
        ]
        assert headers["To"] == line["to"][0]
        alert = sent[key]
        assert _faults([*said, str(line["body"])], secrets, alert.public_id, answer_code(UUID(key))) == []


def _plain_secrets() -> Secrets:
    return Secrets(
        respondent="Bcdfghjklmn Cdfghjklmnp",
        protected="Dfghjklmnpq Fghjklmnpqr",
        street="4711 Ghjklmnpqrs Street",
        town="Hjklmnpqrst",
        docket="HHD-FA26-7654321-S",
        firearm="Jklmnpqrstv SN765432",
    )


def _plain_alert() -> LeasedAlert:
    now = datetime(2026, 12, 4, tzinfo=UTC)
    return LeasedAlert(
        now=now,
        id=1,
        fence=1,
        attempts=1,
        public_id=UUID(int=7, version=4),
        channel="email",
        via="person",
        recipient=1,
        case=1,
        agency=1,
        release=1,
        message_key=None,
        bundled=0,
        template="",
        provider="",
        created_at=now,
        first_sent_at=None,
        purpose="check",
        rule="CT-SUR-01",
        is_correction=False,
        address="one@agency.example",
        encrypted_phrase="",
        is_active=True,
        language="en",
        zone="America/New_York",
        quiet_from=None,
        quiet_until=None,
        digest_at=None,
    )
