from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker import errors, links, postbacks
from tracker.conversion_life import TRANSITIONS
from tracker.edge.decision import TRAFFICBACK_REASONS
from tracker.macros import MACROS
from tracker.postbacks import STATUSES, PostbackRequest, read_query
from tracker.reference import pages
from tracker.reference.tables import check, parameters
from tracker.routes import AdvertiserRoute
from tracker.senders import check_token

REPOSITORY = Path(__file__).resolve().parents[3]
LINKS, POSTBACKS, PIXELS = (pages()[f"docs/{name}.md"] for name in ("links", "postbacks", "pixels"))


def rows(page):
    """Return the cells of every row of every table by the first cell; of two alike, the upper one's."""
    cells = [
        line.removeprefix("| ").removesuffix(" |").split(" | ")
        for line in page.splitlines()
        if line.startswith("| `")
    ]
    return {row[0]: row[1:] for row in reversed(cells)}


@pytest.mark.parametrize("path", sorted(pages()))
def test_the_pages_in_the_repository_are_current(path):
    assert (REPOSITORY / path).read_text(encoding="utf-8") == pages()[path], (
        f"{path} isn't what tracker/reference writes"
    )


@pytest.mark.parametrize(("page", "table"), [(LINKS, links.ALIASES), (POSTBACKS, postbacks.ALIASES)])
def test_every_parameter_stands_there_with_its_aliases_and_a_meaning(page, table):
    found = rows(page)
    for name, aliases in table.items():
        also, meaning = found[f"`{name}`"]
        assert re.findall(r"`(\w+)`", also) == list(aliases)
        assert len(meaning) > 3


def test_every_macro_reason_status_transition_and_code_stands_there():
    found = rows(LINKS)
    assert all(found[f"`{{{name}}}`"][0] for name in MACROS)
    assert all(found[f"`{reason}`"] == [text] for reason, text in TRAFFICBACK_REASONS.items())
    for text in STATUSES:
        assert f"`{text}`" in POSTBACKS
    for before, after in TRANSITIONS.items():
        assert f"| `{before}` | {' '.join(f'`{status}`' for status in sorted(after)) or 'nowhere'} |" in POSTBACKS
    told = rows(POSTBACKS)
    for code, kind in errors.ERRORS.items():
        if code in {"frame_unreadable", "enrichment_failed", "postback_not_processed"}:
            assert f"`{code}`" not in told
        elif f"`{code}`" not in told:
            # Answered elsewhere: to clicks without a redirect, and to uploads.
            assert f"`{code}`" in PIXELS or code in {"upload_invalid", "row_invalid", "partner_unknown"}
        else:
            assert told[f"`{code}`"][-1] == kind.advice


def test_the_worked_example_opens_the_way_to_whoever_follows_it():
    query = re.search(r"^https://\S+/postback\?(\S+&signature=\S+)$", POSTBACKS, re.MULTILINE)[1]
    token = re.search(r"-hmac '([^']+)'", POSTBACKS)[1]
    request = PostbackRequest(read_query(query.encode()))
    check_token(request, AdvertiserRoute(1, "Acme", token, require_token=True), 1_789_999_999.0)
    assert request.values["txn_id"] == "order 7/b"


def test_a_name_without_a_meaning_or_a_meaning_without_a_name_is_an_error():
    check(["a", "b"], {"b": "", "a": ""})
    with pytest.raises(ValueError, match="differ: a, c"):
        check(["a", "b"], ["b", "c"])
    with pytest.raises(ValueError, match="differ: a"):
        parameters({"a": ()}, {})
