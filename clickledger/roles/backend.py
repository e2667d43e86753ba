"""The backend role: pipeline and web in one process, because the embedded engine allows only one."""

from __future__ import annotations

from clickledger.roles.past import recovered_past
from clickledger.roles.pipeline import running
from clickledger.roles.starting import role, settle_memory
from clickledger.roles.stores import event_store
from clickledger.roles.web import web_app
from clickledger.serving import serve
from kernel.settings import Settings


def run_backend(chosen: Settings) -> None:
    """Ship journals and serve the web role until asked to end, then drain the journals."""
    with (
        role(chosen, "backend", "backend"),
        event_store(chosen) as store,
        recovered_past(store),
        running(chosen, store) as pipeline,
        web_app(chosen, pipeline.status, pipeline.between_rounds) as app,
    ):
        settle_memory()
        serve(app, chosen.web_host, chosen.web_port)
