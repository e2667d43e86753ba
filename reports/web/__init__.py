"""The web page: what people see, ask and act on in a browser.

``pages()`` declares them, ``routes()`` serves them and what they load, ``CookieSessions`` lets a browser's session
stand for a key. Pages ask the API (see ``inside``) and so show to each what the API answers to them.
"""

from __future__ import annotations

from reports.web.cookies import CookieSessions
from reports.web.errors import ERRORS
from reports.web.headers import SafeAnswers
from reports.web.serving import broken, not_found, pages, refused, routes

__all__ = ["ERRORS", "CookieSessions", "SafeAnswers", "broken", "not_found", "pages", "refused", "routes"]
