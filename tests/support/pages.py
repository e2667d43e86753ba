"""A browser without scripts: looks at pages of the web role, reads their tables, sends their forms.

For what a page says and does; how it looks and what its scripts do is tested in a real browser (``tests/e2e/web``).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from httpx2 import Response

from reports.web.cookies import SESSION
from tests.support.web import Web

ORIGIN = "http://testserver"


class Visitor:
    """Somebody with a session, or without one."""

    def __init__(self, web: Web, key: str | None) -> None:
        self._client = web.client
        self.headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html", "Accept-Language": "en-US"}
        if key is not None:
            self.headers["Cookie"] = f"{SESSION}={key}"

    def get(self, path: str, **headers: str) -> Response:
        """Return the answer to a GET, redirects and all."""
        self._client.cookies.clear()
        return self._client.get(path, headers=self.headers | headers, follow_redirects=False)

    def see(self, path: str, status: int = 200) -> Seen:
        """Return the page at a path; it must have this status."""
        answer = self.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:2000]}"
        return Seen(self, path, answer)

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> Response:
        """Send a form; lists are fields of one name."""
        self._client.cookies.clear()
        return self._client.post(path, data=fields, headers=self.headers | headers, follow_redirects=False)


class Seen:
    """A page somebody looks at."""

    def __init__(self, visitor: Visitor, path: str, answer: Response) -> None:
        self.visitor, self.path, self.answer = visitor, path, answer
        self.soup = BeautifulSoup(answer.text, "html.parser")

    @property
    def text(self) -> str:
        """All words of the content, with single spaces."""
        main = self.soup.find("main")
        assert isinstance(main, Tag)
        return " ".join(main.get_text(" ").split())

    @property
    def heading(self) -> str:
        return self.words(self.soup.find("h1"))

    @staticmethod
    def words(tag: Any) -> str:
        """Return the words of an element, with single spaces."""
        return " ".join(tag.get_text(" ").split()) if tag is not None else ""

    def table(self, caption: str = "") -> list[dict[str, str]]:
        """Return the rows of the first table whose caption begins so: heading to words."""
        for table in self.soup.find_all("table"):
            if self.words(table.find("caption")).startswith(caption):
                heads = [self.words(th) for th in table.find("thead").find_all("th")]
                rows = [tr.find_all(["th", "td"]) for tr in table.find("tbody").find_all("tr")]
                return [dict(zip(heads, map(self.words, cells), strict=False)) for cells in rows]
        raise AssertionError(f"{self.path} has no table {caption!r}")

    def links(self) -> dict[str, str]:
        """Return the content's links: words to address."""
        main = self.soup.find("main")
        return {self.words(a): str(a["href"]) for a in main.find_all("a", href=True)}

    def form(self, do: str, **holding: str) -> dict[str, Any]:
        """Return the fields of a form by its button's name, as a browser would send them.

        Args:
            do: What the form does.
            holding: Hidden fields it has, to tell forms of one kind apart.

        """
        for form in self.soup.find_all("form"):
            fields = _fields(form)
            if fields.get("do") == do and all(fields.get(n) == v for n, v in holding.items()):
                return fields
        raise AssertionError(f"{self.path} has no form {do!r} with {holding}")

    def send(self, do: str, status: int = 303, /, holding: dict[str, str] | None = None, **changed: Any) -> Seen:
        """Send a form with some fields changed, follow where it leads, and return the page there."""
        fields = self.form(do, **(holding or {}))
        fields.update(changed)
        return self.after(self.visitor.post(self._target(do), fields), status)

    def after(self, answer: Response, status: int = 303) -> Seen:
        """Return the page that an answer is, or leads to."""
        assert answer.status_code == status, f"{answer.status_code} {answer.text[:3000]}"
        if status != 303:
            return Seen(self.visitor, self.path, answer)
        said = answer.cookies.get("__Host-said", "")
        headers = {"Cookie": "; ".join(filter(None, [self.visitor.headers.get("Cookie"), f"__Host-said={said}"]))}
        following = self.visitor.get(answer.headers["location"], **headers)
        assert following.status_code == 200, f"{following.status_code} {following.text[:2000]}"
        return Seen(self.visitor, answer.headers["location"], following)

    def _target(self, do: str) -> str:
        for form in self.soup.find_all("form"):
            if _fields(form).get("do") == do:
                parts = urlsplit(urljoin(ORIGIN + self.path, form.get("action") or self.path))
                return parts.path + (f"?{parts.query}" if parts.query else "")
        raise AssertionError(do)


def _fields(form: Tag) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag in form.find_all(["input", "select", "textarea"]):
        name = tag.get("name")
        if not name or tag.has_attr("disabled"):
            continue
        if tag.name == "select":
            chosen = tag.find("option", selected=True) or (
                None if tag.has_attr("multiple") else tag.find("option")
            )
            value = chosen.get("value", chosen.get_text()) if chosen is not None else None
        elif tag.get("type") in {"checkbox", "radio"}:
            value = tag.get("value", "on") if tag.has_attr("checked") else None
        else:
            value = tag.get_text() if tag.name == "textarea" else tag.get("value", "")
        if value is None:
            continue
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found
