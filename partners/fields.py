"""The kinds of values people give for the program: names, money, currencies, URLs, link codes.

Invariants: a value that is accepted fits every database as it is (no control characters, no digit too
many); a value that is refused is refused with a sentence that says how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeAlias, TypeVar

import pycountry
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from kernel.sql import MONEY_DIGITS
from partners import templates
from partners.models import MAX_CODE_LENGTH, MAX_NAME_LENGTH

Value = TypeVar("Value")

MAX_ID = 2**31 - 1
"""Largest id: PostgreSQL's integer."""

MONEY_WHOLE_DIGITS = 12
"""Digits before the point, so that an amount fits Decimal(18, 6)."""

EXACT_FLOAT_DIGITS = 15
"""A JSON number is read as a double; up to this many digits it still is the number that was written."""

MAX_PERCENT = 1000
"""Shares above 100 % exist (a bonus on the first deposit); above this it is a typing mistake."""

MAX_WINDOW_DAYS = 3650
MAX_DEEP_LINK_HOSTS = 100
MAX_PARAMETER_BYTES = 512
"""The edge cuts longer values."""

LINK_PARAMETERS: tuple[str, ...] = (
    *(f"sub{n}" for n in range(1, 11)),
    "partner_click_id",
    "source",
    "creative_id",
    "landing_id",
    "url",
    "cost",
    "currency",
    "coupon",
    "idfa",
    "gaid",
    *(f"ext{n}" for n in range(1, 6)),
    *(f"utm_{n}" for n in ("source", "medium", "campaign", "term", "content")),
)
"""What a saved link may preset: everything a tracking link carries, less the ids the link itself names."""

_MONEY = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_CODE = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_CODE_LENGTH}}}")


@cache
def currencies() -> frozenset[str]:
    """Return the ISO 4217 codes in use."""
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


def check_name(name: str) -> str:
    """Return the name as it is stored."""
    name = name.strip()
    if not name:
        raise ValueError("a name can't be empty")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"a name has at most {MAX_NAME_LENGTH} characters")
    if not name.isprintable():
        raise ValueError("a name has no control characters or line breaks")
    return name


def check_money(given: Any) -> Decimal:
    """Return an amount, exact; takes decimal strings and short JSON numbers."""
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise ValueError('write money as a decimal string such as "1.50"')  # noqa: TRY004 - pydantic catches ValueError
    text = given.strip() if isinstance(given, str) else format(Decimal(str(given)), "f")
    if text.startswith("-"):
        raise ValueError("money can't be negative here")
    if not _MONEY.fullmatch(text):
        raise ValueError('write money as a decimal string such as "1.50"')
    whole, _, fraction = text.partition(".")
    if len(fraction.rstrip("0")) > MONEY_DIGITS:
        raise ValueError(f"money has at most {MONEY_DIGITS} digits after the point")
    if len(whole.lstrip("0")) > MONEY_WHOLE_DIGITS:
        raise ValueError(f"money has at most {MONEY_WHOLE_DIGITS} digits before the point")
    if isinstance(given, float) and len((whole + fraction).strip("0")) > EXACT_FLOAT_DIGITS:
        raise ValueError("a number with so many digits isn't exact in JSON; write it as a string")
    return Decimal(text)


def check_percent(percent: Decimal) -> Decimal:
    """Return the share in percent."""
    if percent > MAX_PERCENT:
        raise ValueError(f"a share is at most {MAX_PERCENT} percent")
    return percent


def check_currency(code: str) -> str:
    """Return the currency code in upper case."""
    upper = code.strip().upper()
    if upper not in currencies():
        raise ValueError(f"{code[:20]!r} isn't an ISO 4217 currency code such as USD, EUR or INR")
    return upper


def check_deep_link_hosts(hosts: list[str]) -> list[str]:
    """Return the hosts, each once."""
    if len(hosts) > MAX_DEEP_LINK_HOSTS:
        raise ValueError(f"an offer has at most {MAX_DEEP_LINK_HOSTS} deep-link hosts")
    return list(dict.fromkeys(templates.check_deep_link_host(host) for host in hosts))


def check_code(code: str) -> str:
    """Return the link's code."""
    if not _CODE.fullmatch(code):
        raise ValueError(f"a code has 1 to {MAX_CODE_LENGTH} characters out of letters, digits, - and _")
    return code


def check_parameters(parameters: dict[str, str]) -> dict[str, str]:
    """Return a link's preset parameters."""
    for name, value in parameters.items():
        if name not in LINK_PARAMETERS:
            raise ValueError(f"{name[:40]!r} isn't a link parameter; these are: {', '.join(LINK_PARAMETERS)}")
        if len(value.encode()) > MAX_PARAMETER_BYTES:
            raise ValueError(f"the value of {name} has more than {MAX_PARAMETER_BYTES} bytes")
        if not value.isprintable():
            raise ValueError(f"the value of {name} has control characters or line breaks")
    return parameters


def _saying(check: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """Make the sentence of a check the whole message of the field's error."""

    def checked(value: Any) -> Value:
        try:
            return check(value)
        except ValueError as why:
            raise PydanticCustomError("refused", "{sentence}", {"sentence": str(why)}) from why

    return checked


Id: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID, strict=True)]
Name: TypeAlias = Annotated[str, AfterValidator(_saying(check_name))]
MoneyAmount: TypeAlias = Annotated[Decimal, BeforeValidator(_saying(check_money))]
Percent: TypeAlias = Annotated[
    Decimal, BeforeValidator(_saying(check_money)), AfterValidator(_saying(check_percent))
]
Currency: TypeAlias = Annotated[str, AfterValidator(_saying(check_currency))]
Destination: TypeAlias = Annotated[str, AfterValidator(_saying(templates.check_destination))]
FallbackUrl: TypeAlias = Annotated[str, AfterValidator(_saying(templates.check_fallback))]
DeepLinkHosts: TypeAlias = Annotated[list[str], AfterValidator(_saying(check_deep_link_hosts))]
Code: TypeAlias = Annotated[str, AfterValidator(_saying(check_code))]
Parameters: TypeAlias = Annotated[dict[str, str], AfterValidator(_saying(check_parameters))]
WindowDays: TypeAlias = Annotated[int, Field(ge=1, le=MAX_WINDOW_DAYS, strict=True)]
