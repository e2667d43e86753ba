"""Many entries at once, by name: what is missing is made, what differs is brought up to date.

Invariants: one transaction, all or nothing; the same request again changes nothing; only fields that the
request names are changed on what exists; a link without a code is found again by its partner, offer and
parameters, so asking twice doesn't make two.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from partners import service
from partners.errors import REFERENCE_UNKNOWN
from partners.models import Advertiser, Link, Offer, Partner
from partners.schemas import LinkEnsure, ProgramEnsure

Named = TypeVar("Named", Advertiser, Partner, Offer)

LinkContent: TypeAlias = tuple[int, int, frozenset[tuple[str, str]]]
"""Partner, offer and parameters: what makes two links without a chosen code the same."""

_PAIRS_A_QUERY = 500
"""Partner-offer pairs in one query, two values each; SQLite takes 32,766 values in a statement."""


@dataclass(slots=True)
class Ensured:
    """What exists now. ``links`` are in the request's order."""

    advertisers: dict[str, Advertiser] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)


def ensure(session: Session, wanted: ProgramEnsure, default_currency: str) -> Ensured:
    """Make the program hold everything that ``wanted`` names.

    Raises:
        ClickledgerError: ``reference_unknown`` for an offer's advertiser, or a link's partner or offer, that
            neither exists nor is in the request.

    """
    service.the_program(session, to_change=True)
    work = _Work(session, wanted)
    done = Ensured()
    for advertiser in wanted.advertisers:
        whole = dict(advertiser) | {"postback_token": service.new_token()}
        done.advertisers[advertiser.name] = work.upsert(Advertiser, whole, advertiser.model_fields_set)
    for partner in wanted.partners:
        done.partners[partner.name] = work.upsert(Partner, dict(partner), partner.model_fields_set)
    for offer in wanted.offers:
        whole = dict(offer) | {
            "advertiser": work.need(Advertiser, offer.advertiser),
            "currency": offer.currency or default_currency,
        }
        done.offers[offer.name] = work.upsert(Offer, whole, offer.model_fields_set)
    # Links refer to ids, so what they refer to is stored first.
    session.flush()
    done.links = _links(work, wanted.links)
    if work.changed:
        service.grow_version(session)
    session.flush()
    return done


class _Work:
    """What is known to exist while one request is worked off."""

    def __init__(self, session: Session, wanted: ProgramEnsure) -> None:
        self.session = session
        self.changed = False
        advertisers = {entry.name for entry in wanted.advertisers} | {entry.advertiser for entry in wanted.offers}
        partners = {entry.name for entry in wanted.partners} | {entry.partner for entry in wanted.links}
        offers = {entry.name for entry in wanted.offers} | {entry.offer for entry in wanted.links}
        self._known: dict[type[Any], dict[str, Any]] = {
            Advertiser: service.by_natural_key(session, Advertiser, advertisers),
            Partner: service.by_natural_key(session, Partner, partners),
            Offer: service.by_natural_key(session, Offer, offers),
        }

    def need(self, kind: type[Named], name: str) -> Named:
        """Return the entry of this name, or refuse the request."""
        found: Named | None = self._known[kind].get(name)
        if found is None:
            word = service.WORDS[kind]
            raise REFERENCE_UNKNOWN.error(f"There is no {word} {name!r}, neither stored nor in the request.")
        return found

    def upsert(self, kind: type[Named], whole: dict[str, Any], named: AbstractSet[str]) -> Named:
        """Make the entry of ``whole``, or set on the one of this name the fields that the request ``named``."""
        found: Named | None = self._known[kind].get(whole["name"])
        if found is None:
            found = kind(**whole)
            self.session.add(found)
            self._known[kind][whole["name"]] = found
            self.changed = True
        elif service.assign(found, {name: whole[name] for name in named}):
            self.changed = True
        return found


def _links(work: _Work, wanted: list[LinkEnsure]) -> list[Link]:
    parties = [(work.need(Partner, link.partner), work.need(Offer, link.offer)) for link in wanted]
    with_parties = list(zip(wanted, parties, strict=True))
    uncoded = {(partner.id, offer.id) for link, (partner, offer) in with_parties if link.code is None}
    by_code = service.by_natural_key(work.session, Link, (link.code for link in wanted if link.code))
    by_content = _links_between(work.session, uncoded)
    new_codes = iter(service.free_codes(work.session, len(wanted)))
    links = []
    for link, (partner, offer) in with_parties:
        content = (partner.id, offer.id, frozenset(link.parameters.items()))
        found = by_code.get(link.code) if link.code else by_content.get(content)
        if found is None:
            code = link.code or next(new_codes)
            found = Link(code=code, partner=partner, offer=offer, parameters=link.parameters)
            work.session.add(found)
            work.changed = True
            by_code[code] = found
            by_content.setdefault(content, found)
        elif link.code:
            values: dict[str, Any] = {"partner": partner, "offer": offer}
            if "parameters" in link.model_fields_set:
                values["parameters"] = link.parameters
            work.changed |= service.assign(found, values)
        links.append(found)
    return links


def _links_between(session: Session, pairs: set[tuple[int, int]]) -> dict[LinkContent, Link]:
    """Return the links of these partner-offer pairs by their content; the oldest where two are alike."""
    found: dict[LinkContent, Link] = {}
    ordered = sorted(pairs)
    for start in range(0, len(ordered), _PAIRS_A_QUERY):
        some = ordered[start : start + _PAIRS_A_QUERY]
        query = select(Link).where(tuple_(Link.partner_id, Link.offer_id).in_(some)).order_by(Link.id)
        for link in session.scalars(query):
            found.setdefault((link.partner_id, link.offer_id, frozenset(link.parameters.items())), link)
    return found
