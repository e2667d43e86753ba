"""The kinds of values people give for the program: names, money, currencies, URLs, link codes.

Invariants: a value that is accepted fits every database as it is (no control characters, no digit too
many); a value that is refused is refused with a sentence that says how to write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Annotated, Any, TypeAlias, TypeVar

import pycountry
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from kernel.sql_types import MONEY_DIGITS, RATE_DIGITS
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
MAX_TAGS = 50
MAX_NOTE_LENGTH = 10_000
MAX_WEIGHT = 10_000
MAX_SECONDS = 365 * 86_400
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
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
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


def check_line(text: str, most: int) -> str:
    """Return one line of text, trimmed; it may be empty."""
    text = text.strip()
    if len(text) > most:
        raise ValueError(f"this has at most {most} characters")
    if not text.isprintable():
        raise ValueError("this has no control characters or line breaks")
    return text


def check_note(text: str) -> str:
    """Return text that may have several lines."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > MAX_NOTE_LENGTH:
        raise ValueError(f"a text has at most {MAX_NOTE_LENGTH} characters")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("a text has no control characters")
    return text


def check_email(text: str) -> str:
    """Return an e-mail address, its domain in lower case; '' is none."""
    text = check_line(text, 254)
    local, at, domain = text.rpartition("@")
    if text and not (
        _LOCAL_PART.fullmatch(local) and at and "." in domain and templates.is_host_name(domain.lower())
    ):
        raise ValueError(f"{text[:80]!r} isn't an e-mail address such as anna@shop.example")
    return f"{local}@{domain.lower()}" if text else ""


def check_tags(tags: list[str]) -> list[str]:
    """Return the tags in lower case, each once."""
    if len(tags) > MAX_TAGS:
        raise ValueError(f"an entry has at most {MAX_TAGS} tags")
    read = list(dict.fromkeys(check_line(tag, MAX_CODE_LENGTH).lower() for tag in tags))
    if "" in read:
        raise ValueError("a tag can't be empty")
    return read


def check_amount(given: Any) -> Decimal:
    """Return an amount above zero."""
    amount = check_money(given)
    if not amount:
        raise ValueError("an amount is more than 0 here")
    return amount


def check_rate(given: Any) -> Decimal:
    """Return an exchange rate, exact."""
    text = given.strip() if isinstance(given, str) else ""
    whole, _, fraction = text.partition(".")
    if not _MONEY.fullmatch(text):
        raise ValueError('write a rate as a decimal string such as "1.0842"')
    if len(fraction.rstrip("0")) > RATE_DIGITS or len(whole.lstrip("0")) > MONEY_WHOLE_DIGITS:
        raise ValueError(
            f"a rate has at most {MONEY_WHOLE_DIGITS} digits before the point and {RATE_DIGITS} after it"
        )
    rate = Decimal(f"{whole.lstrip('0') or '0'}.{fraction.rstrip('0') or '0'}")
    if not rate:
        raise ValueError("a rate is more than 0")
    return rate


def check_moment(moment: datetime) -> datetime:
    """Return a moment in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as why:
        raise ValueError("that moment is out of every calendar") from why


def check_coupon(code: str) -> str:
    """Return a coupon's code in upper case, as customers may type it in any."""
    code = check_line(code, MAX_CODE_LENGTH).upper()
    if not code or " " in code or len(code) > MAX_CODE_LENGTH:
        raise ValueError(f"a coupon has 1 to {MAX_CODE_LENGTH} characters without spaces")
    return code


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


def saying(check: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """Return the check as a validator whose whole message is the sentence of the check."""

    def checked(value: Any) -> Value:
        try:
            return check(value)
        except ValueError as why:
            raise PydanticCustomError("refused", "{sentence}", {"sentence": str(why)}) from why

    return checked


Id: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID, strict=True)]
Name: TypeAlias = Annotated[str, AfterValidator(saying(check_name))]
MoneyAmount: TypeAlias = Annotated[Decimal, BeforeValidator(saying(check_money))]
Percent: TypeAlias = Annotated[
    Decimal, BeforeValidator(saying(check_money)), AfterValidator(saying(check_percent))
]
Currency: TypeAlias = Annotated[str, AfterValidator(saying(check_currency))]
Destination: TypeAlias = Annotated[str, AfterValidator(saying(templates.check_destination))]
FallbackUrl: TypeAlias = Annotated[str, AfterValidator(saying(templates.check_fallback))]
DeepLinkHosts: TypeAlias = Annotated[list[str], AfterValidator(saying(check_deep_link_hosts))]
Code: TypeAlias = Annotated[str, AfterValidator(saying(check_code))]
Parameters: TypeAlias = Annotated[dict[str, str], AfterValidator(saying(check_parameters))]
WindowDays: TypeAlias = Annotated[int, Field(ge=1, le=MAX_WINDOW_DAYS, strict=True)]
Weight: TypeAlias = Annotated[int, Field(ge=0, le=MAX_WEIGHT, strict=True)]
Days: TypeAlias = Annotated[int, Field(ge=0, le=MAX_WINDOW_DAYS, strict=True)]
Hours: TypeAlias = Annotated[int, Field(ge=1, le=MAX_WINDOW_DAYS * 24, strict=True)]
Seconds: TypeAlias = Annotated[int, Field(ge=0, le=MAX_SECONDS, strict=True)]
Pixels: TypeAlias = Annotated[int, Field(ge=1, le=100_000, strict=True)]
Line: TypeAlias = Annotated[str, AfterValidator(saying(partial(check_line, most=MAX_NAME_LENGTH)))]
"""One line of text; may be empty."""
Note: TypeAlias = Annotated[str, AfterValidator(saying(check_note))]
Email: TypeAlias = Annotated[str, AfterValidator(saying(check_email))]
Tags: TypeAlias = Annotated[list[str], AfterValidator(saying(check_tags))]
Amount: TypeAlias = Annotated[Decimal, BeforeValidator(saying(check_amount))]
ExchangeRate: TypeAlias = Annotated[Decimal, BeforeValidator(saying(check_rate))]
UtcMoment: TypeAlias = Annotated[AwareDatetime, AfterValidator(saying(check_moment))]
CouponCode: TypeAlias = Annotated[str, AfterValidator(saying(check_coupon))]
HookUrl: TypeAlias = Annotated[str, AfterValidator(saying(templates.check_hook))]
PlainUrl: TypeAlias = Annotated[str, AfterValidator(saying(templates.check_plain_url))]
