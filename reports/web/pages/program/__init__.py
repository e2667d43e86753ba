"""Partners, offers, advertisers, links, and everything below them."""

from __future__ import annotations

from reports.web.page import Page
from reports.web.pages.program.advertisers import PAGES as ADVERTISERS
from reports.web.pages.program.links import PAGES as LINKS
from reports.web.pages.program.offers import PAGES as OFFERS
from reports.web.pages.program.others import PAGES as OTHERS
from reports.web.pages.program.partners import PAGES as PARTNERS

PAGES: tuple[Page, ...] = (*PARTNERS, *OFFERS, *ADVERTISERS, *LINKS, *OTHERS)

__all__ = ["PAGES"]
