"""What can be wrong with a click or a postback, and what a row is rejected for.

``docs/errors.md`` is generated from this table. The codes of the pipeline's own rejections appear in the
``reason`` column of ``rejected``; their status is what an edge would have answered had it known.
"""

from __future__ import annotations

from kernel.errors import ErrorKind, table

CLICK_ID_MISSING = ErrorKind(
    "click_id_missing", 400, "info", "Send the click id that was handed to your landing page as click_id."
)
CLICK_ID_MALFORMED = ErrorKind(
    "click_id_malformed",
    400,
    "info",
    "A click id is 32 letters, digits, '-' and '_'; send it whole and unchanged.",
)
CLICK_ID_FORGED = ErrorKind(
    "click_id_forged", 403, "warning", "This click id was not made here, or was altered; send it unchanged."
)
CLICK_ID_EXPIRED = ErrorKind(
    "click_id_expired", 410, "info", "The click is older than the offer's attribution window."
)
OFFER_UNKNOWN = ErrorKind("offer_unknown", 404, "info", "The click's offer does not exist any more.")
AMOUNT_INVALID = ErrorKind(
    "amount_invalid", 400, "info", "Send amounts as plain decimal numbers like 12.50, at most 999999999999.999999."
)
AMOUNT_NEGATIVE = ErrorKind(
    "amount_negative", 400, "info", "Amounts can't be negative; send status=rejected to take a conversion back."
)
CURRENCY_UNKNOWN = ErrorKind("currency_unknown", 400, "info", "Send a currency as its ISO 4217 code like USD.")
STATUS_UNKNOWN = ErrorKind(
    "status_unknown", 400, "info", "Send status as approved, pending, rejected or hold (or 1, 2, 3, 5)."
)
TOKEN_MISSING = ErrorKind("token_missing", 401, "info", "This advertiser's postbacks need token= or signature=.")
TOKEN_INVALID = ErrorKind("token_invalid", 403, "warning", "The token or signature is not this advertiser's.")
SIGNATURE_EXPIRED = ErrorKind(
    "signature_expired", 403, "info", "The signature's expires time has passed; sign the request again."
)
POSTBACK_BODY_INVALID = ErrorKind(
    "postback_body_invalid", 400, "info", "Send the body as form fields or one flat JSON object, in UTF-8."
)
POSTBACK_TOO_LARGE = ErrorKind("postback_too_large", 413, "info", "Send the postback's parameters only.")
TRANSITION_NOT_ALLOWED = ErrorKind(
    "transition_not_allowed",
    409,
    "info",
    "The conversion can't go from its status to this one; see docs/postbacks.md.",
)
JOURNAL_UNAVAILABLE = ErrorKind(
    "journal_unavailable", 503, "error", "The event could not be stored, so it was not accepted; send it again."
)

CLICK_NOT_FOUND = ErrorKind(
    "click_not_found", 404, "warning", "The click id is genuine but its click never arrived in the store."
)
OUTSIDE_WINDOW = ErrorKind(
    "outside_window", 410, "info", "The conversion came later after its click than the offer's window allows."
)
FRAME_UNREADABLE = ErrorKind(
    "frame_unreadable", 500, "error", "A journal frame could not be decoded; its bytes are kept whole."
)
ENRICHMENT_FAILED = ErrorKind(
    "enrichment_failed", 500, "error", "The click could not be turned into a row; its bytes are kept whole."
)
POSTBACK_NOT_PROCESSED = ErrorKind(
    "postback_not_processed",
    500,
    "error",
    "The postback could not be made a conversion; its bytes are kept whole.",
)

ERRORS = table(
    CLICK_ID_MISSING,
    CLICK_ID_MALFORMED,
    CLICK_ID_FORGED,
    CLICK_ID_EXPIRED,
    OFFER_UNKNOWN,
    AMOUNT_INVALID,
    AMOUNT_NEGATIVE,
    CURRENCY_UNKNOWN,
    STATUS_UNKNOWN,
    TOKEN_MISSING,
    TOKEN_INVALID,
    SIGNATURE_EXPIRED,
    POSTBACK_BODY_INVALID,
    POSTBACK_TOO_LARGE,
    TRANSITION_NOT_ALLOWED,
    JOURNAL_UNAVAILABLE,
    CLICK_NOT_FOUND,
    OUTSIDE_WINDOW,
    FRAME_UNREADABLE,
    ENRICHMENT_FAILED,
    POSTBACK_NOT_PROCESSED,
)
