"""The rulebook: all rules and entries of all states, and what they refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from orders.rules.facts import Facts
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import Announcement, Entry, Rule
from orders.rules.vocabulary import EntryType, Filer, FirearmRecipient, StandardOfProof


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """All rules, by jurisdiction. `version` changes if any file changes."""

    jurisdictions: dict[str, Jurisdiction]
    rules: tuple[Rule, ...]
    version: str
    entries: tuple[Entry, ...] = ()
    announcements: tuple[Announcement, ...] = ()

    def jurisdiction_of(self, facts: Facts) -> Jurisdiction:
        """Return the state of an order with these facts, with the time zone of the order's area."""
        return self.jurisdictions[facts.jurisdiction].in_area(facts.area)

    def entries_of(self, facts: Facts, entry_type: EntryType | None = None) -> list[Entry]:
        """Return the entries about an order with these facts, of one type or of all."""
        return [
            entry for entry in self.entries if entry_type in (None, entry.type) and entry.binds_order(facts)
        ]

    def refusal(self, facts: Facts, recipient: FirearmRecipient) -> str:
        """Return why `recipient` may not take a firearm under this order; empty if it may.

        If no entry names recipients for this order, nothing is refused.
        """
        return self._unless_allowed(facts, EntryType.RECIPIENTS, recipient)

    def custody_refusal(self, facts: Facts, recipient: FirearmRecipient) -> str:
        """Return why `recipient` may not take a firearm that police hold; empty if it may."""
        if any(recipient in entry.from_custody for entry in self.entries_of(facts)):
            return ""
        return self.refusal(facts, recipient)

    def filer_refusal(self, facts: Facts, filer: Filer) -> str:
        """Return why `filer` may not ask for this order; empty if it may or no entry names filers."""
        return self._unless_allowed(facts, EntryType.FILERS, filer)

    def proof_refusal(self, facts: Facts, found: StandardOfProof, filer: str) -> str:
        """Return why `found` is too little for this order; empty if it is enough."""
        entries = self.entries_of(facts)
        return " ".join(entry.citation for entry in entries if entry.requires_more(facts, found, filer))

    def _unless_allowed(self, facts: Facts, entry_type: EntryType, word: str) -> str:
        entries = self.entries_of(facts, entry_type)
        if any(word in entry.allows for entry in entries):
            return ""
        return " ".join(entry.citation for entry in entries)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        """The rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def announced(self) -> dict[str, Announcement]:
        """The announcements by id."""
        return {one.rule.id: one for one in self.announcements}

    @cached_property
    def by_binding(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The rules that may bind an order, by jurisdiction and kind."""
        found: dict[tuple[str, str], dict[str, Rule]] = {}
        for rule in self.rules:
            for bind in rule.binds:
                found.setdefault((rule.jurisdiction, bind.kind.value), {})[rule.id] = rule
        return {key: tuple(rules.values()) for key, rules in found.items()}

    def binding(self, facts: Facts) -> list[Rule]:
        """Return the rules that bind an order with these facts."""
        return [
            rule
            for rule in self.by_binding.get((facts.jurisdiction, facts.kind), ())
            if rule.binds_order(facts)
        ]

    def with_closings(self, closings: dict[str, dict[date, str]]) -> Rulebook:
        """Return the same rulebook with more closed days for each jurisdiction in `closings`."""
        return replace(
            self,
            jurisdictions={
                id_: replace(one, calendar=one.calendar.with_closings(closings.get(id_, {})))
                for id_, one in self.jurisdictions.items()
            },
        )
