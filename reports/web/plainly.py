"""What is wrong with a form, in words for people: the API speaks to programs of strings and integers.

Invariant: a sentence that isn't known here stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

from kernel.auth import Principal
from kernel.errors import FORBIDDEN, ClickledgerError

_WORDS: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r'write (money|a rate) as a decimal string such as "(.+)"', r"write a number with a point, as \2"),
        (r"Field required", "this is needed"),
        (r"Input should be a valid integer.*", "write a whole number"),
        (r"Input should be a valid (?:number|decimal).*", "write a number"),
        (r"Input should be a valid (?:date|datetime).*", "write a day or a moment that there is"),
        (r"Input should be greater than or equal to (.+)", r"this is at least \1"),
        (r"Input should be less than or equal to (.+)", r"this is at most \1"),
        (r"Input should be ('.+')", r"choose \1"),
    )
)


def problems(why: ClickledgerError) -> dict[str, str]:
    """Return what is wrong by field."""
    found = {one["field"]: plainly(one["problem"]) for one in why.details.get("problems", ())}
    if "field" in why.details:
        found.setdefault(str(why.details["field"]), why.message)
    return found


def refusal(who: Principal | None, why: ClickledgerError) -> str:
    """Return why somebody may not open a page: people have accounts and roles, programs keys and scopes."""
    is_scope = why.kind is FORBIDDEN and why.message.startswith("This needs the scope")
    if not is_scope or who is None or who.user_id is None:
        return why.message
    if "program:read" not in who.scopes:
        return "Your account may not open this as it stands now; the overview says how it stands."
    return f"The role {who.role} doesn't allow this. An administrator can give you another."


def sentence(why: ClickledgerError) -> str:
    """Return what is said above the form: what happened, and how many fields it is about."""
    named = [one["field"] for one in why.details.get("problems", ())]
    if not any(name and why.message.startswith(f"{name}: ") for name in named):
        return why.message
    count = len(set(named))
    return f"Nothing was saved: {'one field needs' if count == 1 else f'{count} fields need'} another look."


def plainly(problem: str) -> str:
    """Return a problem in plain words."""
    for pattern, words in _WORDS:
        if pattern.fullmatch(problem):
            return pattern.sub(words, problem)
    return problem
