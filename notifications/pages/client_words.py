"""The answers about a client's order in the reader's words, in the language that is active."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext

from accounts.dates import format_clock, format_spoken_day
from orders.models import DeclineReason, HearingPurpose, ReleaseRequest, RequestState, ServiceMethod
from orders.services.clients.answers import ClientOrder, DateKind, EndKind, Holder, Word
from orders.services.clients.reports import Fate, OwnReport
from orders.services.court_days import court_day, zone_of

#: A date this near makes a card urgent; one before the second, soon.
URGENT, SOON = timedelta(days=3), timedelta(days=30)
#: The place of the next date among the answers.
_NEXT = 2
#: The advocate is warned this long before a release ends.
RENEWAL = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer as it is read: a badge with its class, a date in bold, sentences, and what to count on."""

    question: str
    badge: str = ""
    tone: str = ""
    date: str = ""
    text: str = ""
    strong: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientWords:
    """One client's order in words."""

    client: ClientOrder

    @property
    def answers(self) -> list[Answer]:
        """The four answers, in the order in which people ask."""
        found = [self._served(), self._firearms(), self._next_date(), self._ending()]
        # A time such as “9:30 a.m.” ends with the stop of its sentence.
        return [
            replace(one, text=one.text.replace("..", "."), date=one.date.replace("..", ".")) for one in found
        ]

    @property
    def title(self) -> str:
        """The alias that the advocate chose, else the docket number."""
        return self.client.release.alias or self.client.order.case.docket_number

    @property
    def release_ends(self) -> str:
        """The last day of the release, for the end of a sentence: months may be shortened with a stop."""
        last = self.client.release.ends_at - timedelta.resolution
        return self._day(court_day(self.client.order, last)).rstrip(".")

    @property
    def as_of(self) -> str:
        """When these answers were read."""
        return self._instant(self.client.now)

    @property
    def plain_next(self) -> str:
        """The third answer for paper: without the court, which may name the person's town."""
        one = self.client.next_date
        if one.kind is DateKind.HEARING and one.on is not None:
            return f"{_PURPOSES.get(one.purpose, _any_hearing)()} {self._away(one.on)}"
        return self._next_date().text

    @property
    def plain_answers(self) -> list[Answer]:
        """What the release covers, as the person reads it: without the name of a court."""
        answers, hidden = self.answers, gettext("Not in the release")
        if answers[_NEXT].date:
            answers[_NEXT] = replace(answers[_NEXT], text=self.plain_next)
        return [one for one in answers if one.badge != hidden]

    @property
    def plain_return(self) -> str:
        """The earliest day on which guns may go back, while the other side asks for them."""
        day = self.client.return_on
        words = gettext("The other side asked to have the guns back. The first day for it is %(day)s.")
        return (words % {"day": self._day(day)}).replace("..", ".") if day is not None else ""

    @property
    def is_ending(self) -> bool:
        """True if the release ends so soon that it should be renewed."""
        return self.client.release.ends_at <= self.client.now + RENEWAL

    @property
    def urgency(self) -> str:
        """`now`, `soon` or empty: how the card is marked, and the first part of its place in the list."""
        client, firearms = self.client, self.client.firearms
        near = client.next_date.on
        is_open = client.ending.kind not in (EndKind.ENDED, EndKind.VACATED)
        if client.return_on is not None or (is_open and (firearms.word is Word.SWORN or firearms.is_late)):
            return "now"
        if near is not None and near <= client.today + URGENT:
            return "now"
        soon = client.today + SOON
        days = (near, client.ending.on if is_open else None)
        return "soon" if self.is_ending or any(one is not None and one <= soon for one in days) else ""

    @property
    def chip(self) -> str:
        """The mark of the card in words."""
        return {"now": gettext("Act now"), "soon": gettext("Soon")}.get(self.urgency, "")

    @property
    def place(self) -> tuple[int, date]:
        """The place in the list: the most urgent first, then the nearest date."""
        rank = ["now", "soon", ""].index(self.urgency)
        return rank, self.client.next_date.on or self.client.ending.on or date.max

    @property
    def may_report(self) -> bool:
        """True if the page offers to report firearms: the release covers them, and the order is in force."""
        is_over = self.client.ending.kind in (EndKind.ENDED, EndKind.VACATED)
        return self.client.release.covers_firearms and not is_over

    @property
    def steps(self) -> list[str]:
        """What the advocate can do now."""
        client, steps = self.client, []
        word = client.firearms.word
        if client.return_on is not None:
            asked = gettext(
                "The other side asked to have the guns back. The first day for it is %(day)s. "
                "If that is not safe, call police or the court now."
            )
            steps.append(asked % {"day": self._day(client.return_on)})
        if word in (Word.SWORN, Word.NOT_YET, Word.RETURNED, Word.NOT_KNOWN):
            steps.append(gettext("Make a safety plan. Count on guns being there."))
        if self.may_report:
            steps.append(
                gettext(
                    "Does your client know of any guns? Let the court and police know with the button below. "
                    "The other side does not see who reported it."
                )
            )
        if client.served.word is Word.NOT_YET:
            steps.append(gettext("Ask the clerk or the marshal when the papers will be handed over."))
        if client.remote_until is not None:
            remote = gettext("To testify by video, ask the court in writing. The last day is %(day)s.")
            is_last = client.remote_until == client.today
            today = f" {gettext('That is today.')}" if is_last else ""
            steps.append(remote % {"day": self._day(client.remote_until)} + today)
        steps += self._steps_of_dates()
        if self.is_ending:
            steps.append(gettext("Ask your client if you may keep seeing this order. Renew the release."))
        return [one.replace("..", ".") for one in steps]

    def _steps_of_dates(self) -> list[str]:
        one = self.client.next_date
        if one.kind is DateKind.HEARING and one.on is not None:
            return [gettext("Get ready for %(day)s.") % {"day": self._day(one.on)}]
        if one.kind in (DateKind.EXTENSION_OPENS, DateKind.EXTENSION_CLOSES) and one.until is not None:
            return [
                gettext("Ask your client: is the order still needed?"),
                gettext("Help file the request by %(day)s. File it before the order ends.")
                % {"day": self._day(one.until)},
                gettext("Plan for safety. Once it ends, the other side can ask to have the guns back."),
            ]
        return []

    def _served(self) -> Answer:
        question, found = gettext("Has the other side been served?"), self.client.served
        match found.word:
            case Word.NOT_RELEASED:
                return _not_released(question)
            case Word.YES if found.at is not None:
                method = _METHODS.get(found.method)
                text = f"{capfirst(self._instant(found.at))}. {method() if method else ''}".strip()
                return Answer(question=question, badge=gettext("Yes"), tone="met", text=text)
        text = gettext("The other side does not have the papers yet. The time to give up guns starts then.")
        return Answer(question=question, badge=gettext("Not yet"), text=text)

    def _firearms(self) -> Answer:
        question, found = gettext("Are the guns handed in?"), self.client.firearms
        match found.word:
            case Word.NOT_RELEASED:
                return _not_released(question)
            case Word.YES:
                return self._handed_in(question)
            case Word.NOT_KNOWN:
                return Answer(question=question, badge=gettext("Not known"), text=self._unknown())
            case Word.NOT_YET:
                return self._not_handed_in(question)
        return self._in_words(question)

    def _in_words(self, question: str) -> Answer:
        """What was sworn, found by the court, or came back: a sentence with a day, and never a plain yes."""
        strong = gettext("Plan as if the guns are still there.")
        match self.client.firearms.word:
            case Word.FOUND:
                badge, tone, strong = gettext("The judge found so"), "found_by_court", ""
                text = gettext("On %(day)s the judge found that this is settled. Police wrote no receipt.")
            case Word.SWORN:
                badge, tone = gettext("Sworn, but not checked"), "sworn_not_verified"
                text = gettext(
                    "On %(day)s the other side swore to have no guns, or no guns within reach. "
                    "No one has checked."
                )
            case _:
                badge, tone = gettext("The guns went back"), "open"
                text = gettext("Police gave them back on %(day)s.")
        return Answer(
            question=question, badge=badge, tone=tone, text=text % {"day": self._since()}, strong=strong
        )

    def _handed_in(self, question: str) -> Answer:
        found = self.client.firearms
        facts = {"count": found.whole, "day": self._since()}
        match found.holder:
            case Holder.POLICE:
                badge = gettext("Yes, police have them")
                text = ngettext(
                    "%(count)s gun, given to police. The receipt is complete since %(day)s.",
                    "%(count)s guns, given to police. The receipt is complete since %(day)s.",
                    found.whole,
                )
            case Holder.DEALER:
                badge = gettext("Yes, a gun dealer has them")
                text = ngettext(
                    "%(count)s gun, sold to a dealer. There is proof since %(day)s.",
                    "%(count)s guns, sold to a dealer. There is proof since %(day)s.",
                    found.whole,
                )
            case _:
                badge = gettext("Yes")
                text = ngettext(
                    "%(count)s gun. There is proof since %(day)s.",
                    "%(count)s guns. There is proof for each since %(day)s.",
                    found.whole,
                )
        return Answer(question=question, badge=badge, tone="met", text=text % facts)

    def _not_handed_in(self, question: str) -> Answer:
        found, plan = self.client.firearms, gettext("Plan as if the guns are still there.")
        sentences = []
        if found.due_at is not None:
            ends = (
                gettext("The time for it ended %(when)s.")
                if found.is_late
                else gettext("The other side has until %(when)s.")
            )
            sentences.append(ends % {"when": self._instant(found.due_at)})
        else:
            sentences.append(gettext("The time for it starts when the other side has the papers."))
        if found.accounted:
            part = gettext("%(part)s of %(whole)s are handed in.")
            sentences.append(part % {"part": found.accounted, "whole": found.whole})
        badge = gettext("No, and the time is over") if found.is_late else gettext("Not yet")
        tone = "overdue" if found.is_late else "open"
        return Answer(question=question, badge=badge, tone=tone, text=" ".join(sentences), strong=plan)

    def _next_date(self) -> Answer:
        question, found = gettext("What is the next date?"), self.client.next_date
        if found.word is Word.NOT_RELEASED:
            return _not_released(question)
        if found.on is None or found.kind is None:
            text = gettext("No court date is set.")
            return Answer(question=question, badge=gettext("Not known yet"), text=text)
        shown = capfirst(self._day(found.on))
        if found.kind is DateKind.HEARING:
            clock = f", {format_clock(found.at, _language())}" if found.at else ""
            about = _PURPOSES.get(found.purpose, _any_hearing)()
            court = str(self.client.order.case.court)
            return Answer(
                question=question, date=f"{shown}{clock}.", text=f"{about} {court}. {self._away(found.on)}"
            )
        if found.kind is DateKind.EXTENSION_OPENS and found.until is not None:
            text = gettext("Best time to ask for a longer order: %(opens)s to %(until)s.") % {
                "opens": self._day(found.on),
                "until": self._day(found.until),
            }
            return Answer(question=question, date=f"{shown}.", text=text)
        text = gettext("Ask for a longer order by this day.")
        return Answer(question=question, date=f"{shown}.", text=f"{text} {self._away(found.on)}")

    def _ending(self) -> Answer:
        question, found = gettext("When does the order end?"), self.client.ending
        day = self._day(found.on) if found.on else ""
        ended = gettext("It has ended")
        match found.kind:
            case _ if found.word is Word.NOT_RELEASED:
                return _not_released(question)
            case EndKind.DAY if found.on is not None:
                return Answer(question=question, date=f"{capfirst(day)}.", text=self._away(found.on))
            case EndKind.ENDED:
                text = gettext("The last day was %(day)s.") % {"day": day}
                strong = gettext("Plan for safety. The guns may go back.")
                return Answer(question=question, badge=ended, tone="overdue", text=text, strong=strong)
            case EndKind.VACATED:
                text = gettext("The judge ended it on %(day)s.") % {"day": day}
                strong = gettext("Plan for safety. The guns may go back.")
                return Answer(question=question, badge=ended, tone="overdue", text=text, strong=strong)
            case EndKind.HEARING if day:
                text = gettext("It lasts until the hearing on %(day)s. The judge may then order more time.")
                return Answer(question=question, badge=gettext("Not known yet"), text=text % {"day": day})
            case EndKind.HEARING:
                text = gettext("It lasts until the hearing. The judge may then order more time.")
            case EndKind.CASE:
                text = gettext("It lasts until the court case ends.")
            case _:
                text = gettext("The court has not entered a last day.")
        return Answer(question=question, badge=gettext("Not known yet"), text=text)

    def _unknown(self) -> str:
        if self.client.firearms.is_expected:
            return gettext("The court has no proof, or a date is missing. Ask the clerk.")
        return gettext("The court has no report of guns. That does not mean that there are no guns.")

    def _since(self) -> str:
        at = self.client.firearms.since
        return self._day(court_day(self.client.order, at)) if at else ""

    def _day(self, day: date) -> str:
        return format_spoken_day(day, self.client.today, _language())

    def _instant(self, at: datetime) -> str:
        local = at.astimezone(zone_of(self.client.order))
        return f"{self._day(local.date())}, {format_clock(local.time(), _language())}"

    def _away(self, day: date) -> str:
        days = (day - self.client.today).days
        if days == 0:
            return gettext("That is today.")
        return ngettext("%(days)s day from now.", "%(days)s days from now.", days) % {"days": days}


def request_words(request: ReleaseRequest, *, is_in_force: bool) -> str:
    """Return what became of a request for a release. `is_in_force` is about the release that was recorded."""
    match request.state:
        case RequestState.WAITING:
            return gettext("It waits for the clerk.")
        case RequestState.CONFIRMED:
            if is_in_force:
                return gettext("It is recorded.")
            return gettext("It was recorded. The release has ended.")
        case RequestState.WITHDRAWN:
            return gettext("You took it back.")
    return DECLINE_WORDS[request.decline_reason]()


def _not_released(question: str) -> Answer:
    text = gettext("Your client did not agree to share this with you.")
    return Answer(question=question, badge=gettext("Not in the release"), text=text)


def _language() -> str:
    return "es" if (get_language() or "").startswith("es") else "en"


def _any_hearing() -> str:
    return gettext("Court hearing.")


_METHODS: dict[str, Callable[[], str]] = {
    ServiceMethod.IN_HAND: lambda: gettext("The papers were put in the person's hands."),
    ServiceMethod.ABODE: lambda: gettext("The papers were left at the home."),
    ServiceMethod.ELECTRONIC: lambda: gettext("The papers were sent by phone or computer."),
    ServiceMethod.IN_COURT: lambda: gettext("It was done in court."),
    ServiceMethod.MAIL: lambda: gettext("The papers were sent by mail."),
}
_PURPOSES: dict[str, Callable[[], str]] = {
    HearingPurpose.APPLICATION: lambda: gettext("Court hearing about the order."),
    HearingPurpose.COMPLIANCE: lambda: gettext("Court hearing about the guns."),
    HearingPurpose.EXTENSION: lambda: gettext("Court hearing about more time."),
    HearingPurpose.CONTEMPT: lambda: gettext("Court hearing about a broken order."),
}
DECLINE_WORDS: dict[str, Callable[[], str]] = {
    DeclineReason.NO_ORDER: lambda: gettext("The court found no order with this docket number."),
    DeclineReason.UNREADABLE: lambda: gettext("The paper cannot be read. Send it again."),
    DeclineReason.NOT_SIGNED: lambda: gettext("The paper is not signed, or not by the right person."),
    DeclineReason.DIFFERS: lambda: gettext("The paper differs from this. Check it, and send it again."),
}


def report_words(report: OwnReport) -> str:
    """What became of a report that firearms are still there."""
    return {
        Fate.OPEN: gettext("Still open. No check by police and no receipt has closed it."),
        Fate.SETTLED: gettext("Closed since then. See the answer about the guns."),
        Fate.WITHDRAWN: gettext("The court took it back. Ask the clerk why."),
    }[report.fate]
