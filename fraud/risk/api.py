"""What partner risk offers over HTTP: a day's ranking, a partner's history and behaviour, and scoring a day.

The app gives ``state.risk`` (``RiskRuns``), ``state.readers`` and ``state.names``. Invariant: all of it is the
network's own; no partner's or advertiser's role holds ``fraud:read``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fraud.risk import history
from fraud.risk.answers import RiskOfPartner, RiskOfPartnerQuery, RiskQuery, RiskRanking, RunAsked, RunTold
from fraud.risk.behaviours import BEHAVIOURS
from fraud.risk.errors import RISK_DAY_AHEAD, RISK_NOT_SCORED, RISK_RUNS, RISK_TOO_LARGE
from fraud.risk.history import Risk, Run
from fraud.risk.runs import RiskRuns, store_errors
from fraud.risk.telling import behaviour_sentence, possible, sentences
from kernel.api import Operation
from kernel.errors import NOT_FOUND
from kernel.http import answer, path_id, read_body, read_query


def operations() -> list[Operation]:
    """Return the operations of partner risk."""
    return [
        Operation(
            "GET",
            "/api/v1/fraud/risk",
            "How risky partners were on a UTC day, what sets them apart from their peers, the change in a week.",
            _ranking,
            "fraud:read",
            tag="Fraud",
            query=RiskQuery,
            answer=RiskRanking,
            errors=(RISK_NOT_SCORED, RISK_TOO_LARGE),
        ),
        Operation(
            "GET",
            "/api/v1/fraud/risk/{id}",
            "One partner's risk: its days, and all that was measured of it beside its peers.",
            _of_partner,
            "fraud:read",
            tag="Fraud",
            query=RiskOfPartnerQuery,
            answer=RiskOfPartner,
            errors=(NOT_FOUND, RISK_NOT_SCORED, RISK_TOO_LARGE),
        ),
        Operation(
            "POST",
            "/api/v1/fraud/risk/runs",
            "Score a UTC day, again where it was scored before; today's as far as it has come.",
            _run,
            "fraud:write",
            tag="Fraud",
            body=RunAsked,
            answer=RunTold,
            errors=(RISK_DAY_AHEAD, RISK_RUNS, RISK_TOO_LARGE),
        ),
    ]


async def _ranking(request: Request) -> Response:
    asked = read_query(request, RiskQuery)
    state = request.app.state

    def read() -> dict[str, Any]:
        with store_errors(), state.readers.reader() as client:
            run = _scored(client, asked.day)
            risks = history.ranking(client, run.day, sort=asked.sort, limit=asked.limit, partner=asked.partner_id)
        names = state.names.of("partner", {risk.partner_id for risk in risks})
        return told(run) | {"items": [shown(risk, names.get(risk.partner_id, "")) for risk in risks]}

    return answer(await run_in_threadpool(read))


async def _of_partner(request: Request) -> Response:
    partner = path_id(request)
    asked = read_query(request, RiskOfPartnerQuery)
    state = request.app.state

    def read() -> dict[str, Any]:
        with store_errors(), state.readers.reader() as client:
            run = _scored(client, asked.day)
            risks = history.ranking(client, run.day, sort="score", limit=1, partner=partner)
            first = run.day - timedelta(days=asked.days - 1)
            days = history.history(client, first, run.day, partner)
            measured = history.behaviour(client, run.day, partner)
        # A run keeps a row of itself under partner 0.
        if not partner or (not risks and not days):
            raise NOT_FOUND.error(f"Partner {partner} had no clicks in these days.")
        name = state.names.of("partner", {partner}).get(partner, "")
        return told(run) | {
            "partner_id": partner,
            "partner": name,
            "risk": shown(risks[0], name) if risks else None,
            "history": [
                {
                    "day": one.day.isoformat(),
                    "score": one.score,
                    "place": one.place,
                    "judged": one.judged,
                    "method": one.method,
                    "clicks": one.clicks,
                }
                for one in days
            ],
            "behaviour": [_measured(*one) for one in measured],
        }

    return answer(await run_in_threadpool(read))


async def _run(request: Request) -> Response:
    asked = await read_body(request, RunAsked)
    runs: RiskRuns = request.app.state.risk
    day = asked.day or datetime.now(UTC).date() - timedelta(days=1)
    return answer(told(await run_in_threadpool(runs.run, day)))


def _scored(client: Any, day: date | None) -> Run:
    """Return the run of a day, of the latest scored one by default."""
    chosen = day or history.latest_day(client)
    run = None if chosen is None else history.run_of(client, chosen)
    if run is None:
        raise RISK_NOT_SCORED.error(
            f"Partner risk of {chosen} was never scored; 'clickledger fraud risk run --day {chosen}' scores it."
            if chosen
            else "No day's partner risk was scored yet; 'clickledger fraud risk run' scores yesterday's."
        )
    return run


def told(run: Run) -> dict[str, Any]:
    """Return a run as the API tells it."""
    return {
        "day": run.day.isoformat(),
        "scored_at": run.run_at.replace(tzinfo=UTC).isoformat(),
        "judged": run.judged,
        "clicks": run.clicks,
        "method": run.method,
        "note": run.note,
        "version": run.version,
    }


def shown(risk: Risk, name: str) -> dict[str, Any]:
    """Return a partner's risk as the API shows it."""
    return {
        "partner_id": risk.partner_id,
        "partner": name,
        "clicks": risk.clicks,
        "score": risk.score,
        "place": risk.place,
        "method": risk.method,
        "change": risk.change if risk.method != "too_few" else None,
        "reasons": sentences(risk.reasons),
    }


def _measured(name: str, value: float | None, usual: float | None) -> dict[str, Any]:
    behaviour = BEHAVIOURS.get(name)
    said = behaviour_sentence(behaviour, value) if behaviour is not None and value is not None else ""
    median = possible(behaviour, usual) if behaviour is not None and usual is not None else usual
    return {"name": name, "value": value, "peers_median": median, "sentence": said}
