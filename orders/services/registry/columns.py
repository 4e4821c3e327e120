"""The columns of the three files of an export, each with a description."""

from __future__ import annotations

ORDERS = "orders.csv"
FIREARMS = "firearms.csv"
RECEIPTS = "receipts.csv"

#: Kind of file -> column -> description. The order of the columns in a file is free.
COLUMNS: dict[str, dict[str, str]] = {
    "orders": {
        "por_number": "Number of the order in the registry. Required, and different for each order.",
        "docket_number": "Docket number of the case, such as HHD-FA26-6012345-S. Required.",
        "order_kind": "Kind of order, such as ex_parte_restraining_order. Required.",
        "issued_at": "Date and time of issue: 2026-10-01T12:00-04:00, or court time without it. Required.",
        "expires_on": "Last day of the order, such as 2027-10-01. Empty without an end.",
        "hearing_on": "Day of the hearing on the application. Empty if none is set.",
        "judge": "Judge who hears the application. Empty if not known. The column may be missing.",
        "served_at": "Date and time of service on the respondent. Empty if not served.",
        "service_method": "in_hand, abode, electronic, in_court, mail or unknown. Empty means unknown.",
        "respondent_name": "Name of the respondent. Required.",
        "respondent_dob": "Date of birth of the respondent, such as 1990-01-31. Empty if unknown.",
        "respondent_town": "Town or village in Connecticut where the respondent lives. Required.",
        "protected_person": "Name of the protected person. Empty if it is not to be stored.",
        "address_confidential": "Y if the respondent must not learn the protected person's address, else N.",
        "firearms_indicated": "Y if the application says that the respondent has firearms or ammunition.",
        "firearms_alleged_count": "How many firearms the application alleges. The column may be missing.",
        "permit_held": "Y if the respondent holds a permit or an eligibility certificate, else N.",
    },
    "firearms": {
        "por_number": "Number of the order in the registry. Required.",
        "serial": "Serial number. UNK, NONE, OBLITERATED and the like, or empty, mean that there is none.",
        "make": "Make, as a code or a name.",
        "model": "Model.",
        "caliber": "Caliber, as a code or a name.",
        "firearm_type": "Type, as a code or a name.",
        "source": "Who reported it: application, permit_record, police, receipt or respondent. Required.",
    },
    "receipts": {
        "por_number": "Number of the order in the registry. Required.",
        "kind": "surrender, or non_possession_statement. Required.",
        "at": "Date and time of the surrender or of the statement. Required.",
        "recipient_kind": "police or dealer for a surrender; court for a statement. Required.",
        "recipient_id": "ORI of the police agency, or number of the dealer's federal license.",
        "receipt_number": "Number of the receipt or statement. Required, and different within an order.",
        "serials": "Serial numbers on the receipt, separated by semicolons. Required for a surrender.",
    },
}

#: Columns that a file may leave out.
OPTIONAL = frozenset({"firearms_alleged_count", "judge"})

#: Columns that hold serial numbers, or words for a missing one.
SERIALS = frozenset({"serial", "serials"})

#: Columns that hold a day, and columns that hold an instant.
DAYS = frozenset({"expires_on", "hearing_on", "respondent_dob"})
INSTANTS = frozenset({"issued_at", "served_at", "at"})
#: Columns that one column of theirs may fill together, because each reads its own words of it, or because the
#: court has one number for both.
SHARED = (
    frozenset({"por_number", "docket_number"}),
    frozenset({"por_number", "receipt_number"}),
    frozenset({"order_kind", "service_method", "address_confidential", "firearms_indicated", "permit_held"}),
    frozenset({"firearms_indicated", "firearms_alleged_count"}),
    frozenset({"kind", "recipient_kind"}),
    frozenset({"make", "model", "caliber", "firearm_type"}),
)
#: Columns with a date of birth, and how one begins whose year has two digits: XX68-07-16.
BIRTHS = frozenset({"respondent_dob"})
OPEN_CENTURY = "XX"


def kind_of(name: str) -> str:
    """Return the kind of the file of that name: "orders" for orders.csv."""
    return name.removesuffix(".csv")
