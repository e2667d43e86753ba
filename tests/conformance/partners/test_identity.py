"""What every database must do the same for users, keys and sessions."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from kernel import keys as texts
from kernel.auth import ADMIN, ROLE_SCOPES
from kernel.errors import CONFLICT, ClickledgerError
from partners.identity import KeyRing, keys, signup, users
from partners.identity import sessions as signing
from partners.identity.errors import KEY_NOT_ACTIVE
from partners.identity.schemas import KeyCreate, KeyQuery, SignUp, UserCreate, UserQuery
from partners.identity.users import Actor
from partners.models import ApiKey, Partner, Program
from tests.support.waiting import PATIENCE_SECONDS

BY = Actor(ADMIN, "203.0.113.9")


def user(session, email="nora@example.com", **given):
    wanted = UserCreate.model_validate({"email": email, "name": "Nora", "role": "manager", **given})
    return users.create(session, BY, wanted, "hash")


def key(session, by=BY, **given):
    return keys.create(session, by, KeyCreate.model_validate({"name": "k", **given}))


def holder(sessions, text):
    return KeyRing(sessions).holder(texts.parse(text), texts.fingerprint(text))


def test_a_key_finds_its_holder_until_it_is_revoked_or_expires(sessions):
    with sessions.writing() as session:
        made, text = key(session, role="analyst", expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    who = holder(sessions, text)
    assert (who.role, who.scopes, who.key_id) == ("analyst", ROLE_SCOPES["analyst"], made.id)
    assert holder(sessions, texts.make().text) is None
    with sessions.writing() as session:
        session.get_one(ApiKey, made.id).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    assert holder(sessions, text) is None


def test_a_key_with_a_right_prefix_and_a_wrong_secret_finds_nobody(sessions):
    with sessions.writing() as session:
        made, _ = key(session, role="analyst")
    assert KeyRing(sessions).holder(made.prefix, texts.make().fingerprint) is None


def test_times_of_use_are_written_together_and_only_once_a_minute(sessions):
    with sessions.writing() as session:
        made = [key(session, role="analyst") for _ in range(3)]
    ring = KeyRing(sessions)
    for _, text in made[:2]:
        ring.holder(texts.parse(text), texts.fingerprint(text))
    ring.write_uses()
    with sessions.reading() as session:
        used = [session.get_one(ApiKey, one.id).last_used_at for one, _ in made]
    assert [moment is not None for moment in used] == [True, True, False]
    assert used[0].second == 0
    _, text = made[0]
    ring.holder(texts.parse(text), texts.fingerprint(text))
    assert ring._used in ({}, {made[0][0].id: used[0] + timedelta(minutes=1)})  # the minute may have ended


def test_own_keys_are_those_of_the_user_or_of_those_alike(sessions):
    with sessions.writing() as session:
        session.add_all(Partner(name=name, status="approved", fallback_url="") for name in ("Ann", "Bob"))
        session.flush()
        one = [key(session, role="partner", partner_id=1) for _ in range(2)]
        other, _ = key(session, role="partner", partner_id=2)
    who = holder(sessions, one[0][1])
    with sessions.reading() as session:
        listed = keys.listing(session, who, KeyQuery())
        assert [each.id for each in listed] == [each.id for each, _ in one]
        everybody = keys.listing(session, ADMIN, KeyQuery(active=True, cursor=str(one[0][0].id)))
        assert [each.id for each in everybody] == [one[1][0].id, other.id]
        assert keys.listing(session, ADMIN, KeyQuery(cursor="9999999999")) == []


def test_of_two_rotations_at_once_one_makes_a_key(sessions):
    with sessions.writing() as session:
        made, _ = key(session, role="manager")
    gate = threading.Barrier(2)

    def rotate():
        gate.wait(PATIENCE_SECONDS)
        try:
            with sessions.writing() as session:
                return keys.rotate(session, BY, made.id, timedelta(hours=1))[0].id
        except ClickledgerError as why:
            return why.kind

    with ThreadPoolExecutor(2) as pool:
        done = [future.result() for future in [pool.submit(rotate) for _ in range(2)]]
    assert sorted(isinstance(one, int) for one in done) == [False, True]
    assert KEY_NOT_ACTIVE in done


def test_an_address_belongs_to_one_user_however_many_ask_at_once(sessions):
    gate = threading.Barrier(4)

    def make(_):
        gate.wait(PATIENCE_SECONDS)
        try:
            with sessions.writing() as session:
                return user(session).id
        except ClickledgerError as why:
            return why.kind

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(make, range(4)))
    assert done.count(CONFLICT) == 3
    with sessions.reading() as session:
        assert len(users.listing(session, UserQuery(email="Nora@Example.com"))) == 1


def test_a_session_is_a_key_that_ends_with_the_users_sign_out(sessions):
    with sessions.writing() as session:
        made = user(session)
    with sessions.writing() as session:
        _, _, text = signing.begin(session, BY.address, made.id, None)
    who = holder(sessions, text)
    assert (who.user_id, who.role, who.actor) == (made.id, "manager", f"user:{made.id}")
    with sessions.writing() as session:
        signing.finish(session, Actor(who, ""))
    assert holder(sessions, text) is None


def test_a_sign_up_counts_as_a_change_of_the_program_and_waits(sessions):
    wanted = {"name": "Blog", "email": "b@example.com", "password": "a long enough one"}
    with sessions.writing() as session:
        session.get_one(Program, 1).signup = {"open": True}
        before = session.get_one(Program, 1).version
    with sessions.writing() as session:
        partner = signup.sign_up(session, "", SignUp.model_validate(wanted), "hash")
        (made,) = users.listing(session, UserQuery(email="b@example.com"))
        assert (partner.status, made.partner_id) == ("pending", partner.id)
        assert session.get_one(Program, 1).version == before + 1
    with pytest.raises(ClickledgerError, match="There is a partner 'Blog' already"), sessions.writing() as session:
        signup.sign_up(session, "", SignUp.model_validate(wanted | {"email": "c@example.com"}), "hash")
