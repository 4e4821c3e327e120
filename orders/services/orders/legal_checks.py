"""Facts that the law of an order may not allow. A refusal has the words of the rule."""

from __future__ import annotations

from functools import cache

from accounts.models import Agency
from orders.models.orders import MOST_FIREARMS
from orders.rules.facts import Facts, Kind
from orders.rules.model import Entry
from orders.rules.vocabulary import EntryType, Filer, StandardOfProof
from orders.services.one_round import refuse
from orders.services.planning.rulebooks import bundled
from orders.services.validation import need_one_of


def check_alleged_count(count: int | None) -> None:
    """Raise `InvalidFact` for a number of firearms that can only be a typing error."""
    if count is not None and not 0 <= count <= MOST_FIREARMS:
        refuse(
            "firearms_alleged_count",
            "not_a_count",
            f"Enter a number from 0 to {MOST_FIREARMS}, or leave it empty if it is not stated.",
        )


def check_area(jurisdiction: str, area: str) -> str:
    """The area as the rulebook spells it. Raises `InvalidFact` if it has no time zone of its own."""
    if not area.strip():
        return ""
    state = bundled().jurisdictions[jurisdiction]
    named = state.area_named(area)
    if not named:
        remedy = f", or use one of: {', '.join(sorted(state.areas, key=str.casefold))}" if state.areas else ""
        refuse(
            "area",
            "unknown_area",
            f"“{area}” has no time zone of its own in {state.name}. Leave this field empty{remedy}.",
        )
    return named


def check_state(jurisdiction: str, court: Agency) -> None:
    """Raise `InvalidFact` for an order of another state than its court's."""
    if jurisdiction != court.jurisdiction:
        refuse(
            "jurisdiction",
            "court_of_another_state",
            f"{court} is a court of {court.get_jurisdiction_display()}. Leave this field empty, or name a "
            "court of the other state.",
        )


@cache
def filers_of(jurisdiction: str) -> tuple[Filer, ...]:
    """Who may ask courts of the state for an order of any kind; everyone if a kind has no entry about it."""
    entries = _entries_of_every_kind(jurisdiction, EntryType.FILERS)
    return tuple(one for one in Filer if not entries or any(one in entry.allows for entry in entries))


@cache
def standards_of(jurisdiction: str) -> tuple[StandardOfProof, ...]:
    """The standards of proof that are enough for an order of any kind at courts of the state."""
    entries = _entries_of_every_kind(jurisdiction, EntryType.PROOF)
    least = [entry.standard for entry in entries if entry.standard is not None]
    return tuple(
        one for one in StandardOfProof if not least or not all(needed.exceeds(one) for needed in least)
    )


def _entries_of_every_kind(jurisdiction: str, entry_type: EntryType) -> list[Entry]:
    """The entries of one type. If they leave out a kind of order of the state, the list is empty."""
    found = [one for one in bundled().entries if (one.jurisdiction, one.type) == (jurisdiction, entry_type)]
    named = {kind for one in found for kind in one.kinds}
    is_whole = any(not one.kinds for one in found) or named >= {kind.value for kind in kinds_of(jurisdiction)}
    return found if is_whole else []


@cache
def kinds_of(jurisdiction: str) -> tuple[Kind, ...]:
    """The kinds of order that courts of the state issue: those that its rules bind."""
    bound = {kind for state, kind in bundled().by_binding if state == jurisdiction}
    return tuple(kind for kind in Kind if kind.value in bound)


def check_kind(jurisdiction: str, kind: str) -> None:
    """Raise `InvalidFact` for an unknown kind, and for one that courts of the state do not issue."""
    need_one_of("kind", "unknown_order_kind", kind, list(Kind))
    if kind not in kinds_of(jurisdiction):
        state = bundled().jurisdictions[jurisdiction].name
        refuse(
            "kind",
            "kind_of_another_state",
            f"A court of {state} does not issue this kind of order. Choose one of: "
            f"{', '.join(kinds_of(jurisdiction))}.",
        )


def check_asked(facts: Facts, *, filed_by: str, proof_found: str) -> None:
    """Raise `InvalidFact` if the law does not let them file, or requires a higher standard of proof.

    An empty value is not checked. Without a rule nothing is refused.
    """
    if filed_by:
        filer = Filer(need_one_of("filed_by", "unknown_filer", filed_by, list(Filer)))
        if refusal := bundled().filer_refusal(facts, filer):
            refuse("filed_by", "may_not_file", refusal)
    if proof_found:
        found = StandardOfProof(
            need_one_of("proof_found", "unknown_standard", proof_found, list(StandardOfProof))
        )
        if refusal := bundled().proof_refusal(facts, found, filed_by):
            refuse("proof_found", "too_little_proof", refusal)
