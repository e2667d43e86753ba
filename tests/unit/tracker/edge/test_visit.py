from __future__ import annotations

from pathlib import Path

import pytest

from kernel.settings import Settings
from tests.support.edge import GOOD, OPEN, program
from tracker.edge.facts import VisitorFacts
from tracker.edge.program import Program
from tracker.edge.routing import decide
from tracker.edge.visit import Visit
from tracker.macros import MACROS, keyed_hash

FACTS = VisitorFacts(Settings(data_dir=Path("unused")))
SECRET = b"s" * 32
PARAMETERS = {
    "sub1": "one",
    "source": "mail",
    "partner_click_id": "p-1",
    "creative_id": "banner",
    "coupon": "SAVE",
    "ext5": "five",
}


def visit(offer_id=OPEN, partner_id=GOOD, ip="1.1.1.1", language="de-DE,de;q=0.9"):
    decision = decide(Program(program()), str(offer_id), str(partner_id))
    return Visit("C" * 32, 1_760_000_000_999, ip, "agent", language, PARAMETERS, decision)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("click_id", "C" * 32),
        ("offer_id", "1"),
        ("offer_name", "Shoes"),
        ("partner_id", "1"),
        ("advertiser_id", "1"),
        ("ip", "1.1.1.1"),
        ("timestamp", "1760000000"),
        ("sub1", "one"),
        ("sub2", ""),
        ("source", "mail"),
        ("partner_click_id", "p-1"),
        ("creative_id", "banner"),
        ("coupon", "SAVE"),
        ("ext5", "five"),
        ("country", "AU"),
        ("language", "de-DE"),
        ("sub1_hash", keyed_hash(SECRET, "sub1", "one")),
        ("sub2_hash", ""),
        ("source_hash", keyed_hash(SECRET, "source", "mail")),
        ("partner_id_hash", keyed_hash(SECRET, "partner_id", "1")),
    ],
)
def test_a_macro_tells_what_its_name_says(name, value):
    assert visit().macro(name, FACTS, SECRET) == value


@pytest.mark.parametrize("name", sorted(MACROS))
def test_every_macro_has_a_text_even_when_nothing_is_known(name):
    unknown = visit(offer_id=999, partner_id=999, ip="", language="")
    assert isinstance(unknown.macro(name, FACTS, SECRET), str)
    assert isinstance(visit(ip="2001:db8::1").macro(name, FACTS, SECRET), str)


def test_random_is_a_new_number_each_time():
    drawn = {visit().macro("random", FACTS, SECRET) for _ in range(20)}
    assert len(drawn) > 1
    assert all(text.isdigit() and int(text) < 10**9 for text in drawn)


def test_two_installations_hash_differently():
    assert visit().macro("sub1_hash", FACTS, SECRET) != visit().macro("sub1_hash", FACTS, b"t" * 32)
