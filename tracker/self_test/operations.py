"""The self-tests' routes: a link's, and a postback's.

The app keeps in its ``state``: ``settings``, ``programs``, ``readers``, and ``desk`` for its program and keys.
Invariants: a partner tests its own links only and an advertiser its own offers only, another's is not found; the
answer is 200 whatever was found, since finding trouble is what they are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clickhouse_connect.driver.exceptions import Error as DriverError
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import Operation
from kernel.errors import NOT_FOUND, STORE_AWAY
from kernel.hidden_money import hidden_money
from kernel.http import answer, path_id, principal, read_body
from kernel.sql import Sessions
from partners.models import Link
from tracker.desk import Desk
from tracker.errors import JOURNAL_UNAVAILABLE
from tracker.outbound.guard import Guard
from tracker.self_test.postback import Firing
from tracker.self_test.schemas import LinkTest, LinkTested, PostbackTest, PostbackTested
from tracker.self_test.walk import Ask, Walk


def operations() -> list[Operation]:
    """Return the self-test's operations."""
    return [
        Operation(
            "POST",
            "/api/v1/links/{id}/test",
            "Walk a link from click to report in test mode; tells expected and actual at each hop.",
            _test,
            "links:test",
            tag="Links",
            body=LinkTest,
            answer=LinkTested,
            errors=(NOT_FOUND,),
        ),
        Operation(
            "POST",
            "/api/v1/postbacks/test",
            "Fire a postback for an offer in test mode; tells the edge's answer and the conversion it made.",
            _test_postback,
            "conversions:write",
            tag="Postbacks",
            body=PostbackTest,
            answer=PostbackTested,
            errors=(NOT_FOUND, JOURNAL_UNAVAILABLE),
        ),
    ]


async def _test(request: Request) -> Response:
    who = principal(request)
    wanted = await read_body(request, LinkTest)
    state = request.app.state
    desk: Desk = state.desk
    link_id = path_id(request)
    code = await run_in_threadpool(_code, state.programs, link_id)
    link = desk.program.links.get(code)
    if link is None or who.partner_id not in {None, link.partner_id}:
        raise NOT_FOUND.error(f"There is no link {link_id}; list the links to see their ids.")

    walk = Walk(
        link,
        wanted,
        desk.program,
        desk.keys,
        state.settings.edge_url,
        Guard.of(state.settings),
        _asking(state.readers),
        shows_revenue=who.partner_id is None,
    )
    told = await walk.run()
    return answer(told.model_dump())


async def _test_postback(request: Request) -> Response:
    who = principal(request)
    wanted = await read_body(request, PostbackTest)
    state = request.app.state
    desk: Desk = state.desk
    offer = desk.program.offers.get(wanted.offer_id)
    if offer is None or who.partner_id is not None or who.advertiser_id not in {None, offer.advertiser_id}:
        raise NOT_FOUND.error(f"There is no offer {wanted.offer_id}; list the offers to see their ids.")
    firing = Firing(
        wanted,
        offer,
        desk.program.advertisers.get(offer.advertiser_id),
        desk.keys,
        state.settings.edge_url,
        desk.append,
        _asking(state.readers),
        shows_payout="payout" not in hidden_money(who.role),
    )
    told = await firing.fire()
    return answer(told.model_dump())


def _asking(readers: Any) -> Ask:
    async def ask(statement: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        return await run_in_threadpool(_first, readers, statement, parameters)

    return ask


def _code(programs: Sessions, link_id: int) -> str:
    with programs.reading() as session:
        return session.scalar(select(Link.code).where(Link.id == link_id)) or ""


def _first(readers: Any, statement: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        with readers.reader() as client:
            found = client.query(statement, parameters=dict(parameters))
    except (DriverError, OSError) as why:
        raise STORE_AWAY.error() from why
    rows = [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]
    return rows[0] if rows else None
