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
SIGNATURE_MISSING = ErrorKind(
    "signature_missing",
    401,
    "info",
    "This advertiser's pixels need signature= and expires=; a token in a page could be read by every visitor.",
)
ADDRESS_NOT_ALLOWED = ErrorKind(
    "address_not_allowed",
    403,
    "warning",
    "This advertiser's postbacks are only taken from the addresses on its list; send it from one of them.",
)
ADVERTISER_SUSPENDED = ErrorKind(
    "advertiser_suspended", 403, "info", "The offer's advertiser is suspended; ask the network."
)
TXN_ID_MISSING = ErrorKind(
    "txn_id_missing", 400, "info", "Without click_id send your own id of the event as txn_id, such as the order's."
)
ATTRIBUTION_MISSING = ErrorKind(
    "attribution_missing",
    400,
    "info",
    "Without click_id send offer_id with a coupon, or with the visitor's ip and user_agent.",
)
COUPON_UNKNOWN = ErrorKind(
    "coupon_unknown", 404, "info", "The offer has no such coupon at this time; send one that a partner was given."
)
ADDRESS_INVALID = ErrorKind(
    "address_invalid", 400, "info", "Send the visitor's ip as a plain IPv4 or IPv6 address."
)
PARTNER_UNKNOWN = ErrorKind(
    "partner_unknown", 404, "info", "There is no such partner; list them to see their ids."
)
UPLOAD_INVALID = ErrorKind(
    "upload_invalid",
    400,
    "info",
    "Send a CSV file in UTF-8 whose first line names the columns; see docs/conversions.md.",
)
ROW_INVALID = ErrorKind("row_invalid", 400, "info", "Write the row with as many cells as the header has.")
POSTBACK_BODY_INVALID = ErrorKind(
    "postback_body_invalid", 400, "info", "Send the body as form fields or one flat JSON object, in UTF-8."
)
POSTBACK_TOO_LARGE = ErrorKind("postback_too_large", 413, "info", "Send the postback's parameters only.")
CLICK_BODY_INVALID = ErrorKind(
    "click_body_invalid", 400, "info", "Send a flat JSON object of link parameters, or an array of such, in UTF-8."
)
CLICK_BODY_TOO_LARGE = ErrorKind(
    "click_body_too_large", 413, "info", "Send fewer clicks in one request, and their link parameters only."
)
KEY_NOT_ACCEPTED = ErrorKind(
    "key_not_accepted",
    401,
    "warning",
    "Send 'Authorization: Bearer clk_…' with a key that has the scope clicks:write and hasn't expired.",
)
KEY_MISSING = ErrorKind(
    "key_missing",
    401,
    "info",
    "Only a key with the scope clicks:write may record other visitors' clicks or several at once.",
)
PARTNER_NOT_ALLOWED = ErrorKind(
    "partner_not_allowed", 403, "warning", "This key records clicks of its own partner only."
)
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
CONVERSION_TOO_EARLY = ErrorKind(
    "conversion_too_early",
    409,
    "info",
    "The conversion came sooner after its click than the offer allows (min_conversion_seconds).",
)
NOT_ATTRIBUTED = ErrorKind(
    "not_attributed",
    404,
    "info",
    "Neither a click, nor a coupon, nor the visitor told whose conversion it is; send click_id or a valid coupon.",
)
CONVERSION_UNKNOWN = ErrorKind(
    "conversion_unknown", 404, "info", "There is no conversion with this id that could be changed."
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
    SIGNATURE_MISSING,
    ADDRESS_NOT_ALLOWED,
    ADVERTISER_SUSPENDED,
    TXN_ID_MISSING,
    ATTRIBUTION_MISSING,
    COUPON_UNKNOWN,
    ADDRESS_INVALID,
    PARTNER_UNKNOWN,
    UPLOAD_INVALID,
    ROW_INVALID,
    POSTBACK_BODY_INVALID,
    POSTBACK_TOO_LARGE,
    CLICK_BODY_INVALID,
    CLICK_BODY_TOO_LARGE,
    KEY_NOT_ACCEPTED,
    KEY_MISSING,
    PARTNER_NOT_ALLOWED,
    TRANSITION_NOT_ALLOWED,
    JOURNAL_UNAVAILABLE,
    CLICK_NOT_FOUND,
    OUTSIDE_WINDOW,
    CONVERSION_TOO_EARLY,
    NOT_ATTRIBUTED,
    CONVERSION_UNKNOWN,
    FRAME_UNREADABLE,
    ENRICHMENT_FAILED,
    POSTBACK_NOT_PROCESSED,
)
