"""What is refused stands beside its field in plain words, and the form stays as it was."""

from __future__ import annotations

import pytest

from kernel.errors import BODY_INVALID
from reports.web import plainly
from tests.support.pages import Visitor

NOBODY = "999999999"
URL = "https://shop.example/?c={click_id}"


@pytest.fixture(scope="module")
def admin(web):
    return Visitor(web, web.key(role="admin"))


def beside(page, name):
    """Return the problem beside a field, which the field itself names to those who listen."""
    field = page.soup.find(attrs={"name": name, "aria-invalid": "true"})
    return page.words(page.soup.find(id=field["aria-describedby"].split()[-1]))


@pytest.mark.parametrize(
    ("path", "do", "given", "field"),
    [
        ("/partners/new", "create", {"name": "Foreign", "tier_id": NOBODY}, "tier_id"),
        (
            "/offers/new",
            "create",
            {"name": "Foreign", "destination": URL, "advertiser_id": NOBODY},
            "advertiser_id",
        ),
        ("/program/coupons/new", "create", {"code": "X", "offer_id": NOBODY, "partner_id": NOBODY}, "offer_id"),
        ("/links/new", "save", {"offer_id": NOBODY, "partner_id": NOBODY}, "partner_id"),
        (
            "/hooks/new",
            "create",
            {"name": "X", "url": URL, "statuses": "approved", "partner_id": NOBODY},
            "partner_id",
        ),
        (
            "/users",
            "invite",
            {"name": "X", "email": "foreign@example.com", "role": "partner", "partner_id": NOBODY},
            "partner_id",
        ),
    ],
)
def test_an_entry_that_is_not_there_is_named_beside_its_field(admin, path, do, given, field):
    seen = admin.see(path)
    page = seen.after(admin.post(path, given | {"do": do}), 400)
    assert f"There is no {field.removesuffix('_id')} {NOBODY}" in beside(page, field)
    if "name" in given:
        assert page.form(do)["name"] == given["name"]


def test_several_problems_are_counted_above_and_each_stands_beside_its_field(admin):
    page = admin.see("/users").send("invite", 400, name="", email="nobody", role="analyst")
    assert "Nothing was saved: 2 fields need another look." in page.text
    assert "e-mail address" in beside(page, "email")
    assert "empty" in beside(page, "name")


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ('write money as a decimal string such as "1.50"', "write a number with a point, as 1.50"),
        ("Input should be a valid integer, unable to parse string as an integer", "write a whole number"),
        ("Input should be greater than or equal to 1", "this is at least 1"),
        ("Input should be 'day' or 'week'", "choose 'day' or 'week'"),
        ("a name can't be empty", "a name can't be empty"),
    ],
)
def test_words_for_programs_become_words_for_people(said, plain):
    why = BODY_INVALID.error(f"amount: {said}", problems=[{"field": "amount", "problem": said}])
    assert plainly.problems(why) == {"amount": plain}
    assert plainly.sentence(why) == "Nothing was saved: one field needs another look."
