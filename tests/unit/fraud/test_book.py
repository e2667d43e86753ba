import pytest

from fraud import RULES_VERSION, RuleAction, Rulebook, check_entry
from fraud.entries import RuleEntry
from kernel.errors import ClickledgerError


def settings_of(entries, partner_id=0, offer_id=0, code="ip_velocity"):
    return Rulebook.of(entries).settings(code, partner_id, offer_id)


def test_without_entries_every_rule_is_on_with_its_defaults_under_the_built_in_version():
    book = Rulebook.of()
    assert book.version == RULES_VERSION
    assert book.is_on("ip_velocity", 3, 4)
    assert book.action("ip_velocity") == RuleAction("mark", None, 0)
    assert (book.settings("ip_velocity").per_minute, book.settings("model_outlier").percentile) == (60, 99.75)


def test_each_part_comes_from_the_nearest_entry_that_has_it():
    entries = [
        RuleEntry("ip_velocity", settings={"per_minute": 100, "per_hour": 900}, action="hold"),
        RuleEntry("ip_velocity", offer_id=4, settings={"per_minute": 200}),
        RuleEntry("ip_velocity", partner_id=3, settings={"per_minute": 300}, action="reject"),
        RuleEntry("ip_velocity", partner_id=3, offer_id=4, enabled=False),
    ]
    book = Rulebook.of(entries)
    per_minute = {
        place: book.settings("ip_velocity", *place).per_minute for place in ((0, 0), (5, 4), (3, 9), (3, 4))
    }
    assert per_minute == {(0, 0): 100, (5, 4): 200, (3, 9): 300, (3, 4): 300}
    assert book.settings("ip_velocity", 3, 4).per_hour == 900
    assert [book.action("ip_velocity", *place).action for place in ((9, 9), (5, 4), (3, 4))] == [
        "hold",
        "hold",
        "reject",
    ]
    assert [book.is_on("ip_velocity", *place) for place in ((3, 4), (3, 9), (5, 4))] == [False, True, True]
    assert not book.is_everywhere_alike("ip_velocity")
    assert book.is_everywhere_alike("fast_click")


def test_the_version_follows_what_is_set_and_not_in_which_order():
    one = RuleEntry("ip_velocity", settings={"per_minute": 30, "per_hour": 500})
    two = RuleEntry("fast_click", partner_id=3, enabled=False)
    turned = RuleEntry("ip_velocity", settings={"per_hour": 500, "per_minute": 30})
    version = Rulebook.of([one, two]).version
    assert version == Rulebook.of([two, turned]).version
    assert version.startswith(f"{RULES_VERSION}+")
    versions = {Rulebook.of(entries).version for entries in ([one, two], [one], [two], [])}
    assert len(versions) == 4


def test_a_block_says_what_and_for_how_long():
    entry = RuleEntry("ip_velocity", action="block", block="prefix", block_minutes=90)
    assert Rulebook.of([entry]).action("ip_velocity") == RuleAction("block", "prefix", 90)


def test_what_does_not_weigh_is_said_for_a_place():
    entries = [
        RuleEntry("geo_language_mismatch", settings={"counts": True}),
        RuleEntry("ip_velocity", partner_id=3, settings={"counts": False}),
    ]
    book = Rulebook.of(entries)
    codes = ("geo_language_mismatch", "ip_velocity", "private_ip")
    assert book.aside(codes) == {"private_ip"}
    assert book.aside(codes, partner_id=3) == {"private_ip", "ip_velocity"}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (RuleEntry("ip_velocty"), "There is no rule 'ip_velocty'"),
        (
            RuleEntry("ip_velocity", settings={"per_second": 3}),
            "'ip_velocity' has no setting 'per_second'; it has",
        ),
        (RuleEntry("ip_velocity", settings={"per_minute": 0}), "per_minute should be greater than or equal to 1"),
        (
            RuleEntry("ip_velocity", settings={"per_minute": "60"}),
            'per_minute should be a valid integer, not "60"',
        ),
        (
            RuleEntry("ip_velocity", settings={"per_minute": None}),
            "per_minute should be a valid integer, not null",
        ),
        (RuleEntry("ip_velocity", settings={"per_hour": 30}), "per_hour (30) is below per_minute (60)"),
        (RuleEntry("ip_velocity", settings={"per_minute": 5_000}), "raise per_hour or lower per_minute"),
        (RuleEntry("ua_velocity", settings={"share": 1.5}), "share should be less than or equal to 1"),
        (RuleEntry("ua_velocity", settings={"share": float("nan")}), "share should be"),
        (RuleEntry("score", settings={"threshold": 101}), "threshold should be less than or equal to 100"),
        (RuleEntry("score", settings={"counts": False}), "'score' has no setting 'counts'; it has threshold."),
        (RuleEntry("private_ip", settings={"counts": None}), "counts should be true or false, not null"),
        (RuleEntry("ip_velocity", action="fallback"), "known only after the visitor was redirected"),
        (RuleEntry("score", action="fallback"), "can't have the action 'fallback'"),
        (RuleEntry("ctit_too_fast", action="fallback"), "can't have the action 'fallback'"),
        (RuleEntry("ip_velocity", action="ban"), "can't have the action 'ban'"),
        (RuleEntry("ip_velocity", action="block"), "needs block"),
        (RuleEntry("ip_velocity", action="block", block="prefix"), "needs block"),
        (RuleEntry("ip_velocity", action="block", block="prefix", block_minutes=0), "from 1 to 527040"),
        (RuleEntry("ip_velocity", action="hold", block="prefix"), "go with the action 'block' only"),
        (RuleEntry("ip_velocity", partner_id=-1), "must be ids"),
    ],
)
def test_what_can_not_work_is_refused_with_a_sentence(entry, sentence):
    with pytest.raises(ClickledgerError) as refused:
        check_entry(entry)
    assert sentence in refused.value.message
    assert refused.value.kind.code == "rule_invalid"
    assert Rulebook.of([entry]).version == RULES_VERSION


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (RuleEntry("ip_velocity", settings={"per_minute": 0}), "settings.per_minute"),
        (RuleEntry("ip_velocity", settings={"per_minute": 100, "per_hour": 90}), "settings.per_hour"),
        (RuleEntry("ip_velocity", action="fallback"), "action"),
        (RuleEntry("ip_velocity", action="block"), "block"),
        (RuleEntry("ip_velocity", action="block", block="prefix", block_minutes=0), "block_minutes"),
    ],
)
def test_a_refusal_names_the_field_it_is_about(entry, field):
    with pytest.raises(ClickledgerError) as refused:
        check_entry(entry)
    details = refused.value.details
    assert field in {details.get("field"), *(one["field"] for one in details.get("problems", ()))}


@pytest.mark.parametrize(
    "entry",
    [
        RuleEntry("bot_user_agent", action="fallback"),
        RuleEntry("ip_velocity", action="reject", settings={"per_minute": 5_000, "per_hour": 100_000}),
        RuleEntry("ctit_too_fast", partner_id=3, offer_id=4, action="hold"),
        RuleEntry("score", action="block", block="source", block_minutes=60, settings={"threshold": 95}),
        RuleEntry("ua_velocity", settings={"share": 1}),
    ],
)
def test_what_works_is_taken(entry):
    check_entry(entry)


def test_entries_that_contradict_each_other_only_together_leave_the_nearest_the_last_word():
    entries = [
        RuleEntry("ip_velocity", settings={"per_hour": 100}),
        RuleEntry("ip_velocity", partner_id=3, settings={"per_minute": 500}),
    ]
    assert settings_of(entries).per_hour == 100
    own = settings_of(entries, partner_id=3)
    assert (own.per_minute, own.per_hour) == (500, 3_600)
