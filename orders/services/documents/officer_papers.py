"""Papers for those who serve an order or take firearms. They never name the protected person or a school."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.dates import format_birth_date, format_day, format_instant
from orders.models import Order
from orders.services.court_days import zone_of
from orders.services.documents.blocks import (
    Block,
    Boxed,
    Choices,
    DataTable,
    Document,
    FactGrid,
    Heading,
    Items,
    NewPage,
    Note,
    Paragraph,
    Signatures,
    Signer,
    Write,
)
from orders.services.documents.words import DocumentWords
from orders.services.firearms.accounting import FirearmAccount, account_of
from orders.services.firearms.signatures import signature_svg
from orders.services.firearms.surrender import surrender_deadline

UNKNOWN = "Not recorded"
#: Empty rows of a form to fill in by hand.
_ROWS = 6


def police_notice(order: Order, *, now: datetime) -> Document:
    """Return the notice to police: person, clock, firearms believed held, and a receipt form."""
    docket = order.case.docket_number
    deadline = surrender_deadline(order.deadlines.all(), now)
    due = deadline.due_at if deadline else None
    clock = format_instant(due, zone_of(order)) if due else "It begins when the order is served."
    return Document(
        name=f"police-notice-{docket}",
        title="Notice to police: firearms to be surrendered",
        office=str(order.case.court),
        number=docket,
        foot=[f"Docket {docket}. For police only.", "Times are the court's time."],
        blocks=[
            _person(order),
            Boxed(title="Firearms must be surrendered by", text=clock),
            Heading(text="Believed to be held"),
            *_believed(account_of(order)),
            Heading(text="What to do"),
            Items(
                lines=[
                    "Read the order to the respondent. Ask: do you have firearms or ammunition?",
                    "Take what is handed over. Write a receipt and give the respondent a copy.",
                    "Record it in the system, or send this form to the court on the same day.",
                ]
            ),
            NewPage(),
            Heading(text="Receipt form"),
            Note(text="Use it where the system cannot be reached. List only what you took."),
            Write(labels=["Taken from", "Date and time", "Town", "Officer and badge number"]),
            DataTable(
                columns=["No.", "Item", "Make and model", "Caliber", "Serial number", "Tag"],
                widths=[2, 5, 6, 4, 6, 5],
                rows=[[str(number), "", "", "", "", ""] for number in range(1, _ROWS + 1)],
            ),
            Choices(
                lines=["Nothing was handed over", "The respondent refused", "The respondent was not found"]
            ),
            Signatures(signers=[Signer(caption="Handed over by"), Signer(caption="Taken by")]),
        ],
    )


def service_packet(order: Order, words: DocumentWords) -> Document:
    """Return the papers for service: a cover sheet, what to explain at the door, and the return."""
    docket = order.case.docket_number
    return Document(
        name=f"service-packet-{docket}",
        title="Packet for service",
        office=str(order.case.court),
        number=docket,
        foot=[f"Docket {docket}.", "Times are the court's time."],
        blocks=[
            _person(order),
            Heading(text="Serve these papers"),
            Choices(lines=["The order", "Notice of the duty to surrender firearms", "Notice of the hearing"]),
            Heading(text="Explain at the door"),
            Items(
                lines=[
                    words.text("surrender", "intro"),
                    words.text("surrender", "way_police"),
                    words.text("surrender", "way_dealer"),
                    "Ask: do you have firearms or ammunition? Write the answer on the return.",
                ]
            ),
            NewPage(),
            Heading(text="Return of service"),
            Write(
                labels=["Served on (name)", "Date and time", "Street and town", "Officer and badge number"]
            ),
            Paragraph(text="How", strong=True),
            Choices(lines=["In hand", "At the abode", "Not served: moved", "Not served: not found", "Other"]),
            Paragraph(text="Do you have firearms or ammunition?", strong=True),
            Choices(lines=["Yes", "No", "Refused to answer", "Not asked"]),
            Write(labels=["Notes", " "]),
            Signatures(signers=[Signer(caption="Signature of the officer"), Signer(caption="Date")]),
        ],
    )


def _person(order: Order) -> FactGrid:
    case, person = order.case, order.case.respondent
    served = format_instant(order.served_at, zone_of(order)) if order.served_at else "Not served"
    return FactGrid(
        pairs=[
            ("Respondent", person.name),
            ("Docket", case.docket_number),
            ("Born", format_birth_date(person.date_of_birth) if person.date_of_birth else UNKNOWN),
            ("Court", str(case.court)),
            ("Address", person.address or UNKNOWN),
            ("Order", order.get_kind_display()),
            ("Town", str(person.town)),
            ("Issued", format_day(order.issued_on)),
            ("Served", served),
            ("Last day", format_day(order.expires_on) if order.expires_on else "Not printed"),
        ]
    )


@dataclass(frozen=True, kw_only=True)
class SignedReturn:
    """What an officer signs: the papers that were served. `drawing` is the path of the pen."""

    name: str
    papers: Sequence[str]
    drawing: str
    signed_at: datetime


def return_of_service(order: Order, signed: SignedReturn, *, office: str) -> Document:
    """Return the return of service of an order that was served, with the officer's signature."""
    docket, zone = order.case.docket_number, zone_of(order)
    attempts = order.service_attempts.order_by("attempted_at", "id")
    served = format_instant(order.served_at, zone) if order.served_at else UNKNOWN
    tried: list[Block] = [
        DataTable(
            columns=["When", "Where", "Why it failed"],
            widths=[4, 4, 5],
            rows=[
                [format_instant(one.attempted_at, zone), one.place or UNKNOWN, one.reason] for one in attempts
            ],
        )
    ]
    return Document(
        name=f"return-of-service-{docket}",
        title="Return of service",
        office=office,
        number=docket,
        foot=[f"Docket {docket}.", "Times are the court's time."],
        blocks=[
            _person(order),
            Boxed(title=f"Served: {order.get_service_method_display().lower()}", text=served),
            FactGrid(
                pairs=[
                    ("Officer", order.service_officer or signed.name),
                    ("In custody", "Yes" if order.served_in_custody else "No"),
                    ("Asked about firearms", order.get_firearms_answer_display() or "No answer recorded"),
                ]
            ),
            Heading(text="Papers served"),
            Items(lines=list(signed.papers)),
            Heading(text="Attempts before"),
            *(tried if attempts else [Paragraph(text="No failed attempt is recorded.")]),
            Paragraph(text="I served these papers on the respondent as stated above."),
            Signatures(
                signers=[
                    Signer(
                        caption=f"{signed.name}, {format_instant(signed.signed_at, zone)}",
                        drawing=signature_svg(signed.drawing),
                        alt="Signature of the officer",
                    )
                ]
            ),
        ],
    )


def _believed(account: FirearmAccount) -> list[Block]:
    if not account.open_items and not account.unlisted:
        return [Paragraph(text="Nothing is open: everything that is known is accounted for.")]
    found: list[Block] = [Paragraph(text=f"{account.accounted} of {account.whole} accounted for.")]
    if account.open_items:
        found.append(
            DataTable(
                columns=["Item", "Believed to be"],
                widths=[3, 2],
                rows=[[str(one), one.believed_place or UNKNOWN] for one in account.open_items],
            )
        )
    if account.unlisted:
        found.append(Note(text=f"{account.unlisted} more are alleged and not on the list."))
    return found
