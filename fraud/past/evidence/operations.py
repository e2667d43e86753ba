"""What can be asked about evidence: a conversion's pack as JSON or PDF, and the key it is signed with.

The app gives ``state.readers``, ``state.names`` and ``state.settings``. Who may read how fraud is judged gets any
conversion's; a partner, who may dispute, gets those of its own that were rejected.
"""

from __future__ import annotations

from typing import Any

from clickhouse_connect.driver.exceptions import Error as DriverError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from fraud.past.errors import EVIDENCE_UNKNOWN
from fraud.past.evidence.gathering import NamesOf, gather
from fraud.past.evidence.page import page
from fraud.past.evidence.signing import ALGORITHM, EvidenceKey
from kernel.api import PUBLIC, Operation
from kernel.auth import Principal
from kernel.clickhouse.client import ReaderPool
from kernel.errors import STORE_AWAY
from kernel.http import answer, principal
from kernel.logging import log
from kernel.settings import Settings

_PDF, _JSON = ".pdf", ".json"


def pack(readers: ReaderPool, chosen: Settings, conversion_id: str, who: Principal, names: NamesOf) -> bytes:
    """Return the signed evidence about a conversion; blocks.

    Raises:
        ClickledgerError: ``evidence_unknown`` or ``store_away``.

    """
    try:
        with readers.reader() as client:
            found = gather(client, conversion_id, who, names)
    except (DriverError, OSError) as why:
        log("evidence").error("store_refused", why=str(why)[:300])
        raise STORE_AWAY.error("The event store refused or can't be reached; the log has its words.") from why
    return EvidenceKey.load(chosen).sign(found)


async def _evidence(request: Request) -> Response:
    asked: str = request.path_params["conversion_id"]
    conversion_id = asked.removesuffix(_PDF).removesuffix(_JSON)
    state = request.app.state
    signed = await run_in_threadpool(
        pack, state.readers, state.settings, conversion_id, principal(request), state.names.of
    )
    if not asked.endswith(_PDF):
        return Response(signed, media_type="application/json")
    named = {"Content-Disposition": f'attachment; filename="evidence-{conversion_id}.pdf"'}
    return Response(await run_in_threadpool(page, signed), media_type="application/pdf", headers=named)


async def _key(request: Request) -> Response:
    key = await run_in_threadpool(EvidenceKey.load, request.app.state.settings)
    return answer({"algorithm": ALGORITHM, "public_key": key.public_key})


_SIGNATURE: dict[str, Any] = {
    "type": "object",
    "required": ["algorithm", "public_key", "sha256", "signature"],
    "properties": {name: {"type": "string"} for name in ("algorithm", "public_key", "sha256", "signature")},
}


def operations() -> list[Operation]:
    """Return what evidence offers."""
    return [
        Operation(
            "GET",
            "/api/v1/fraud/evidence/{conversion_id}",
            "Everything about one conversion's verdict, signed: JSON, or a PDF when the id ends with .pdf.",
            _evidence,
            "fraud:read",
            or_needs="disputes:write",
            tag="Fraud",
            answer={
                "type": "object",
                "required": ["evidence", "signature"],
                "properties": {"evidence": {"type": "object"}, "signature": _SIGNATURE},
            },
            media_type="application/json, application/pdf",
            errors=(EVIDENCE_UNKNOWN,),
            path_types=(("conversion_id", "string"),),
        ),
        Operation(
            "GET",
            "/api/v1/fraud/evidence-key",
            "The public key that evidence is signed with.",
            _key,
            PUBLIC,
            tag="Fraud",
            answer={
                "type": "object",
                "required": ["algorithm", "public_key"],
                "properties": {"algorithm": {"type": "string"}, "public_key": {"type": "string"}},
            },
        ),
    ]
