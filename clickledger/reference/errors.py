"""``docs/errors.md``: every error code of every room, where it is met and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import fraud.forest.errors
import fraud.rules.errors
import fraud.simulation.errors
import kernel.errors
import partners
import reports.errors
import tracker.errors
import tracker.intake.errors
from clickledger import past_runs, program_entries, service
from clickledger.commands import keys, rollup
from clickledger.commands.fraud import dry_run, evidence, rescore
from clickledger.commands.fraud import train as training
from clickledger.demo import operations as demo
from clickledger.reference.markdown import code, table
from clickledger.replay import errors as replay
from clickledger.roles import rollups
from clickledger.simulation import errors as simulation
from fraud import ranking, risk
from fraud.past import errors as past
from kernel.errors import ErrorKind
from partners import identity
from reports.logs import errors as logs
from reports.saved import errors as saved
from reports.web import errors as web

PAGE = "docs/errors.md"

_HEAD = """# Errors

<!-- Made from each room's ERRORS table by clickledger/reference; change it there. -->

Every refusal is one JSON shape, over HTTP with the status of the table:

```json
{"error": {"code": "unknown_metric", "message": "There is no metric 'clics'; did you mean clicks?", "details": {}}}
```

`code` never changes its meaning and is what programs look at. `message` is for the person who meets it:
the sentence of the table, or a more exact one. `details` appears only when there are facts to give. A
command of the command line prints the message on standard error and ends with exit code 1.

An answer with `internal_error` is a fault of clickledger: it says nothing more to the outside, the log has
the traceback. A status that the web framework gives by itself, and that is not listed, has the code `http_error`.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """Errors that are met in the same place."""

    title: str
    where: str
    kinds: tuple[ErrorKind, ...]


_STARTING = ("cannot_start", "store_away")
_PIPELINE_ALONE = (
    "click_not_found",
    "outside_window",
    "frame_unreadable",
    "enrichment_failed",
    "postback_not_processed",
)
_PIPELINE_TOO = ("offer_unknown", "transition_not_allowed", "amount_invalid")


def sections() -> tuple[Section, ...]:
    """Return the page's sections in order."""
    anywhere, tracking = kernel.errors.ERRORS, tracker.errors.ERRORS
    return (
        Section(
            "Postbacks",
            'Answered by the edge at `/postback` as `{"status": "rejected", "error": {…}}`. The request is kept '
            "whole, with its code as `reason`, and can be read with `clickledger export rejected`; all but "
            "`journal_unavailable`, which says that nothing could be kept. A click gets none of the others: "
            "it is redirected or gets the plain 404 page.",
            _without(tracking.values(), _PIPELINE_ALONE),
        ),
        Section(
            "Decided after the answer",
            "Nobody is answered with these: they are found while journals are shipped, and appear as the `reason` "
            "of a row of `clickledger export rejected`, with the bytes as they were received. The status is the "
            "one the edge would have answered had it known.",
            tuple(tracking[each] for each in (*_PIPELINE_ALONE, *_PIPELINE_TOO)),
        ),
        Section(
            "Every JSON route",
            "Answered by the web role on any path, and by the edge beside `/click` and `/postback`.",
            _without(anywhere.values(), _STARTING[:1]),
        ),
        Section(
            "Reports and exports",
            "Answered by `/api/v1/reports/…` and `/api/v1/export/…`, and printed by `clickledger report` and "
            "`clickledger export`.",
            tuple(reports.errors.ERRORS.values()),
        ),
        Section(
            "Logs",
            "Answered by `/api/v1/logs/…` and `/api/v1/clicks/…`, beside what a report's range and filters are "
            "refused with, and printed by `clickledger log`.",
            tuple(logs.ERRORS.values()),
        ),
        Section(
            "Saved reports",
            "Answered by `/api/v1/saved-reports`, `shared`, `custom-metrics` and `report-schedules`, beside what "
            "a query is refused with, and printed by `clickledger saved`.",
            tuple(saved.ERRORS.values()),
        ),
        Section(
            "Web pages",
            "Shown by pages, beside what the API refuses, whose sentences they show.",
            tuple(web.ERRORS.values()),
        ),
        Section(
            "The program",
            "Answered by `/api/v1/advertisers`, `partners`, `offers`, `links`, `program` and `programs/ensure`, "
            "and printed by the commands of the same names. A wrong field is `body_invalid`, a name that is taken "
            "is a `conflict`.",
            tuple(partners.ERRORS.values()),
        ),
        Section(
            "Access",
            "Answered by `/api/v1/sessions`, `me`, `signup`, `keys` and `users`, and printed by the commands "
            "`clickledger keys` and `clickledger user`.",
            tuple(identity.ERRORS.values()),
        ),
        Section(
            "Rollups",
            "Answered by `/api/v1/rollups` and `/api/v1/rollups/rebuild`, and printed by `clickledger rollup`.",
            tuple(rollups.ERRORS.values()),
        ),
        Section(
            "The demo",
            "Answered by `/api/v1/demo`, and printed by `clickledger demo`.",
            tuple(demo.ERRORS.values()),
        ),
        Section(
            "Starting",
            "Printed on standard error by `clickledger up`, `clickledger serve` and whatever else opens a store; "
            "the process ends.",
            tuple(anywhere[each] for each in _STARTING),
        ),
        Section(
            "Commands",
            "Printed on standard error by commands that talk to a running service, beside whatever the service "
            "itself answers.",
            (
                *service.ERRORS.values(),
                program_entries.ENTRY_UNKNOWN,
                *keys.ERRORS.values(),
                *rollup.ERRORS.values(),
            ),
        ),
        Section(
            "Fraud rules",
            "Answered by `/api/v1/fraud/rule-entries` and where entries are tried on the past, and printed by "
            "`clickledger fraud rules`.",
            tuple(fraud.rules.errors.ERRORS.values()),
        ),
        Section(
            "Models",
            "Answered below `/api/v1/fraud/models`, and printed on standard error by `clickledger fraud train`, "
            "`models`, `rollback` and `drift`.",
            (*fraud.forest.errors.ERRORS.values(), *training.ERRORS.values()),
        ),
        Section(
            "Ranking partners",
            "Printed on standard error by `clickledger fraud evaluate`, and answered where partners are ranked.",
            tuple(ranking.ERRORS.values()),
        ),
        Section(
            "Partner risk",
            "Answered below `/api/v1/fraud/risk`, and printed by `clickledger fraud risk`.",
            tuple(risk.ERRORS.values()),
        ),
        Section(
            "Judging the past",
            "Answered below `/api/v1/fraud/rescorings`, `dry-runs` and `evidence`, and printed by "
            "`clickledger fraud rescore`, `dry-run` and `evidence`.",
            (
                *past.ERRORS.values(),
                *past_runs.ERRORS.values(),
                *dry_run.ERRORS.values(),
                *rescore.ERRORS.values(),
                *evidence.ERRORS.values(),
            ),
        ),
        Section(
            "Simulation",
            "Printed on standard error by `clickledger simulate`, beside what replay and import can end with.",
            (*fraud.simulation.errors.ERRORS.values(), *simulation.ERRORS.values()),
        ),
        Section(
            "Replay and import",
            "Printed on standard error by `clickledger replay` and `clickledger import`.",
            (*tracker.intake.errors.ERRORS.values(), *replay.ERRORS.values()),
        ),
    )


def pages() -> dict[str, str]:
    """Return the page by its path in the repository."""
    lines = [_HEAD.rstrip("\n")]
    for section in sections():
        lines += ["", f"## {section.title}", "", section.where, ""]
        lines += table(
            ("code", "status", "what to do"),
            ((code(kind.code), str(kind.status), kind.advice) for kind in section.kinds),
        )
    return {PAGE: "\n".join(lines) + "\n"}


def _without(kinds: Iterable[ErrorKind], codes: tuple[str, ...]) -> tuple[ErrorKind, ...]:
    return tuple(kind for kind in kinds if kind.code not in codes)
