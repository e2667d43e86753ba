"""One's own account: who I am, my password, sessions, and how pages show numbers and times to me."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import available_timezones

from starlette.responses import RedirectResponse, Response

from kernel.api import ANYBODY
from kernel.auth import SCOPES
from kernel.errors import BODY_INVALID, ClickledgerError
from partners.identity.errors import LOGIN_REFUSED
from reports.web import cookies
from reports.web.page import SIGN_IN, Act, Page
from reports.web.viewer import ZONE_COOKIE
from reports.web.visit import Visit

PATH: Final = "/account"
KEYS: Final = "/api/v1/keys"
THEMES: Final = (("auto", "As the system"), ("light", "Light"), ("dark", "Dark"))
YEAR_SECONDS: Final = 31_536_000
THEME_COOKIE: Final = "theme"


async def _show(visit: Visit) -> dict[str, Any]:
    me = await visit.api.get("/api/v1/me")
    sessions: list[dict[str, Any]] = []
    if visit.may("keys:write") and me["user"]:
        found = await visit.api.get(KEYS, kind="session", active="true", user_id=me["user"]["id"], limit=50)
        sessions = found["items"]
    theme = visit.request.cookies.get(THEME_COOKIE, "auto")
    return {
        "me": me,
        "scopes": [(name, SCOPES.get(name, "")) for name in me["scopes"]],
        "sessions": sessions,
        "zones": sorted(available_timezones()),
        "zone": visit.viewer.zone.key,
        "language": visit.viewer.locale.get_display_name("en") or str(visit.viewer.locale),
        "themes": THEMES,
        "theme": theme if theme in dict(THEMES) else "auto",
        "now": datetime.now(UTC),
        "sample": {"number": 1234567.89, "money": "1234.50"},
    }


async def _password(visit: Visit) -> Response:
    new = visit.form.get("new", "")
    if new != visit.form.get("again", ""):
        raise BODY_INVALID.error("The new password was typed differently the second time.", field="again")
    try:
        await visit.api.send("POST", "/api/v1/me/password", {"current": visit.form.get("current", ""), "new": new})
    except ClickledgerError as why:
        if why.kind is not LOGIN_REFUSED:
            raise
        raise LOGIN_REFUSED.error(why.message, field="current") from why
    answer = visit.go(SIGN_IN, "Your password is changed. Sign in with the new one.")
    cookies.forget(answer)
    return answer


async def _prefer(visit: Visit) -> Response:
    zone, theme = visit.form.get("zone", ""), visit.form.get("theme", "auto")
    if zone not in available_timezones():
        raise BODY_INVALID.error("Name a zone of the list, such as Europe/Berlin.", field="zone")
    answer = visit.go(PATH, "Saved in this browser.")
    kept = theme if theme in dict(THEMES) else "auto"
    # Scripts change these as well, so they are no secret; every page reads them.
    for name, value in ((ZONE_COOKIE, zone), (THEME_COOKIE, kept)):
        answer.set_cookie(name, value, YEAR_SECONDS, path="/", samesite="lax")
    return answer


async def _end(visit: Visit) -> Response:
    text = visit.form.get("id", "")
    key = text if text.isascii() and text.isdigit() else "0"
    own = visit.who.key_id if visit.who else None
    await visit.api.send("POST", f"{KEYS}/{key}/revoke")
    if own == int(key):
        answer = RedirectResponse(SIGN_IN, 303)
        cookies.forget(answer)
        return answer
    return visit.go(PATH, "That session has ended.")


PAGES = (
    Page(
        PATH,
        "Account",
        "account.html",
        _show,
        ANYBODY,
        acts=(
            Act("password", _password, ANYBODY),
            Act("prefer", _prefer, ANYBODY),
            Act("end", _end, "keys:write"),
        ),
    ),
)
