"""The rows. Every write goes through `orders.services`."""

from __future__ import annotations

from orders.models.case import Case, ProtectedPerson, Respondent
from orders.models.closing import CourtClosing
from orders.models.concern import Capacity, Concern
from orders.models.court_rule import CourtRule
from orders.models.deadline import Checkpoint, CheckpointState, Deadline, DeadlineState
from orders.models.event import Event
from orders.models.follow_up import (
    Attempt,
    AttemptKind,
    AttemptResult,
    FollowUp,
    HandOver,
    Referral,
    ReferralOutcome,
)
from orders.models.happening import (
    Happening,
    Hearing,
    HearingOutcome,
    HearingPurpose,
    Sending,
    ServiceAttempt,
)
from orders.models.import_job import (
    ExportFile,
    ImportFile,
    ImportJob,
    ImportPiece,
    ImportReject,
    ImportState,
)
from orders.models.order import CANARY_JURISDICTION, FiledBy, Order, OrderKind, ProofFound, ServiceMethod
from orders.models.release import Release
from orders.models.surrender import (
    Confirmed,
    Firearm,
    FirearmReturn,
    FirearmSource,
    FirearmStatus,
    Permit,
    Receipt,
    ReceiptItem,
    ReceiptKind,
    Statement,
    StatementKind,
)
from orders.models.term import OrderTerm

__all__ = [
    "CANARY_JURISDICTION",
    "Attempt",
    "AttemptKind",
    "AttemptResult",
    "Capacity",
    "Case",
    "Checkpoint",
    "CheckpointState",
    "Concern",
    "Confirmed",
    "CourtClosing",
    "CourtRule",
    "Deadline",
    "DeadlineState",
    "Event",
    "ExportFile",
    "FiledBy",
    "Firearm",
    "FirearmReturn",
    "FirearmSource",
    "FirearmStatus",
    "FollowUp",
    "HandOver",
    "Happening",
    "Hearing",
    "HearingOutcome",
    "HearingPurpose",
    "ImportFile",
    "ImportJob",
    "ImportPiece",
    "ImportReject",
    "ImportState",
    "Order",
    "OrderKind",
    "OrderTerm",
    "Permit",
    "ProofFound",
    "ProtectedPerson",
    "Receipt",
    "ReceiptItem",
    "ReceiptKind",
    "Referral",
    "ReferralOutcome",
    "Release",
    "Respondent",
    "Sending",
    "ServiceAttempt",
    "ServiceMethod",
    "Statement",
    "StatementKind",
]
