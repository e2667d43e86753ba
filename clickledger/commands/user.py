"""``clickledger user``: people who sign in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clickledger.commands import advertiser as advertisers
from clickledger.commands import partner as partners
from clickledger.program_entries import ENTRY_UNKNOWN, Limit, OnlyJson, create, given, identify, show_list
from clickledger.service import Service

PATH = "/api/v1/users"
COLUMNS = ("id", "email", "name", "role", "status", "partner_id", "advertiser_id", "last_login_at")
ROLES = "admin, manager, analyst, partner or advertiser"

Who = Annotated[str, typer.Argument(help="E-mail address or id of the user.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input; default: make one up.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Users are people who sign in.", no_args_is_help=True)
    group.command("create")(create_user)
    group.command("list")(list_users)
    group.command("disable")(disable)
    group.command("password")(password)
    app.add_typer(group, name="user")


def create_user(
    email: Annotated[str, typer.Argument(help="E-mail address to sign in with.")],
    name: Annotated[
        str | None, typer.Option(help="The person's name; default: the e-mail address.", show_default=False)
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(
            help=f"{ROLES}; default: what --partner or --advertiser say, else manager.", show_default=False
        ),
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="Name or id of the partner the user belongs to.", show_default=False)
    ] = None,
    advertiser: Annotated[
        str | None, typer.Option(help="Name or id of the advertiser the user belongs to.", show_default=False)
    ] = None,
    *,
    password_stdin: FromStdin = False,
    only_json: OnlyJson = False,
) -> None:
    """Create a user; a password that is made up is shown this once."""
    service = Service.find()
    wanted = given(email=email, name=name or email, role=role, password=_read_password(wanted=password_stdin))
    if partner is not None:
        wanted["partner_id"] = identify(service, partners.PATH, "partner", partner)
        wanted.setdefault("role", "partner")
    if advertiser is not None:
        wanted["advertiser_id"] = identify(service, advertisers.PATH, "advertiser", advertiser)
        wanted.setdefault("role", "advertiser")
    wanted.setdefault("role", "manager")
    create(PATH, wanted, only_json=only_json)


def list_users(
    role: Annotated[str | None, typer.Option(help=f"Only those who are {ROLES}.", show_default=False)] = None,
    status: Annotated[
        str | None, typer.Option(help="Only those who are active or disabled.", show_default=False)
    ] = None,
    limit: Limit = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """List users."""
    show_list(PATH, given(role=role, status=status), COLUMNS, limit, only_json=only_json)


def disable(user: Who) -> None:
    """Lock a user out: sessions end, and keys open nothing, until the user is active again."""
    service = Service.find()
    changed = service.patch(f"{PATH}/{identify_user(service, user)}", {"status": "disabled"})
    print(f"{changed['email']} can't sign in any more.")


def password(user: Who, *, password_stdin: FromStdin = False, only_json: OnlyJson = False) -> None:
    """Give a user a new password and end all sessions; one that is made up is shown this once."""
    path = f"{PATH}/{identify_user(Service.find(), user)}/password"
    create(path, given(password=_read_password(wanted=password_stdin)), only_json=only_json)


def identify_user(service: Service, text: str) -> int:
    """Return the id of the user with this e-mail address, or of this id.

    Raises:
        ClickledgerError: ``entry_unknown``.

    """
    named = service.get(PATH, {"email": text})["items"]
    if named:
        return int(named[0]["id"])
    if text.isascii() and text.isdigit():
        # The service says itself, in its own words, when there is no such id.
        return int(service.get(f"{PATH}/{text}")["id"])
    raise ENTRY_UNKNOWN.error(f"There is no user {text!r}; see 'clickledger user list'.")


def _read_password(*, wanted: bool) -> str | None:
    """Return the first line of standard input: an argument would be seen by every user of the machine."""
    return sys.stdin.readline().rstrip("\r\n") if wanted else None
