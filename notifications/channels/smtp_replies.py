"""What a mail server's refusal means: is it about this recipient, or about us, our sender or the server?

A wrong setting at the server must not fail alerts, so a refusal is final only if it names the recipient. The
codes are those of RFC 5321, the enhanced status codes those of RFC 3463 and its registry at IANA.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from notifications.channels.protocol import SendResult, SendStatus

#: The first code of a permanent refusal.
PERMANENT = 500
_REFUSALS = range(400, 600)
#: The server closes the connection.
_CLOSING = 421

_ENHANCED = re.compile(r"[45]\.(\d{1,3})\.(\d{1,3})\b")
#: Subjects of enhanced codes: the address, the mailbox.
_ADDRESS, _MAILBOX = 1, 2
#: Subjects about the server or its network.
_SYSTEM = frozenset({3, 4})
#: Codes about the sender among those about addresses: its syntax, its domain.
_OF_SENDER = frozenset({(1, 7), (1, 8)})
#: Some address, the sender or the recipient: the words decide.
_OF_SOME_ADDRESS = (1, 0)
#: The message is too large for a mailbox. Ours are small, so it is a setting.
_OF_SIZE = (2, 3)
#: The subject of security and policy.
_POLICY = 7
#: The recipient's server cannot take this form of address.
_OF_FORM = frozenset({(6, 7), (6, 9), (6, 10)})

#: Codes about a mailbox or its address.
_ABOUT_MAILBOX = frozenset({550, 551, 553, 554, 556})
#: Words by which servers without enhanced codes refuse our sign-in, our sender or our host.
_ABOUT_US = re.compile(
    r"rela(y|is)|authenticat|authori[sz]|sign.?in|log.?in|rcpthosts|sender|\bspf\b|dkim|dmarc|polic|"
    r"block|black.?list|banned|reputation|spam|\bip\b|client|tls|encrypt|quota|rate|too many|"
    r"from address|helo|prohibit|permission|permitted|access|verif|gateway|connection|\bhosts?\b|"
    r"resolve|\bdns\b|reverse|your domain|your address|\bservice\b",
    re.IGNORECASE,
)
#: Words by which servers without enhanced codes state a trouble of their own.
_ABOUT_ITSELF = re.compile(
    r"local (problem|error)|configur|storage|system|queue|disk|resource|\bload\b|busy|look.?up|database|"
    r"internal|\bserver\b",
    re.IGNORECASE,
)
#: The recipient's server asks unknown senders to come back, and then accepts.
_LATER = re.compile(r"gr[ae]y.?list", re.IGNORECASE)
#: Words that name the host of the recipient, and not ours.
_HOST_OF_RECIPIENT = re.compile(r"host (is )?(unknown|not found)|unknown host", re.IGNORECASE)


class Stage(StrEnum):
    """The part of a session that the server answered."""

    SESSION = "the connection"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    DATA = "the message"


@dataclass(frozen=True, slots=True)
class Reply:
    """A refusal: its stage, its code and its text, which may contain an address."""

    stage: Stage
    code: int
    text: bytes | str

    @property
    def words(self) -> str:
        """The text as a string."""
        return self.text.decode("utf-8", "replace") if isinstance(self.text, bytes) else str(self.text)

    @property
    def enhanced(self) -> tuple[int, int] | None:
        """Subject and detail of the enhanced status code; None without one."""
        found = _ENHANCED.match(self.words.lstrip())
        return (int(found[1]), int(found[2])) if found else None


def result_of(reply: Reply, address: str) -> SendResult:
    """Return what a refusal means for the message to `address`. The result does not contain the address."""
    error = f"the mail server answered {reply.code}"
    if reply.code == _CLOSING:
        return SendResult(
            status=SendStatus.DEFERRED, error=error, is_provider_fault=True, is_not_recipient=True
        )
    if reply.code not in _REFUSALS:
        # It is no refusal of anything: this is not a mail server, or it is broken.
        return SendResult(
            status=SendStatus.DEFERRED,
            error=f"{error} to {reply.stage}",
            is_provider_fault=True,
            is_not_recipient=True,
        )
    if reply.enhanced:
        error += f" {reply.code // 100}.{reply.enhanced[0]}.{reply.enhanced[1]}"
    is_permanent = reply.code >= PERMANENT
    if reply.stage in (Stage.SESSION, Stage.SENDER):
        return SendResult(
            status=SendStatus.DEFERRED,
            error=f"{error} to {reply.stage}",
            is_provider_fault=True,
            is_not_recipient=True,
            refuses_us=is_permanent,
        )
    if is_permanent and _names_recipient(reply, address):
        return SendResult(status=SendStatus.REFUSED, error=error)
    if not is_permanent and reply.stage is Stage.RECIPIENT and not _is_about_us(reply, address):
        # The recipient's mailbox is full or its server asks to come back later.
        return SendResult(status=SendStatus.DEFERRED, error=error)
    return SendResult(
        status=SendStatus.DEFERRED,
        error=f"{error} to {reply.stage}",
        is_not_recipient=True,
        refuses_us=is_permanent,
    )


def _names_recipient(reply: Reply, address: str) -> bool:
    """Return True for a permanent refusal of this recipient."""
    words = _without(reply.words, address)
    if reply.enhanced and reply.enhanced[0]:
        if reply.enhanced == _OF_SOME_ADDRESS:
            return not _ABOUT_US.search(words)
        return reply.enhanced in _OF_FORM or (
            reply.enhanced[0] in (_ADDRESS, _MAILBOX)
            and reply.enhanced not in _OF_SENDER
            and reply.enhanced != _OF_SIZE
        )
    if reply.code not in _ABOUT_MAILBOX or _ABOUT_US.search(words):
        return False
    return reply.stage is Stage.RECIPIENT or address.casefold() in reply.words.casefold()


def _without(words: str, address: str) -> str:
    """Return the text without the address, whose letters may spell any word, and without its host."""
    plain = re.sub(re.escape(address), "", words, flags=re.IGNORECASE)
    return _HOST_OF_RECIPIENT.sub("", plain)


def _is_about_us(reply: Reply, address: str) -> bool:
    """Return True for a refusal for now that has to do with us or the server, and not with the recipient."""
    if _LATER.search(reply.words):
        return False
    if reply.code in (432, 454):
        return True
    words = _without(reply.words, address)
    if reply.enhanced and reply.enhanced[0]:
        if reply.enhanced == _OF_SOME_ADDRESS:
            return bool(_ABOUT_US.search(words))
        return reply.enhanced[0] in (*_SYSTEM, _POLICY) or reply.enhanced in _OF_SENDER
    return bool(_ABOUT_US.search(words) or _ABOUT_ITSELF.search(words))
