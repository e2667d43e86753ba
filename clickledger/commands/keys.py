"""``clickledger keys``: API keys of the service, and the keys that click ids are signed with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from clickledger.commands import advertiser as advertisers
from clickledger.commands import partner as partners
from clickledger.commands import user as users
from clickledger.program_entries import ENTRY_UNKNOWN, Limit, OnlyJson, create, given, identify, show_list
from clickledger.service import Service
from kernel.errors import ErrorKind
from kernel.settings import settings
from tracker.click_id import KEY_FILE, load_keys, rotate_keys

PATH = "/api/v1/keys"
COLUMNS = (
    "id",
    "prefix",
    "name",
    "role",
    "user_id",
    "partner_id",
    "advertiser_id",
    "scopes",
    "expires_at",
    "revoked_at",
    "last_used_at",
)

NOT_IN_A_FILE = ErrorKind(
    "keys_not_in_a_file",
    400,
    "error",
    "The click id keys come from CLICKLEDGER_CLICK_KEYS: put a new <id>:<hex> entry first there, keep the "
    "others behind it, and restart the edges and the pipeline.",
)
ERRORS = {NOT_IN_A_FILE.code: NOT_IN_A_FILE}

Which = Annotated[str, typer.Argument(help="Id of the key, or the prefix that follows clk_ in it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="API keys, and the keys that click ids are signed with.", no_args_is_help=True)
    group.command("create")(create_key)
    group.command("list")(list_keys)
    group.command("rotate")(rotate)
    group.command("revoke")(revoke)
    app.add_typer(group, name="keys")


def create_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do; may be repeated; default: all its role may.", show_default=False),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(help="admin, manager or analyst, of a key that is nobody's.", show_default=False),
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="E-mail address or id of the user it shall belong to.", show_default=False)
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="Name or id of the partner it shall belong to.", show_default=False)
    ] = None,
    advertiser: Annotated[
        str | None, typer.Option(help="Name or id of the advertiser it shall belong to.", show_default=False)
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days until it expires; default: never.", show_default=False)
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(min=1, help="Requests a minute; default: the service's setting.", show_default=False),
    ] = None,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Make an API key; its text is shown this once.

    Without --role, --user, --partner or --advertiser it may do what the key may that makes it.
    """
    service = Service.find()
    wanted = given(name=name, scopes=scope, role=role, rate_per_minute=rate)
    if user is not None:
        wanted["user_id"] = users.identify_user(service, user)
    if partner is not None:
        wanted |= {"role": "partner", "partner_id": identify(service, partners.PATH, "partner", partner)}
    if advertiser is not None:
        found = identify(service, advertisers.PATH, "advertiser", advertiser)
        wanted |= {"role": "advertiser", "advertiser_id": found}
    if days is not None:
        wanted["expires_at"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    create(PATH, wanted, only_json=only_json)


def list_keys(
    user: Annotated[
        str | None, typer.Option(help="Only those of the user with this e-mail address or id.", show_default=False)
    ] = None,
    limit: Limit = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that were revoked or have expired.")
    ] = False,
    only_json: OnlyJson = False,
) -> None:
    """List API keys, without their secrets."""
    filters: dict[str, Any] = {} if everything else {"active": "true"}
    if user is not None:
        filters["user_id"] = users.identify_user(Service.find(), user)
    show_list(PATH, filters, COLUMNS, limit, only_json=only_json)


def rotate(
    key: Annotated[
        str | None,
        typer.Argument(help="Id or prefix of an API key; without one: the keys of click ids.", show_default=False),
    ] = None,
    overlap_hours: Annotated[int, typer.Option(min=0, help="Hours the old API key goes on working.")] = 24,
    *,
    only_json: OnlyJson = False,
) -> None:
    """Replace an API key by a new one, which is shown this once; or renew the keys that click ids are signed with.

    Without KEY a new signing key is put first, and ids signed with the older ones stay valid. Edge workers and
    the pipeline read the signing keys when they start: restart them afterwards.
    """
    if key is not None:
        create(f"{_path(key)}/rotate", {"overlap_hours": overlap_hours}, only_json=only_json)
        return
    chosen = settings()
    if chosen.click_keys.get_secret_value():
        raise NOT_IN_A_FILE.error()
    load_keys(chosen)
    key_id = rotate_keys(chosen.data_dir / KEY_FILE)
    print(f"New click ids will be signed with key {key_id} after a restart; older keys are still accepted.")


def revoke(key: Which, *, only_json: OnlyJson = False) -> None:
    """End an API key at once and for good."""
    create(f"{_path(key)}/revoke", {}, only_json=only_json)


def _path(text: str) -> str:
    """Return the address of the key with this id or prefix."""
    text = text.removeprefix("clk_")
    found = Service.find().get(PATH, {"prefix": text})["items"]
    if found:
        return f"{PATH}/{found[0]['id']}"
    if text.isascii() and text.isdigit():
        # The service says itself, in its own words, when there is no such id.
        return f"{PATH}/{text}"
    raise ENTRY_UNKNOWN.error(f"There is no API key {text[:8]!r}; see 'clickledger keys list --all'.")
