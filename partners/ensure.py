"""Many entries at once, by name: what is missing is made, what differs is brought up to date.

Invariants: one transaction, all or nothing; the same request again changes nothing; only fields that the
request names are changed on what exists; a link without a code is found again by its partner, offer and
parameters, so asking twice doesn't make two.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from partners import audit, service
from partners.errors import REFERENCE_UNKNOWN
from partners.models import Advertiser, Entry, Link, Offer, Partner
from partners.resources import work
from partners.resources.actions import need_transition
from partners.resources.offers import OFFERS
from partners.resources.people import ADVERTISERS, PARTNERS
from partners.resources.promotion import LINKS
from partners.resources.resource import Caller, Resource
from partners.schemas import LinkEnsure, ProgramEnsure

LinkContent: TypeAlias = tuple[int, int | None, frozenset[tuple[str, str]]]
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


def ensure(session: Session, wanted: ProgramEnsure, caller: Caller) -> Ensured:
    """Make the program hold everything that ``wanted`` names.

    Raises:
        ClickledgerError: ``reference_unknown`` for an offer's advertiser, or a link's partner or offer, that
            neither exists nor is in the request.

    """
    service.the_program(session, to_change=True)
    made = _Making(session, wanted, caller)
    done = Ensured()
    for advertiser in wanted.advertisers:
        whole = advertiser.whole() | {"postback_token": service.new_token()}
        done.advertisers[advertiser.name] = made.upsert(ADVERTISERS, whole, advertiser.model_fields_set)
    for partner in wanted.partners:
        done.partners[partner.name] = made.upsert(PARTNERS, partner.whole(), partner.model_fields_set)
    # Offers and links refer to ids, so what they refer to is stored first.
    session.flush()
    for offer in wanted.offers:
        whole = offer.whole() | {"currency": offer.currency or caller.settings.currency}
        del whole["advertiser"]
        whole["advertiser_id"] = made.need(ADVERTISERS, offer.advertiser).id
        named = offer.model_fields_set - {"advertiser"} | {"advertiser_id"}
        done.offers[offer.name] = made.upsert(OFFERS, whole, named)
    session.flush()
    done.links = _links(made, wanted.links)
    session.flush()
    if made.changes:
        service.grow_version(session)
    for action, resource, entry, before in made.changes:
        work.record(session, resource, caller, action, entry, audit.changes(before, audit.values(entry)))
    session.flush()
    return done


class _Making:
    """What is known to exist while one request is worked off, and what was done so far."""

    def __init__(self, session: Session, wanted: ProgramEnsure, caller: Caller) -> None:
        self.session = session
        self.caller = caller
        self.changes: list[tuple[str, Resource, Entry, dict[str, Any]]] = []
        """Action, resource, entry, and what it held before."""
        self._referred: set[tuple[str, Any]] = set()
        """Columns and ids that are known to name an entry: thousands of offers name the same few."""
        advertisers = {entry.name for entry in wanted.advertisers} | {entry.advertiser for entry in wanted.offers}
        partners = {entry.name for entry in wanted.partners} | {entry.partner for entry in wanted.links}
        offers = {entry.name for entry in wanted.offers} | {entry.offer for entry in wanted.links}
        self._known: dict[Resource, dict[str, Any]] = {
            ADVERTISERS: service.by_natural_key(session, Advertiser, advertisers),
            PARTNERS: service.by_natural_key(session, Partner, partners),
            OFFERS: service.by_natural_key(session, Offer, offers),
        }

    def need(self, resource: Resource, name: str) -> Any:
        """Return the entry of this name, or refuse the request."""
        found = self._known[resource].get(name)
        if found is None:
            raise REFERENCE_UNKNOWN.error(
                f"There is no {resource.word} {name!r}, neither stored nor in the request."
            )
        return found

    def upsert(self, resource: Resource, whole: dict[str, Any], named: AbstractSet[str]) -> Any:
        """Make the entry of ``whole``, or set on the one of this name the fields that the request ``named``."""
        whole = work.as_columns(resource, whole)
        references = {name: whole[name] for name in resource.references if name in whole}
        unchecked = {name: value for name, value in references.items() if (name, value) not in self._referred}
        work.need_references(self.session, resource, unchecked, self.caller)
        self._referred |= unchecked.items()
        found = self._known[resource].get(whole["name"])
        if found is None:
            found = resource.kind(**whole)
            self.add(resource, found)
            self._known[resource][whole["name"]] = found
        else:
            values = {name: whole[name] for name in named}
            if "status" in values and resource is PARTNERS:
                need_transition(found, values["status"])
            self.assign(resource, found, values)
        with self.session.no_autoflush:
            resource.check(self.session, found, self.caller)
        return found

    def add(self, resource: Resource, entry: Entry) -> None:
        """Make an entry."""
        self.session.add(entry)
        self.changes.append(("create", resource, entry, {}))

    def assign(self, resource: Resource, entry: Any, values: dict[str, Any]) -> None:
        """Set what differs."""
        before = audit.values(entry)
        if service.assign(entry, values):
            self.changes.append(("change", resource, entry, before))


def _links(made: _Making, wanted: list[LinkEnsure]) -> list[Link]:
    parties = [(made.need(PARTNERS, link.partner), made.need(OFFERS, link.offer)) for link in wanted]
    with_parties = list(zip(wanted, parties, strict=True))
    uncoded = {(partner.id, offer.id) for link, (partner, offer) in with_parties if link.code is None}
    by_code = service.by_natural_key(made.session, Link, (link.code for link in wanted if link.code))
    by_content = _links_between(made.session, uncoded)
    new_codes = iter(service.free_codes(made.session, len(wanted)))
    links = []
    for link, (partner, offer) in with_parties:
        content = (partner.id, offer.id, frozenset(link.parameters.items()))
        found = by_code.get(link.code) if link.code else by_content.get(content)
        if found is None:
            code = link.code or next(new_codes)
            found = Link(code=code, partner_id=partner.id, offer_id=offer.id, parameters=link.parameters)
            made.add(LINKS, found)
            by_code[code] = found
            by_content.setdefault(content, found)
        elif link.code:
            values: dict[str, Any] = {"partner_id": partner.id, "offer_id": offer.id, "smart_link_id": None}
            if "parameters" in link.model_fields_set:
                values["parameters"] = link.parameters
            made.assign(LINKS, found, values)
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
