from __future__ import annotations

import asyncio

from kernel import tasks as module


def test_a_task_that_forgets_a_cancellation_is_cancelled_again(monkeypatch):
    monkeypatch.setattr(module, "CANCEL_AGAIN_SECONDS", 0.01)
    cancelled = []

    async def forgetful() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(True)
                if len(cancelled) == 3:
                    raise

    async def failing() -> None:
        raise ValueError("before the end")

    async def run() -> None:
        running = [asyncio.create_task(forgetful()), asyncio.create_task(failing())]
        await asyncio.sleep(0)
        await asyncio.wait_for(module.end(running), 30)
        assert all(task.done() for task in running)
        running[1].exception()

    asyncio.run(run())
    assert len(cancelled) == 3


def test_what_a_task_does_when_it_is_ended_is_done_however_often_it_is_cancelled(monkeypatch):
    monkeypatch.setattr(module, "CANCEL_AGAIN_SECONDS", 0.01)
    done, may_end = [], asyncio.Event()

    async def last_words() -> str:
        await may_end.wait()
        done.append(True)
        return "said"

    async def task() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            done.append(await module.undisturbed(last_words()))
            raise

    async def run() -> None:
        running = asyncio.create_task(task())
        await asyncio.sleep(0)
        for _ in range(3):
            running.cancel()
            await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait_for(module.end([running]), 30)
        assert running.cancelled()

    asyncio.run(run())
    assert done == [True, "said"]
