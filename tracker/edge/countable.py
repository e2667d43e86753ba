"""Which requests are clicks that count towards caps and duplicate policies.

Invariants: what the pipeline stores as a bot's, a prefetch or a HEAD request is never counted here for
being seen differently: both read the same patterns and headers, and the pipeline knows no fewer bots.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kernel.purposes import is_ahead, purpose

REMEMBERED_AGENTS = 8_192
"""User agents whose answer is kept: a check costs microseconds, and the same browsers come again and again."""


def counts_as_click(method: str, headers: Mapping[str, str], user_agent: str) -> bool:
    """Return whether a request is a person's click: no HEAD, no prefetch, no bot.

    Args:
        method: The HTTP method.
        headers: The request's headers (or those an event keeps), names in lower case.
        user_agent: The User-Agent header, '' for none.

    """
    if method == "HEAD":
        return False
    if is_ahead(purpose(headers)):
        return False
    return not _is_bot(user_agent)


@lru_cache(maxsize=REMEMBERED_AGENTS)
def _is_bot(user_agent: str) -> bool:
    # The patterns take megabytes, and only edges with caps or duplicate policies need them.
    from fraud import inspect_agent

    return inspect_agent(user_agent).is_bot
