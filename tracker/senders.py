"""Whether a postback comes from its advertiser: address, token or signature.

Invariants: secrets are compared in constant time and never in a message; an empty secret proves nothing; a
token is one advertiser's and opens nothing but its own offers' postbacks; a replaced token holds, for tokens
and signatures alike, until its overlap ends. A signature covers every parameter as it was sent.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from kernel.logging import log
from tracker.errors import (
    ADDRESS_NOT_ALLOWED,
    SIGNATURE_EXPIRED,
    SIGNATURE_MISSING,
    TOKEN_INVALID,
    TOKEN_MISSING,
)
from tracker.postbacks import PostbackRequest
from tracker.routes import AdvertiserRoute


def check_address(ip: str, advertiser: AdvertiserRoute) -> None:
    """Check that a postback comes from where the advertiser's servers are, if it said where that is.

    Raises:
        ClickledgerError: ``address_not_allowed``.

    """
    if not advertiser.allowed_networks:
        return
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:  # a unix socket has none
        raise ADDRESS_NOT_ALLOWED.error() from None
    if not any(address in network for network in _networks(advertiser.allowed_networks)):
        raise ADDRESS_NOT_ALLOWED.error()


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            # The control plane refuses such a text; should one come here it allows nobody.
            log("postbacks").error("allowed_network_unreadable", network=text)
    return tuple(networks)


def check_token(
    request: PostbackRequest,
    advertiser: AdvertiserRoute,
    now_s: float,
    *,
    required: bool = False,
    from_a_page: bool = False,
) -> None:
    """Check the advertiser's token or signature when one is given or required; an empty token proves nothing.

    The signature is HMAC-SHA256 in hex, keyed with the advertiser's token, over all parameters but
    ``signature``, sorted by name, as ``name=value`` percent-encoded (RFC 3986) and joined with ``&``;
    ``expires`` (seconds since 1970) is part of it. A token that was replaced holds until its overlap ends.

    Args:
        request: The parameters.
        advertiser: Whose token it must be.
        now_s: Seconds since 1970.
        required: Needed whatever the advertiser's account says.
        from_a_page: Every visitor can read what a page sends: there, only a signature proves something.

    Raises:
        ClickledgerError: ``token_missing``, ``signature_missing``, ``token_invalid`` or ``signature_expired``.

    """
    secrets = [advertiser.postback_token.encode()]
    if now_s * 1000 < advertiser.previous_token_until:
        secrets.append(advertiser.previous_token.encode())
    signature = request.values.get("signature")
    if signature is not None:
        sent = signature.lower().encode()
        if not any(s and hmac.compare_digest(sign(request.received, s).encode(), sent) for s in secrets):
            raise TOKEN_INVALID.error()
        expires = request.values.get("expires", "")
        if not (expires.isascii() and expires.isdigit() and len(expires) < 13 and int(expires) >= now_s):
            raise SIGNATURE_EXPIRED.error()
        return
    token = request.values.get("token")
    if token is not None and not any(s and hmac.compare_digest(token.encode(), s) for s in secrets):
        raise TOKEN_INVALID.error()
    if required or advertiser.require_token:
        if from_a_page:
            raise SIGNATURE_MISSING.error()
        if token is None:
            raise TOKEN_MISSING.error()


def sign(parameters: Mapping[str, str], secret: bytes) -> str:
    """Return the signature of a postback's parameters; see ``check_token``."""
    return hmac.new(secret, canonical_text(parameters).encode(), hashlib.sha256).hexdigest()


def canonical_text(parameters: Mapping[str, str]) -> str:
    """Return what is signed: the parameters in the one order and encoding that both sides can make."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parameters.items())
        if name != "signature"
    )
