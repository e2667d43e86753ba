"""Signing up as a partner, where the network lets partners do so."""

from __future__ import annotations

from typing import Any, Final

from babel import Locale

from kernel.api import PUBLIC
from kernel.errors import ClickledgerError
from partners.identity.errors import TERMS_NOT_ACCEPTED
from reports.web.page import Act, Page
from reports.web.visit import Visit

PATH: Final = "/sign-up"
API: Final = "/api/v1/signup"
FIELDS: Final = ("name", "email", "password", "contact", "company", "country", "website")
_COUNTRY_LETTERS: Final = 2


def countries(locale: Locale) -> list[tuple[str, str]]:
    """Return the countries by their names in somebody's language, none first."""
    named = [
        (code, str(name))
        for code, name in locale.territories.items()
        if len(code) == _COUNTRY_LETTERS and code != "ZZ"
    ]
    return [("", "None"), *sorted(named, key=lambda one: one[1])]


async def _show(visit: Visit) -> dict[str, Any]:
    return {"terms": await visit.api.get(API), "countries": countries(visit.viewer.locale), "made": None}


async def _sign_up(visit: Visit) -> dict[str, Any]:
    body: dict[str, Any] = {name: visit.form[name] for name in FIELDS if name in visit.form}
    body["accept_terms"] = "accept_terms" in visit.form
    try:
        return {"made": await visit.api.send("POST", API, body)}
    except ClickledgerError as why:
        if why.kind is TERMS_NOT_ACCEPTED:
            raise why.kind.error("Read the terms and tick that you accept them.", field="accept_terms") from why
        raise


PAGES = (
    Page(PATH, "Sign up as a partner", "sign_up.html", _show, PUBLIC, acts=(Act("sign-up", _sign_up, PUBLIC),)),
)
