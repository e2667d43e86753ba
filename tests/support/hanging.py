"""No hang stays silent: the stacks are shown, the test process ends, and the run goes on without that test.

pytest's own clock (``faulthandler_timeout`` in pyproject.toml) covers a test from its first fixture's set-up to its
last one's tear-down, and needs no GIL, so that it also ends C code which keeps that. What it leaves out is here: it is
stopped by a failure, for a debugger's sake, so that a tear-down after one could hang for ever; it doesn't cover the
end of the session, where a thread that nobody ended keeps the process; and with xdist's own scheduler a run whose
worker was ended waits for ever itself.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key, get_timeout_config_value

try:
    from xdist.scheduler import LoadFileScheduling
except ImportError:  # without xdist nothing is distributed
    LoadFileScheduling = object

TOGETHER = ("tests/e2e/web/",)
"""Folders whose files share what is expensive to start, so that one worker does them all."""
END_SECONDS = 60
"""For a session's end and the process's after it; threads that are about to end take a moment, never this long."""


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node):
    """Start the clock anew for the tear-down; pytest has just stopped it."""
    seconds = get_timeout_config_value(node.config)
    if seconds and not sys.gettrace():
        out = node.config.stash[fault_handler_stderr_fd_key]
        faulthandler.dump_traceback_later(seconds, file=out, exit=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    """Let the session's end have its clock, and the process's end another: xdist's workers wait between the two."""
    # A descriptor of our own: pytest closes its own before the interpreter waits for threads.
    out = os.dup(session.config.stash[fault_handler_stderr_fd_key])
    threading.Thread(target=_watch_end, args=(out,), daemon=True).start()
    faulthandler.dump_traceback_later(END_SECONDS, file=out, exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _watch_end(out):
    threading.main_thread().join()  # it has ended when the interpreter begins to wait for the other threads
    faulthandler.dump_traceback_later(END_SECONDS, file=out, exit=True)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Return the scheduler that survives a worker's death."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadfile" else None


class FileScheduling(LoadFileScheduling):
    """xdist's own, but for what happens when a worker dies (3.8; pytest-xdist's issues 1323, 1327 and 1378).

    There the replacement is given what the dead one had finished, which is nothing to do and so never reported as
    done, and again the test that ended it; and one unit of work only, though a worker begins a test when it knows the
    next one, or that there is none.
    """

    def _split_scope(self, nodeid):
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), None) or super()._split_scope(
            nodeid
        )

    def remove_node(self, node):
        """Forget a worker; return the test that ended it, if one did, and leave the others' to the living."""
        workload = self.assigned_work.pop(node)
        left = [(unit, test) for unit in workload.values() for test, is_done in unit.items() if not is_done]
        if not left:
            return None
        unit, ended_by = left[0]
        unit[ended_by] = True  # it is reported as failed
        self.workqueue.update({scope: unit for scope, unit in workload.items() if not all(unit.values())})
        for living in self.assigned_work:
            self._reschedule(living)
        return ended_by

    def _reschedule(self, node):
        """Keep a worker's next test known to it; tell it when there is none."""
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) <= 2:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()
