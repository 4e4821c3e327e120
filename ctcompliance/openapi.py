"""Settings of the OpenAPI document."""

from __future__ import annotations

SETTINGS = {
    "TITLE": "ctcompliance",
    "DESCRIPTION": "Protective orders, the deadlines that follow from them, and alerts about these.",
    "VERSION": "1.0.0",
    "CONTACT": {"name": "The operator of this installation: see /.well-known/security.txt"},
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.api.schema.announce",
    ],
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    # A PATCH requires the reason of the correction.
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "AgencyKindEnum": "accounts.models.AgencyKind",
        "AttemptKindEnum": "orders.models.AttemptKind",
        "AttemptReasonEnum": "orders.models.AttemptReason",
        "DeadlineStateEnum": "orders.models.GIVEN_STATES",
        "CustodyRequestKindEnum": "orders.models.CustodyRequestKind",
        "LookResultEnum": "orders.models.LookResult",
        "ResultEnum": "orders.models.AttemptResult",
        "ReturnConditionEnum": "orders.models.Confirmed",
        "ReturnOutcomeEnum": "orders.models.ReturnOutcome",
        "DisposalKindEnum": "orders.models.DisposalKind",
        "CaseEventKindEnum": "orders.services.orders.case_events.RECORDABLE",
        "HearingOutcomeInputOutcomeEnum": "orders.api.hearings.HELD",
        "HearingPurposeEnum": "orders.models.HearingPurpose",
        "SubscriptionStateEnum": "notifications.api.webhooks.STATES",
        "ImportStateEnum": "orders.models.ImportState",
        "ReleasePurposeEnum": "orders.models.ReleasePurpose",
        "LicensingReportKindEnum": "orders.models.LicensingReportKind",
        "OrderKindEnum": "orders.models.OrderKind",
        "ReceiptKindEnum": "orders.models.ReceiptKind",
        "ServiceMethodEnum": "orders.models.ServiceMethod",
        "OrderStateEnum": "orders.services.order_state.STATE_CHOICES",
        "StateEnum": "accounts.models.State",
        "StatementKindEnum": "orders.models.StatementKind",
        "VerificationMethodEnum": "orders.models.VerificationMethod",
    },
    # Swagger UI shows only three operations if more than a hundred are open at once.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
