"""``docs/access.md``: roles, scopes, keys and sessions; the table of scopes is read off ``kernel.auth``."""

from __future__ import annotations

from clickledger.reference.markdown import code, table
from kernel import keys
from kernel.auth import ROLE_SCOPES, ROLES, SCOPES
from partners.identity.schemas import MAX_OVERLAP_HOURS, MIN_PASSWORD

PAGE = "docs/access.md"

_HEAD = """# Access

<!-- Made from kernel/auth.py and partners/identity by clickledger/reference/access.py; change it there. -->

Every request of the API but a few public ones bears a key: `Authorization: Bearer <key>`. A key belongs to a
role, has some of its role's scopes, and opens nothing beyond them. `GET /openapi.json` says for each operation
which scope it needs; `GET /api/v1/me` says who you are and which scopes you hold.

There are three kinds of keys:

| kind | made by | works |
|---|---|---|
| admin key | the first start, into `admin.key`, or `CLICKLEDGER_ADMIN_KEY` | for ever: for the operator |
| API key | `clickledger keys create`, `POST /api/v1/keys` | until it expires or is revoked: for programs |
| session | `POST /api/v1/sessions` with e-mail address and password | twelve hours: for people |

The admin key needs no database and has no rate limit.

## Roles and scopes

A partner's key sees the partner's links, figures and events, an advertiser's key those of its offers, whatever
is asked; that is not a matter of scopes.
"""

_TAIL = f"""
## API keys

A key is `{keys.BEGINNING}<prefix>_<secret><checksum>`: {keys.PREFIX_LENGTH} characters that may be shown and by
which it is found, {keys.SECRET_LENGTH} that hold {keys.SECRET_BITS} random bits, and {keys.CHECKSUM_LENGTH} that
are the CRC-32 of all before them in base 62 (digits, capitals, small letters; most significant first). What fails
the checksum is refused without a look at any store. Of a key only its SHA-256 is stored: its text is in the
answer that makes it and nowhere after.

- **Own keys** need `keys:write`: a key can do no more than the one who makes it. What a partner's or an
  advertiser's user makes is always theirs.
- **Everybody's keys** are seen with `users:read`, and made and ended with `users:write`.
- **Rotation**: `clickledger keys rotate ID --overlap-hours 24` or `POST /api/v1/keys/{{id}}/rotate` makes a new
  key with the same rights; the old one works on for the overlap, at most {MAX_OVERLAP_HOURS} hours.
- **Revoking** works at once in the process that is asked, and within a second in every other. So does disabling
  a user, suspending or banning a partner, and suspending an advertiser.
- **Edges** accept keys with `clicks:write` for clicks from servers, and know of changes within a second.
- **Last use** is kept to the minute, some seconds late.

## Rate limits

A key may make `CLICKLEDGER_API_RATE_PER_MINUTE` requests a minute, or its own `rate_per_minute`. The limit is a
token bucket: so many may come at once, and come back evenly over the minute. Every answer says how much is left:

```
RateLimit-Policy: "key";q=600;w=60
RateLimit: "key";r=599;t=0
```

Beyond it the answer is 429 `rate_limited` with `Retry-After`. Buckets are kept in Redis and shared by all
processes; while Redis is away each process counts for itself.

## Users and sessions

Passwords have at least {MIN_PASSWORD} characters and are stored as argon2id hashes (19 MiB, two passes). A wrong
password and an unknown e-mail address are answered alike, after the same work. Attempts are limited by
`CLICKLEDGER_LOGIN_RATE_PER_MINUTE` for each e-mail address and three times as many for each network address (of
IPv6: each /64). Every attempt is in the audit log.

A new password, another role and being disabled end all of a user's sessions. `DELETE /api/v1/sessions/current`
signs out.

```sh
clickledger user create nora@example.com --partner "Nora's Newsletter"
clickledger user password nora@example.com
clickledger user disable nora@example.com
clickledger keys create "Nightly report" --role analyst --scope reports:read --days 365
```

## Sign-up

Partners can sign themselves up with `POST /api/v1/signup` while the program's `signup` is open; where it names a
`terms_url`, they must send `accept_terms`. A new partner is pending: its clicks are not taken, and its user may
sign in but sees its own state at `/api/v1/me` alone, until somebody with `program:write` approves it.

The answer doesn't tell whether an e-mail address has a user already. Such a partner waits without a user of its
own, and its notes, which only the network's people see, say so: ask the person whose user it is.
"""


def pages() -> dict[str, str]:
    """Return the page by its path in the repository."""
    rows = (
        (code(scope), what, *("yes" if scope in ROLE_SCOPES[role] else "" for role in ROLES))
        for scope, what in SCOPES.items()
    )
    lines = [_HEAD, *table(("scope", "allows", *ROLES), rows)]
    return {PAGE: "\n".join(lines) + "\n" + _TAIL}
