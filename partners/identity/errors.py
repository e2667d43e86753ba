"""What can go wrong when somebody signs in or up, or changes users and keys."""

from __future__ import annotations

from kernel.errors import ErrorKind, table

LOGIN_REFUSED = ErrorKind(
    "login_refused", 401, "info", "E-mail address or password is wrong; an administrator can set a new password."
)
ACCESS_ENDED = ErrorKind(
    "access_ended", 403, "info", "This account is disabled or suspended; ask the network that runs it."
)
TOO_MANY_ATTEMPTS = ErrorKind(
    "too_many_attempts", 429, "warning", "Too many attempts; wait for Retry-After seconds."
)
SIGNUP_CLOSED = ErrorKind(
    "signup_closed", 403, "info", "Partners can't sign themselves up here; ask the network to let you in."
)
TERMS_NOT_ACCEPTED = ErrorKind(
    "terms_not_accepted", 400, "info", "Read the network's terms and send accept_terms as true."
)
SCOPE_NOT_HELD = ErrorKind(
    "scope_not_held", 403, "info", "A key can't do more than the one who makes it, nor more than its role."
)
KEY_NOT_ACTIVE = ErrorKind(
    "key_not_active", 409, "info", "This key was revoked, replaced, or has expired; make a new one."
)
NOT_A_SESSION = ErrorKind(
    "not_a_session", 409, "info", "This request came with a key, not with a session; revoke the key instead."
)
NOT_A_USER = ErrorKind("not_a_user", 409, "info", "Only a user has a password; sign in as one.")
ROLE_FIXED = ErrorKind(
    "role_fixed",
    409,
    "info",
    "Who belongs to a partner or an advertiser stays there; disable this user and create another.",
)

ERRORS = table(
    LOGIN_REFUSED,
    ACCESS_ENDED,
    TOO_MANY_ATTEMPTS,
    SIGNUP_CLOSED,
    TERMS_NOT_ACCEPTED,
    SCOPE_NOT_HELD,
    KEY_NOT_ACTIVE,
    NOT_A_SESSION,
    NOT_A_USER,
    ROLE_FIXED,
)
