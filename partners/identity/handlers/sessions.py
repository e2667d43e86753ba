"""Signing in, out and up, and what one knows about oneself."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from kernel.api import ANYBODY, PUBLIC, Operation
from kernel.errors import CONFLICT
from kernel.http import client_address, principal, read_body
from kernel.rate_limits import Rate
from partners.errors import NOT_PUBLISHED
from partners.identity import passwords, sessions, signup, users
from partners.identity.answers import (
    AdvertiserState,
    KeyAnswer,
    Me,
    PartnerState,
    SessionAnswer,
    SignedUp,
    SignUpTerms,
    UserAnswer,
)
from partners.identity.errors import (
    ACCESS_ENDED,
    LOGIN_REFUSED,
    NOT_A_SESSION,
    NOT_A_USER,
    SIGNUP_CLOSED,
    TERMS_NOT_ACCEPTED,
    TOO_MANY_ATTEMPTS,
)
from partners.identity.handlers.working import actor, reading, said, writing
from partners.identity.schemas import PasswordChange, SignIn, SignUp
from partners.models import Advertiser, ApiKey, Partner, User
from partners.resources.handlers import publish

_HOUR = 3600


async def _sign_in(request: Request) -> Response:
    wanted = await read_body(request, SignIn)
    state, address = request.app.state, client_address(request)
    await sessions.count_attempt(state.limiter, state.settings.login_rate_per_minute, wanted.email, address)
    claimed = await reading(request, lambda session: sessions.claimed(session, wanted.email))
    password = wanted.password.get_secret_value()
    right = await passwords.matches(claimed.password_hash, password)
    user_id = claimed.user_id
    if user_id is None or not right:
        await writing(request, lambda session: sessions.refused(session, address, user_id))
        raise LOGIN_REFUSED.error()
    outdated = passwords.is_outdated(claimed.password_hash)
    new_hash = await passwords.hashed(password) if outdated else None

    def begin(session: Session) -> SessionAnswer:
        user, key, text = sessions.begin(session, address, user_id, new_hash)
        return SessionAnswer(key=text, expires_at=key.expires_at, user=UserAnswer.model_validate(user))

    return said(await writing(request, begin), 201)


async def _sign_out(request: Request) -> Response:
    by = actor(request)
    await writing(request, lambda session: sessions.finish(session, by))
    return Response(status_code=204)


async def _me(request: Request) -> Response:
    who = principal(request)

    def look(session: Session) -> Me:
        user = session.get(User, who.user_id) if who.user_id is not None else None
        key = session.get(ApiKey, who.key_id) if who.key_id is not None else None
        partner = session.get(Partner, who.partner_id) if who.partner_id is not None else None
        advertiser = session.get(Advertiser, who.advertiser_id) if who.advertiser_id is not None else None
        return Me.model_validate(
            {
                "actor": who.actor,
                "role": who.role,
                "scopes": sorted(who.scopes),
                "user": user and UserAnswer.model_validate(user),
                "key": key and KeyAnswer.model_validate(key),
                "partner": partner and PartnerState.model_validate(partner),
                "advertiser": advertiser and AdvertiserState.model_validate(advertiser),
            }
        )

    if who.key_id is None:
        # The admin key needs no database, and nothing of it is in one.
        return said(Me(**_of_nobody(who.actor), scopes=sorted(who.scopes)))
    return said(await reading(request, look))


async def _change_password(request: Request) -> Response:
    by = actor(request)
    wanted = await read_body(request, PasswordChange)
    if by.who.user_id is None:
        raise NOT_A_USER.error()
    user_id, state = by.who.user_id, request.app.state
    user = await reading(request, lambda session: users.get(session, user_id))
    await sessions.count_attempt(state.limiter, state.settings.login_rate_per_minute, user.email, by.address)
    if not await passwords.matches(user.password_hash, wanted.current.get_secret_value()):
        raise LOGIN_REFUSED.error("The current password is wrong.")
    made = await passwords.hashed(wanted.new.get_secret_value())
    await writing(request, lambda session: users.set_password(session, by, users.get(session, user_id), made))
    return Response(status_code=204)


async def _terms(request: Request) -> Response:
    return said(await reading(request, signup.terms))


async def _sign_up(request: Request) -> Response:
    wanted = await read_body(request, SignUp)
    state, address = request.app.state, client_address(request)
    hourly = Rate(state.settings.signup_rate_per_hour, _HOUR)
    await reading(request, lambda session: signup.check(session, wanted))
    await sessions.take(state.limiter, f"signup:{sessions.neighbourhood(address)}", hourly)
    made = await passwords.hashed(wanted.password.get_secret_value())

    def make(session: Session) -> SignedUp:
        partner = signup.sign_up(session, address, wanted, made)
        return SignedUp(partner=PartnerState.model_validate(partner))

    signed_up = await writing(request, make)
    await publish(request)
    return said(signed_up, 201)


def _of_nobody(name: str) -> dict[str, object]:
    return {"actor": name, "role": "admin", "user": None, "key": None, "partner": None, "advertiser": None}


OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/sessions",
        "Sign in: exchange e-mail address and password for a key that works for twelve hours.",
        _sign_in,
        PUBLIC,
        tag="Access",
        body=SignIn,
        answer=SessionAnswer,
        status=201,
        errors=(LOGIN_REFUSED, ACCESS_ENDED, TOO_MANY_ATTEMPTS),
    ),
    Operation(
        "DELETE",
        "/api/v1/sessions/current",
        "Sign out: end the session this request came with.",
        _sign_out,
        ANYBODY,
        tag="Access",
        status=204,
        errors=(NOT_A_SESSION,),
    ),
    Operation(
        "GET", "/api/v1/me", "Who asks: the user, the key, its scopes, and how things stand.", _me, ANYBODY,
        tag="Access", answer=Me,
    ),
    Operation(
        "POST",
        "/api/v1/me/password",
        "Change one's own password; every session ends, this one included.",
        _change_password,
        ANYBODY,
        tag="Access",
        body=PasswordChange,
        status=204,
        errors=(LOGIN_REFUSED, NOT_A_USER, TOO_MANY_ATTEMPTS),
    ),
    Operation(
        "GET",
        "/api/v1/signup",
        "Whether partners may sign themselves up, and the terms they must accept.",
        _terms,
        PUBLIC,
        tag="Access",
        answer=SignUpTerms,
    ),
    Operation(
        "POST",
        "/api/v1/signup",
        "Sign up as a partner; a manager approves it.",
        _sign_up,
        PUBLIC,
        tag="Access",
        body=SignUp,
        answer=SignedUp,
        status=201,
        errors=(SIGNUP_CLOSED, TERMS_NOT_ACCEPTED, TOO_MANY_ATTEMPTS, CONFLICT, NOT_PUBLISHED),
    ),
)  # fmt: skip
"""What is offered."""
