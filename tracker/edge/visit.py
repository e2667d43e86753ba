"""One visit, as far as a destination's macros ask for it."""

from __future__ import annotations

import secrets

from tracker.edge.facts import VisitorFacts
from tracker.edge.routing import Decision
from tracker.macros import keyed_hash


class Visit:
    """Answers a template's macro names for one click."""

    __slots__ = ("_agent", "_click_id", "_decision", "_ip", "_language", "_parameters", "_ts")

    def __init__(
        self,
        click_id: str,
        ts: int,
        ip: str,
        agent: str,
        language: str,
        parameters: dict[str, str],
        decision: Decision,
    ) -> None:
        self._click_id = click_id
        self._ts = ts
        self._ip = ip
        self._agent = agent
        self._language = language
        self._parameters = parameters
        self._decision = decision

    def macro(self, name: str, facts: VisitorFacts, secret: bytes) -> str:
        """Return the value of one macro, '' when there is none.

        Args:
            name: One of ``tracker.macros.MACROS``.
            facts: Derives country, device and the like, only when asked.
            secret: Key of the ``_hash`` macros.

        """
        offer, partner = self._decision.offer, self._decision.partner
        match name:
            case "click_id":
                return self._click_id
            case "partner_id":
                return str(partner.route.id) if partner else ""
            case "offer_id":
                return str(offer.route.id) if offer else ""
            case "offer_name":
                return offer.route.name if offer else ""
            case "advertiser_id":
                return str(offer.route.advertiser_id) if offer else ""
            case "ip":
                return self._ip
            case "timestamp":
                return str(self._ts // 1000)
            case "random":
                return str(secrets.randbelow(10**9))
        if name in VisitorFacts.NAMES:
            return facts.of(name, self._ip, self._agent, self._language)
        if name.endswith("_hash"):
            plain = name.removesuffix("_hash")
            return keyed_hash(secret, plain, self.macro(plain, facts, secret))
        return self._parameters.get(name, "")
