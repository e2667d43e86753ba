"""The parameters of a tracking link: canonical names, the aliases other trackers use, and their values.

Invariants: no query string raises; a duplicated name counts once, the first wins; a value is cut at
512 bytes, never refused, and the cut is reported; text that isn't UTF-8 is kept with replacement
characters. Names are matched exactly, as the trackers whose links we accept do.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

MAX_VALUE_BYTES = 512
"""Longest value kept. Partners put whole URLs into sub ids by mistake; nobody needs more to notice."""

ALIASES: dict[str, tuple[str, ...]] = {
    "offer_id": ("o", "oid"),
    "smart_link_id": (),
    "partner_id": ("aff_id", "a", "pid"),
    "sub1": ("aff_sub", "sub_id1", "s1", "c1"),
    "sub2": ("aff_sub2", "sub_id2", "s2", "c2"),
    "sub3": ("aff_sub3", "sub_id3", "s3", "c3"),
    "sub4": ("aff_sub4", "sub_id4", "s4", "c4"),
    "sub5": ("aff_sub5", "sub_id5", "s5"),
    **{f"sub{n}": () for n in range(6, 11)},
    "partner_click_id": ("aff_click_id", "external_id", "ref_id"),
    "source": ("source_id",),
    "creative_id": ("creative",),
    "link_id": ("l",),
    "landing_id": (),
    "url": ("deep_link", "dl"),
    "cost": (),
    "currency": (),
    "coupon": ("promo_code",),
    "idfa": (),
    "gaid": ("google_aid",),
    **{f"ext{n}": (f"aff_param{n}", f"extra_param_{n}") for n in range(1, 6)},
    **{f"utm_{n}": () for n in ("source", "medium", "campaign", "term", "content")},
}
"""Canonical name -> aliases. ``utm_source`` also serves as ``source`` when none is given."""

PARAMETERS: tuple[str, ...] = tuple(ALIASES)
"""Canonical names of everything a link may carry."""

_NAMES: dict[str, str] = {
    name: canonical for canonical, aliases in ALIASES.items() for name in (canonical, *aliases)
}

NOTHING_CUT: tuple[str, ...] = ()


def decode_value(raw: bytes) -> tuple[str, bool]:
    """Decode one query value; return it and whether it was cut at ``MAX_VALUE_BYTES``."""
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        # A replacement character takes three bytes where there was one.
        text = raw.decode("utf-8", "replace")
        kept = cut_text(text)
        return kept, kept != text
    if len(raw) > MAX_VALUE_BYTES:
        return cut_text(text), True
    return text, False


def cut_text(text: str, limit: int = MAX_VALUE_BYTES) -> str:
    """Cut ``text`` to at most ``limit`` bytes of UTF-8, between characters; lone surrogates are replaced."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def read_parameters(query: bytes, preset: str = "") -> tuple[dict[str, str], tuple[str, ...]]:
    """Read a link's parameters.

    Args:
        query: The request's query string as received.
        preset: The saved link's own parameters, a query string; they count where the request has none.

    Returns:
        Canonical name -> value, and the canonical names whose value was cut.

    """
    values: dict[str, str] = {}
    cut = NOTHING_CUT
    for source in (query, preset.encode()) if preset else (query,):
        # Text splits faster than bytes, and Latin-1 gives every byte one character and back again.
        for pair in source.decode("latin-1").split("&"):
            name, _, raw = pair.partition("=")
            canonical = _NAMES.get(name)
            if canonical is None:
                if "%" not in name:
                    continue
                canonical = _NAMES.get(unquote_to_bytes(name).decode("latin-1"))
                if canonical is None:
                    continue
            if canonical in values:
                continue
            if raw.isascii() and "%" not in raw and "+" not in raw and len(raw) <= MAX_VALUE_BYTES:
                # Nothing to decode and nothing to cut, as with most values.
                values[canonical] = raw
                continue
            values[canonical], was_cut = decode_value(raw.encode("latin-1"))
            if was_cut:
                cut = (*cut, canonical)
    if "source" not in values and "utm_source" in values:
        values["source"] = values["utm_source"]
    return values, cut


def number(text: str) -> int:
    """Return an id written in a link, 0 when it isn't one (ids are 1 to 2**32 - 1)."""
    if text.isascii() and text.isdigit() and len(text) <= 10:
        value = int(text)
        if value < 2**32:
            return value
    return 0
