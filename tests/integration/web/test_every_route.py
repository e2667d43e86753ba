"""Every operation as every role, with every kind of key: allowed exactly as the scopes say.

The requests are empty and name ids that nobody has, so whoever is let in is answered with anything but the
refusal of a scope, and nothing is changed.
"""

from __future__ import annotations

import pytest

from clickledger.roles.web import operations
from kernel import keys
from kernel.api import ANYBODY, PUBLIC, Operation
from kernel.auth import ROLE_SCOPES, ROLES, SCOPES
from reports.web import assets, pages
from tests.support.web import ADMIN_KEY

OPERATIONS = operations()
NOBODYS_ID = "2147483646"


@pytest.fixture(scope="module")
def holders(web):
    """A key of each role with all its scopes."""
    whose = {"partner": {"partner_id": web.partner()}, "advertiser": {"advertiser_id": web.advertiser()}}
    return {role: web.holding(web.key(role=role, **whose.get(role, {}))) for role in ROLES}


def ask(holder, operation: Operation) -> str:
    """Ask an operation for nothing; return 'allowed', or the code of the refusal."""
    path = operation.path
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{name}}}", {"table": "clicks"}.get(name, NOBODYS_ID))
    answer = holder.ask(operation.method, path)
    assert answer.status_code < 500, f"{operation.method} {path}: {answer.text}"
    if answer.status_code not in {401, 403}:
        return "allowed"
    error = answer.json()["error"]
    if error["code"] == "forbidden" and not error["message"].startswith("This needs the scope "):
        return "allowed"  # by its scope; refused for what it asked
    return error["code"] if error["code"] in {"unauthenticated", "forbidden"} else "allowed"


def needed(operation: Operation) -> set[str]:
    return {operation.needs, operation.or_needs} - {""}


def differing(holder, expected, of=OPERATIONS) -> list[str]:
    """Return the operations whose answer isn't what was expected of them."""
    wrong = []
    for operation in of:
        was, should = ask(holder, operation), expected(operation)
        if was != should:
            wrong.append(f"{operation.method} {operation.path}: {was}, not {should}")
    return wrong


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_its_scopes_say(holders, role):
    def expected(operation):
        open_to_all = operation.needs in {PUBLIC, ANYBODY}
        return "allowed" if open_to_all or needed(operation) & ROLE_SCOPES[role] else "forbidden"

    assert differing(holders[role], expected) == []


@pytest.mark.parametrize(
    "key",
    [None, "", "wrong", keys.make().text, keys.make().text[:-1] + "-", ADMIN_KEY + "x", ADMIN_KEY.upper()],
    ids=["none", "empty", "no key", "nobody's", "malformed", "longer", "in capitals"],
)
def test_without_a_key_only_what_is_public_answers(web, key):
    expected = {True: "allowed", False: "unauthenticated"}
    assert differing(web.holding(key), lambda operation: expected[operation.needs == PUBLIC]) == []


def halves() -> list[frozenset[str]]:
    """Return sets of scopes so that for any two scopes some set has the one and not the other."""
    ordered = sorted(SCOPES)
    bits = range(len(ordered).bit_length())
    ones = [frozenset(scope for n, scope in enumerate(ordered) if n >> bit & 1) for bit in bits]
    return [*ones, *(frozenset(SCOPES) - one for one in ones)]


def open_with(operation: Operation, held: frozenset[str]) -> str:
    is_open = operation.needs in {PUBLIC, ANYBODY} or needed(operation) & held
    return "allowed" if is_open else "forbidden"


@pytest.mark.parametrize("held", halves(), ids=lambda held: f"{len(held)} scopes")
def test_a_key_opens_what_its_scopes_open_and_nothing_else(web, held):
    """No operation opens to another scope than its own: some of these keys would have that one and not its own."""
    holder = web.holding(web.key(role="admin", scopes=sorted(held)))
    assert differing(holder, lambda operation: open_with(operation, held)) == []


def test_any_two_scopes_are_told_apart_by_some_key():
    for scope in SCOPES:
        others = [set(SCOPES) - held for held in halves() if scope in held]
        assert set().union(*others) == set(SCOPES) - {scope}


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_of_two_scopes_either_opens_an_operation_and_no_third(web, scope):
    held, either = frozenset({scope}), [o for o in OPERATIONS if len(needed(o)) > 1]
    assert either
    holder = web.holding(web.key(role="admin", scopes=[scope]))
    assert differing(holder, lambda operation: open_with(operation, held), either) == []


def test_a_key_without_scopes_and_a_partner_that_waits_open_nothing_but_themselves(web):
    waiting = web.key(role="partner", partner_id=web.partner("pending"))
    for key in (web.key(role="admin", scopes=[]), waiting):
        expected = {True: "allowed", False: "forbidden"}
        assert differing(web.holding(key), lambda o, e=expected: e[o.needs in {PUBLIC, ANYBODY}]) == []


def test_every_operation_says_which_scope_it_needs_and_every_scope_is_needed_somewhere():
    at_the_edge = {"clicks:write"}
    assert {scope for operation in OPERATIONS for scope in needed(operation)} - {ANYBODY} == set(
        SCOPES
    ) - at_the_edge
    public = {f"{o.method} {o.path}" for o in OPERATIONS if o.needs == PUBLIC}
    assert public == {
        "POST /api/v1/sessions",
        "GET /api/v1/signup",
        "POST /api/v1/signup",
        "GET /api/v1/shared/{token}",
        "GET /api/v1/fraud/evidence-key",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /openapi.json",
    }


def test_every_route_of_the_app_is_an_operation_or_a_page(web):
    served = {(method, route.path) for route in web.app.routes for method in route.methods - {"HEAD"}}
    operations = {(operation.method, operation.path) for operation in OPERATIONS}
    shown = {("GET", page.path) for page in pages()} | {("POST", page.path) for page in pages() if page.acts}
    assert served == operations | shown | {("GET", assets.PATH)}
    assert not operations & shown
