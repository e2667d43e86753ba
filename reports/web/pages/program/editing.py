"""Making and changing an entry with a form: the same for every kind.

Invariants: a form sends what somebody changed and nothing else, with the revision they saw, so that nobody's
change is undone unseen; after a refusal the form is as they left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import ClickledgerError
from partners.schemas import Request as Body
from reports.web import form_values, forms
from reports.web.forms import Input, Part, Shown, Words
from reports.web.pages.program import choices
from reports.web.pages.program.sheets import Sheet
from reports.web.visit import Visit

_FIRST: Final = frozenset({"advertisers", "offers", "partners"})
"""Lists that others refer to and that may still be empty."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form and what stands in it."""

    nodes: list[Input | Part]
    groups: list[Shown]
    state: dict[str, list[str]]
    entry: dict[str, Any] | None
    """What is changed; None for a new one."""

    @property
    def missing(self) -> list[tuple[str, str]]:
        """What has to be there before this can be: its word, and the address where one is made."""
        return [
            (node.label.lower(), f"/{node.source}/new")
            for node in self.nodes
            if isinstance(node, Input) and node.required and node.source in _FIRST and not node.choices
        ]

    def problems(self, told: Mapping[str, str]) -> dict[str, str]:
        """Return the API's problems by the fields of the form."""
        return form_values.placed(self.nodes, told, self.state)


async def blank(visit: Visit, sheet: Sheet) -> Form:
    """Return the form of a new entry, or as it was sent; the page's query says what is known already."""
    offer_id = visit.form.get("offer_id", visit.query("offer_id"))
    nodes = await _nodes(visit, sheet, sheet.resource.creating, offer_id)
    if visit.form:
        state = form_values.sent(nodes, visit.several)
    else:
        state = form_values.written(nodes, {}, visit.viewer.zone)
        known = {node.name for node in nodes if isinstance(node, Input)}
        state |= {name: [value] for name, value in visit.request.query_params.items() if name in known}
    return Form(nodes, forms.grouped(nodes, sheet.groups), state, None)


async def filled(visit: Visit, sheet: Sheet, entry: dict[str, Any]) -> Form:
    """Return the form that changes an entry, as it is or as it was sent."""
    nodes = await _nodes(visit, sheet, sheet.resource.changing, str(entry.get("offer_id") or ""))
    written = form_values.written(nodes, _for_people(sheet, entry), visit.viewer.zone)
    # One of the other forms of the page may have been sent: this one is still as the entry is.
    was_sent = visit.form.get("do") == "save"
    state = form_values.sent(nodes, visit.several) if was_sent else written
    return Form(nodes, forms.grouped(nodes, sheet.groups), state, entry)


async def create(visit: Visit, sheet: Sheet) -> dict[str, Any]:
    """Make the entry that a form says; return it.

    Raises:
        ClickledgerError: What the API refuses with.

    """
    form = await blank(visit, sheet)
    body = _for_api(sheet, form_values.new(form.nodes, form.state, visit.viewer.zone))
    made: dict[str, Any] = await visit.api.send("POST", sheet.api, body)
    return made


async def change(visit: Visit, sheet: Sheet, entry_id: str) -> dict[str, Any]:
    """Change what a form says differently from the entry; return the entry.

    Raises:
        ClickledgerError: What the API refuses with; ``changed_meanwhile`` for an entry that isn't what they saw.

    """
    entry = await visit.api.get(f"{sheet.api}/{entry_id}")
    nodes = await _nodes(visit, sheet, sheet.resource.changing, str(entry.get("offer_id") or ""))
    before = form_values.written(nodes, _for_people(sheet, entry), visit.viewer.zone)
    after = form_values.sent(nodes, visit.several)
    body = _for_api(sheet, form_values.changes(nodes, before, after, visit.viewer.zone))
    changed: dict[str, Any] = await visit.api.send("PATCH", f"{sheet.api}/{entry_id}", body, seen(visit))
    return changed


async def delete(visit: Visit, sheet: Sheet, entry_id: str) -> dict[str, Any]:
    """Delete an entry that is still what they saw; return what it was."""
    entry: dict[str, Any] = await visit.api.get(f"{sheet.api}/{entry_id}")
    await visit.api.send("DELETE", f"{sheet.api}/{entry_id}", headers=seen(visit))
    return entry


def seen(visit: Visit) -> dict[str, str]:
    """Return the header that insists on the revision a form was made of."""
    revision = visit.form.get("revision", "")
    return {"If-Match": f'"{revision}"'} if revision.isascii() and revision.isdigit() else {}


def placed(form: Form, why: ClickledgerError) -> ClickledgerError:
    """Return a refusal whose problems name the form's own fields."""
    told = {one["field"]: one["problem"] for one in why.details.get("problems", ())}
    if "field" in why.details:
        told.setdefault(str(why.details["field"]), why.message)
    found = form.problems(told)
    if not found:
        return why
    problems = [{"field": field, "problem": problem} for field, problem in found.items()]
    count = len(problems)
    sentence = "Nothing was saved: one field needs another look." if count == 1 else (
        f"Nothing was saved: {count} fields need another look."
    )  # fmt: skip
    return why.kind.error(sentence, problems=problems)


async def creating(visit: Visit, sheet: Sheet) -> dict[str, Any]:
    """As ``create``, with problems named as the form's fields."""
    try:
        return await create(visit, sheet)
    except ClickledgerError as why:
        raise placed(await blank(visit, sheet), why) from why


async def changing(visit: Visit, sheet: Sheet, entry_id: str) -> dict[str, Any]:
    """As ``change``, with problems named as the form's fields."""
    try:
        return await change(visit, sheet, entry_id)
    except ClickledgerError as why:
        if "problems" not in why.details and "field" not in why.details:
            raise
        entry = await visit.api.get(f"{sheet.api}/{entry_id}")
        raise placed(await filled(visit, sheet, entry), why) from why


async def _nodes(visit: Visit, sheet: Sheet, model: type[Body], offer_id: str) -> list[Input | Part]:
    offered = await choices.offered(visit, _asked_for(sheet, model), offer_id)
    words = Words(sheet.labels, {**sheet.said, **offered}, sheet.names, sheet.helps)
    return forms.tree(model, words, sheet.resource.creating)


def _asked_for(sheet: Sheet, model: type[Body]) -> dict[str, str]:
    """Return the fields of this form alone that name other entries."""
    return {name: kind for name, kind in sheet.names.items() if name.partition(".")[0] in model.model_fields}


def _for_people(sheet: Sheet, entry: dict[str, Any]) -> dict[str, Any]:
    if sheet.names.get("goal") == "goals or all" and entry.get("goal") == "":
        return entry | {"goal": choices.BASE_GOAL}
    return entry


def _for_api(sheet: Sheet, body: dict[str, Any]) -> dict[str, Any]:
    if sheet.names.get("goal") == "goals or all" and body.get("goal") == choices.BASE_GOAL:
        return body | {"goal": ""}
    return body


__all__ = ["Form", "blank", "changing", "creating", "delete", "filled", "seen"]
