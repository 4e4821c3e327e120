"""Facts that the law of an order may not allow, refused in the rule's own words where they are entered."""

from __future__ import annotations

from orders.errors import InvalidFact
from orders.rules.facts import Facts
from orders.rules.rulebook import Filer, Standard
from orders.services.calendar import bundled
from orders.services.change import need_one_of


def check_area(jurisdiction: str, area: str) -> str:
    """The area as the rulebook writes it. Raises `InvalidFact` where the state keeps no other time there."""
    if not area.strip():
        return ""
    state = bundled().jurisdictions[jurisdiction]
    named = state.area_named(area)
    if not named:
        remedy = f", or give one of {', '.join(sorted(state.areas, key=str.casefold))}" if state.areas else ""
        raise InvalidFact(
            "area", "unknown_area", f"{state.name} keeps no other time in “{area}”. Leave it empty{remedy}."
        )
    return named


def check_asked(facts: Facts, *, filed_by: str, proof_found: str) -> None:
    """Raises `InvalidFact` where the law does not let them file, or asks the court to find more.

    What is not stated is not checked, and where no rule speaks nothing is refused.
    """
    if filed_by:
        filer = Filer(need_one_of("filed_by", "unknown_filer", filed_by, list(Filer)))
        if refusal := bundled().filer_refusal(facts, filer):
            raise InvalidFact("filed_by", "may_not_file", refusal)
    if proof_found:
        found = Standard(need_one_of("proof_found", "unknown_standard", proof_found, list(Standard)))
        if refusal := bundled().proof_refusal(facts, found, filed_by):
            raise InvalidFact("proof_found", "too_little_proof", refusal)
