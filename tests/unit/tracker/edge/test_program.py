from __future__ import annotations

import asyncio

import msgspec
import pytest
from structlog.testing import capture_logs

from kernel.tasks import end
from tests.support.edge import GOOD, NETWORK_FALLBACK, OPEN, STRICT, program, publish
from tests.support.offers import offer
from tests.support.waiting import PATIENCE_SECONDS
from tracker.edge import program as programs
from tracker.edge.program import CompiledOffer, Program, ProgramHolder, compile_url
from tracker.routes import LandingRoute, TargetingRoute
from tracker.snapshot import SNAPSHOT_FILE, Snapshot, SnapshotFile, decode, encode, save, unwrap, wrap


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(programs, "POLL_SECONDS", 0.002)
    monkeypatch.setattr(programs, "MISS_SECONDS", 0.0)


def keep_fresh_until(holder, condition):
    async def scenario():
        keeping = asyncio.create_task(holder.keep_fresh())
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                assert not keeping.done()
                await asyncio.sleep(0.002)
        await end([keeping])

    asyncio.run(scenario())


def test_an_edge_starts_with_what_the_file_holds(tmp_path):
    publish(tmp_path, program(4))
    assert ProgramHolder(tmp_path).program.version == 4


def test_an_edge_starts_without_a_file_and_takes_it_when_it_comes(tmp_path):
    holder = ProgramHolder(tmp_path)
    assert (holder.program.version, holder.program.offers) == (0, {})
    assert not holder.after_miss()
    publish(tmp_path, program(1))
    assert holder.after_miss()
    assert holder.program.offers[str(OPEN)].route.name == "Shoes"


def test_a_program_never_goes_backwards_and_is_swapped_whole(tmp_path):
    publish(tmp_path, program(5))
    holder = ProgramHolder(tmp_path)
    before = holder.program
    publish(tmp_path, program(4))
    assert not holder.look_at_file()
    assert holder.program is before
    publish(tmp_path, program(6, offers={}))
    assert holder.look_at_file()
    assert (before.version, len(before.offers), holder.program.offers) == (5, 8, {})


def test_an_unreadable_file_is_said_once_and_leaves_the_program_in_place(tmp_path):
    publish(tmp_path, program(1))
    holder = ProgramHolder(tmp_path)
    for bad in (b"", b"\x00", encode(program(2))[:-1], encode(program(2)).replace(b"EUR", b"\xff\xfe\xfd")):
        save(tmp_path, bad)
        with capture_logs() as logged:
            assert [holder.look_at_file() for _ in range(3)] == [False] * 3
        assert [entry["event"] for entry in logged] == ["snapshot_unreadable"]
    assert holder.program.version == 1


def test_a_look_because_of_a_miss_is_not_taken_too_often(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(programs, "MISS_SECONDS", 0.02)
    monkeypatch.setattr(programs.time, "monotonic", lambda: clock[0])
    holder = ProgramHolder(tmp_path)
    assert not holder.after_miss()
    publish(tmp_path, program(1))
    assert not holder.after_miss()
    clock[0] += 0.03
    assert holder.after_miss()


def test_a_destination_that_cant_be_rendered_is_said_and_the_rest_of_the_program_works(tmp_path):
    publish(tmp_path, program(1, offers={1: offer(destination="ftp://x"), 2: offer(id=2)}))
    holder = ProgramHolder(tmp_path)
    with capture_logs() as logged:
        assert [holder.program.offers["1"].destination for _ in range(3)] == [None] * 3
    assert [(entry["event"], entry["url"]) for entry in logged] == [("destination_unusable", "ftp://x")]
    assert holder.program.offers["2"].destination is not None
    assert compile_url("") is None


@pytest.mark.parametrize(
    ("in_snapshot", "configured", "host"),
    [
        ("", "", None),
        ("", NETWORK_FALLBACK, "network.example"),
        ("https://program.example/", NETWORK_FALLBACK, "program.example"),
        ("broken", NETWORK_FALLBACK, "network.example"),
    ],
)
def test_the_programs_fallback_comes_before_the_configured_one(in_snapshot, configured, host):
    fallback = Program(Snapshot(1, fallback_url=in_snapshot), configured).fallback
    assert (fallback.host if fallback else None) == host


def test_an_offer_is_compiled_when_it_is_first_asked_for_and_kept():
    made = Program(decode(encode(program(1))))
    first = made.offers[str(OPEN)]
    assert made.offers.get(str(OPEN)) is first
    assert first.destination.host == "shop.example"
    assert made.partners.get(str(GOOD)).route.name == "Blog"


@pytest.mark.parametrize("text", ["", "0", "01", " 1", "1 ", "+1", "-1", "1.0", "\u0661", "999", "9" * 30])
def test_an_id_is_known_only_as_it_is_written(text):
    made = Program(decode(encode(program(1))))
    assert made.offers.get(text) is None
    assert text not in made.offers


def test_what_a_newer_program_says_as_the_older_did_is_taken_over_and_what_changed_is_not():
    offers = {n: offer(id=n, name=f"offer {n}") for n in range(1, 1_201)}
    before = Program(decode(encode(Snapshot(1, offers=offers))))
    known = {n: before.offers[str(n)] for n in offers}
    pauses = []
    changed = offers | {7: offer(id=7, name="renamed")}
    del changed[8]
    after = Program(decode(encode(Snapshot(2, offers=changed))), "", before, lambda: pauses.append(1))
    assert after.offers["7"].route.name == "renamed"
    assert "8" not in after.offers
    assert all(after.offers[str(n)] is known[n] for n in offers if n not in {7, 8})
    assert len(pauses) >= 2


def test_a_program_that_was_let_go_of_still_answers_a_request_that_holds_it():
    old = Program(decode(encode(program(1))))
    assert old.offers[str(OPEN)].route.name == "Shoes"
    pauses = []
    old.let_go(lambda: pauses.append(1))
    assert pauses
    assert old.offers[str(OPEN)].route.name == "Shoes"
    assert old.partners[str(GOOD)].route.name == "Blog"


def test_a_route_that_cant_be_read_is_absent_and_said_once_and_the_rest_works():
    wire = wrap(program(1))
    wire.offers[OPEN] = b"\xc1"
    wire.links["summer"] = wire.links["summer"][:-1]
    wire.blocks = wire.hooks = b"\x93"
    with capture_logs() as logged:
        made = Program(unwrap(wire))
        assert made.offers.get(str(OPEN)) is None
        assert made.offers.get(str(OPEN)) is None
        assert made.links.get("summer") is None
        assert made.links.get("summer") is None
        assert made.blocks.kinds == frozenset()
    assert [entry["event"] for entry in logged] == ["route_unreadable"] * 3
    assert made.offers[str(STRICT)].route.id == STRICT
    assert list(made.links) == ["orphan"]


def test_pages_that_can_be_shown_are_compiled_with_the_weight_of_all():
    pages = (
        LandingRoute(1, "https://a.example/", 3),
        LandingRoute(2, "nowhere", 5),
        LandingRoute(3, "https://b.example/", 0),
        LandingRoute(4, "https://c.example/?c={click_id}"),
    )
    made = CompiledOffer(offer(landings=pages))
    assert [(page.id, template.host) for page, template in made.landings] == [
        (1, "a.example"),
        (3, "b.example"),
        (4, "c.example"),
    ]
    assert made.landing_weight == 4
    assert CompiledOffer(offer()).landings == ()


def test_a_deep_link_is_compiled_once_and_only_to_a_host_the_offer_allows():
    made = CompiledOffer(
        offer(destination="https://shop.example/?cid={click_id}", deep_link_hosts=("shop.example",))
    )
    page = made.deep_link("https://shop.example/page")
    assert page.render(lambda _: "X") == "https://shop.example/page?cid=X"
    assert made.deep_link("https://shop.example/page") is page
    assert made.deep_link("https://evil.example/") is None
    assert CompiledOffer(offer()).deep_link("https://shop.example/") is None
    assert (
        CompiledOffer(offer(destination="x", deep_link_hosts=("shop.example",))).deep_link("https://shop.example/")
        is None
    )


def test_an_offers_fallback_is_compiled_when_it_is_needed():
    with capture_logs() as logged:
        made = CompiledOffer(offer(fallback_url="broken"))
        assert logged == []
        assert [made.fallback, made.fallback] == [None, None]
    assert [entry["url"] for entry in logged] == ["broken"]
    assert CompiledOffer(offer(fallback_url="https://f.example/")).fallback.host == "f.example"


def test_offers_with_the_same_targeting_share_it():
    for_all = TargetingRoute(country=(("US", "CA"), ()))
    made = Program(decode(encode(Snapshot(1, offers={n: offer(id=n, targeting=for_all) for n in (1, 2)}))))
    one, other = made.offers["1"], made.offers["2"]
    assert one.route.targeting == for_all
    assert one.route.targeting is other.route.targeting
    assert one.targeting is other.targeting


def test_something_new_is_found_while_a_newer_program_is_being_read(tmp_path, monkeypatch):
    publish(tmp_path, program(1, offers={}))
    holder = ProgramHolder(tmp_path)
    publish(tmp_path, program(2))
    found = []
    read = holder._read

    def slow(body, *more):
        if more:
            # Another thread reads it for the poll; meanwhile a click on the new offer comes in.
            found.append(holder.after_miss() and str(OPEN) in holder.program.offers)
        return read(body, *more)

    monkeypatch.setattr(holder, "_read", slow)
    keep_fresh_until(holder, lambda: found)
    assert found == [True]


def test_a_changed_file_is_taken_while_running(tmp_path):
    holder = ProgramHolder(tmp_path)
    publish(tmp_path, program(1))
    keep_fresh_until(holder, lambda: holder.program.version == 1)
    publish(tmp_path, program(2))
    keep_fresh_until(holder, lambda: holder.program.version == 2)


def test_a_newer_published_snapshot_is_taken_and_kept_on_the_disk(tmp_path):
    asked = []

    async def fetch(version):
        asked.append(version)
        return encode(program(3)) if version < 3 else None

    holder = ProgramHolder(tmp_path, fetch=fetch)
    keep_fresh_until(holder, lambda: SnapshotFile(tmp_path).current().version == 3)
    assert holder.program.version == 3
    assert asked[0] == 0
    assert ProgramHolder(tmp_path).program.version == 3


@pytest.mark.parametrize(
    "failure",
    [OSError("Connection refused"), ValueError("invalid literal for int()"), RuntimeError("no one expected this")],
)
def test_a_source_that_fails_is_asked_again_and_the_file_is_looked_at_all_the_same(tmp_path, failure):
    answers = iter([failure, b"not a snapshot", failure])

    async def fetch(_version):
        answer = next(answers, None)
        if isinstance(answer, Exception):
            raise answer
        return answer or encode(program(2))

    holder = ProgramHolder(tmp_path, fetch=fetch)
    publish(tmp_path, program(1))
    seen = []
    keep_fresh_until(holder, lambda: seen.append(holder.program.version) or holder.program.version == 2)
    assert 1 in seen


def test_a_disk_that_is_full_keeps_no_program_from_the_edge(tmp_path, monkeypatch):
    async def fetch(version):
        return encode(program(version + 1)) if version < 3 else None

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(programs.snapshot, "save", full)
    holder = ProgramHolder(tmp_path, fetch=fetch)
    keep_fresh_until(holder, lambda: holder.program.version == 3)
    assert not (tmp_path / SNAPSHOT_FILE).exists()


def test_what_a_test_calls_unreadable_is():
    with pytest.raises(msgspec.MsgspecError):
        programs.snapshot.decode(b"not a snapshot")
