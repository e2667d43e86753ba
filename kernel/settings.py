"""Every setting of clickledger, in one place: name, default, unit and help.

Each field is the environment variable ``CLICKLEDGER_<NAME>`` and, where a command has it, the option of
the same name. ``docs/settings.md`` is generated from this class, and a test fails when they differ.

Invariants: a setting that can't work fails here, when it is read, with a sentence; secrets are
``SecretStr`` so that no log or traceback prints them; an empty store address means the embedded store.
"""

from __future__ import annotations

import ipaddress
import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "CLICKLEDGER_"


class Settings(BaseSettings):
    """What an operator can choose. Unset fields run everything embedded below ``data_dir``."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore", frozen=True)

    # Where things are
    data_dir: Path = Field(
        Path("clickledger-data"), description="Directory for journals, keys and embedded stores."
    )
    edge_host: str = Field("127.0.0.1", description="Address the edge workers listen on.")
    edge_port: int = Field(8000, ge=1, le=65535, description="Port of the edge: clicks and postbacks.")
    edge_workers: int = Field(2, ge=1, le=64, description="Edge worker processes sharing the edge port.")
    web_host: str = Field("127.0.0.1", description="Address the web role listens on.")
    web_port: int = Field(8001, ge=1, le=65535, description="Port of the web role: admin API, reports, pages.")
    edge_public_url: str = Field(
        "",
        description="URL that links and postbacks are printed with; empty: http://<edge_host>:<edge_port>.",
    )
    web_public_url: str = Field(
        "",
        description="URL that people outside reach the web role at; shared links begin with it; empty: http://<web_host>:<web_port>.",
    )
    demo: bool = Field(False, description="Make a demo program with weeks of traffic at the first start.")

    # Stores (empty: embedded)
    clickhouse_url: SecretStr = Field(
        SecretStr(""),
        description="ClickHouse DSN, e.g. clickhouse://user:password@host:8123/clickledger; empty: chDB below data_dir.",
    )
    clickhouse_reader_url: SecretStr = Field(
        SecretStr(""),
        description="DSN of the user that reports read with, best one whose profile has readonly = 1; empty: clickhouse_url.",
    )
    redis_url: SecretStr = Field(
        SecretStr(""), description="Redis or Valkey URL; empty: a Valkey child process on a unix socket."
    )
    sql_url: SecretStr = Field(
        SecretStr(""), description="SQLAlchemy URL of the program database; empty: SQLite below data_dir."
    )

    # Secrets (empty: made at the first start, kept in data_dir with mode 0600)
    admin_key: SecretStr = Field(
        SecretStr(""), description="Key of the admin API; empty: data_dir/admin.key, made at the first start."
    )
    click_keys: SecretStr = Field(
        SecretStr(""),
        description="Click id keys as <id>:<hex>[,<id>:<hex>…], the first signs; empty: data_dir/click.keys.",
    )

    # Edge
    trusted_proxies: str = Field(
        "127.0.0.0/8,::1/128",
        description="Networks, comma separated, whose X-Forwarded-For names the client.",
    )
    fallback_url: str = Field(
        "",
        description="Where clicks go that no offer, alternative or partner fallback takes; empty: a 404 page.",
    )
    attribution_window_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days after its click in which a conversion counts, unless the offer says otherwise.",
    )
    max_postback_bytes: int = Field(
        65_536, ge=1024, description="Largest postback body in bytes; larger ones are refused with 413."
    )

    # Journal and pipeline
    journal_rotate_mib: int = Field(
        64, ge=1, le=4096, description="Size in MiB at which an edge worker starts a new journal file."
    )
    journal_retention_seconds: int = Field(
        300, ge=0, description="Seconds a journal file stays after ClickHouse acknowledged all of it."
    )
    batch_events: int = Field(20_000, ge=1, le=200_000, description="Most events in one pipeline batch.")
    pipeline_interval_ms: int = Field(
        150, ge=10, le=10_000, description="Milliseconds between two looks at the journals."
    )
    unique_window_hours: int = Field(
        24, ge=1, le=720, description="Hours in which a visitor's further clicks on an offer are not unique."
    )
    postback_wait_minutes: int = Field(
        60, ge=1, description="Minutes a postback waits for its click to arrive from another journal or host."
    )

    # Outgoing postbacks and webhooks
    outbound_allowed_networks: str = Field(
        "",
        description="Networks, comma separated, that outgoing postbacks may reach though they are not public, e.g. 10.20.0.0/16.",
    )
    outbound_ports: str = Field(
        "80,443,8080,8443",
        description="Ports and ranges like 8000-8999, comma separated, that outgoing postbacks may reach at public addresses.",
    )
    outbound_connections: int = Field(
        100, ge=4, le=2_000, description="Most outgoing postbacks under way at once; one receiver gets 8 at most."
    )

    # Geo (each optional; the country resolves offline without any)
    geoip_city: Path | None = Field(None, description="MaxMind City file: region, city, postal area, time zone.")
    geoip_asn: Path | None = Field(None, description="MaxMind ASN file: network number and provider.")
    geoip_isp: Path | None = Field(None, description="MaxMind ISP file: provider name, before the ASN's.")
    geoip_connection_type: Path | None = Field(None, description="MaxMind Connection-Type file.")
    geoip_anonymous_ip: Path | None = Field(
        None, description="MaxMind Anonymous-IP file: proxy and data-centre flags."
    )

    # Lists of fraud rules (each optional; one entry a line, # begins a remark, read again when they change)
    fraud_datacenter_list: Path | None = Field(None, description="Addresses and networks of hosting providers.")
    fraud_proxy_list: Path | None = Field(None, description="Addresses and networks of public proxies and VPNs.")
    fraud_tor_list: Path | None = Field(None, description="Addresses of Tor exits.")
    fraud_referrer_list: Path | None = Field(None, description="Hosts that are known for referrer spam.")

    # Reports
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="Default currency of offers and reports.")
    report_max_seconds: int = Field(30, ge=1, le=3600, description="Seconds a report may run.")
    report_max_rows: int = Field(100_000, ge=1, description="Most rows one report answers with.")
    report_max_memory_mib: int = Field(2048, ge=64, description="Memory in MiB one report may take.")

    # Model of fraud
    model_dir: Path | None = Field(
        None, description="Directory of the models, which hosts may share; empty: models below data_dir."
    )
    model_training_hours: int = Field(
        24, ge=0, le=8_760, description="Hours after which the web role trains the next model by itself; 0: never."
    )
    model_window_days: int = Field(7, ge=1, le=90, description="Days of clicks a model learns from.")
    model_training_clicks: int = Field(
        1_000_000,
        ge=2_000,
        le=5_000_000,
        description="Most clicks a model learns from; of more, whole hours are drawn.",
    )
    model_versions_kept: int = Field(10, ge=1, le=1_000, description="Models kept, beside the one in use.")

    # Partner risk
    fraud_risk_days: int = Field(
        1,
        ge=1,
        le=31,
        description="UTC days, the last of them the day scored, whose behaviour makes a partner's risk.",
    )
    fraud_risk_min_clicks: int = Field(
        100,
        ge=2,
        le=1_000_000,
        description="Clicks below which a partner's risk isn't judged: too few to tell behaviour from chance.",
    )

    # Access
    api_rate_per_minute: int = Field(
        600,
        ge=1,
        le=1_000_000,
        description="Requests a minute that an API key may make, unless it has a rate of its own.",
    )
    login_rate_per_minute: int = Field(
        10,
        ge=1,
        le=10_000,
        description="Sign-in attempts a minute for one e-mail address; for one network address three times as many.",
    )
    signup_rate_per_hour: int = Field(
        10, ge=1, le=10_000, description="Partner sign-ups an hour from one network address."
    )

    # Telling
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json for machines, console for people, auto: console on a terminal."
    )
    fault_injection: bool = Field(
        False, description="Crash tests only: files named data_dir/faults/<point> kill or fail at that point."
    )

    @field_validator("trusted_proxies", "outbound_allowed_networks")
    @classmethod
    def _networks_parse(cls, value: str) -> str:
        for part in filter(None, (p.strip() for p in value.split(","))):
            ipaddress.ip_network(part, strict=False)
        return value

    @field_validator("outbound_ports")
    @classmethod
    def _ports_parse(cls, value: str) -> str:
        for first, last in _port_ranges(value):
            if not 1 <= first <= last <= 65535:
                raise ValueError("write ports from 1 to 65535 and ranges like 8000-8999")
        return value

    @field_validator(
        *("geoip_city", "geoip_asn", "geoip_isp", "geoip_connection_type", "geoip_anonymous_ip", "model_dir"),
        *("fraud_datacenter_list", "fraud_proxy_list", "fraud_tor_list", "fraud_referrer_list"),
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None  # a compose file can only write an unset variable as an empty one

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def edge_url(self) -> str:
        """The URL visitors reach the edge at, without a trailing slash."""
        return self.edge_public_url.rstrip("/") or f"http://{_in_url(self.edge_host)}:{self.edge_port}"

    @property
    def web_url(self) -> str:
        """The URL of the web role, without a trailing slash."""
        return f"http://{_in_url(self.web_host)}:{self.web_port}"

    @property
    def shared_url(self) -> str:
        """The URL that shared links begin with, without a trailing slash."""
        return self.web_public_url.rstrip("/") or self.web_url

    @property
    def trusted_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The parsed ``trusted_proxies``."""
        return _networks(self.trusted_proxies)

    @property
    def outbound_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The parsed ``outbound_allowed_networks``."""
        return _networks(self.outbound_allowed_networks)

    @property
    def outbound_port_ranges(self) -> tuple[tuple[int, int], ...]:
        """The parsed ``outbound_ports``: first and last port of each range."""
        return _port_ranges(self.outbound_ports)


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    parts = filter(None, (p.strip() for p in text.split(",")))
    return tuple(ipaddress.ip_network(p, strict=False) for p in parts)


def _port_ranges(text: str) -> tuple[tuple[int, int], ...]:
    parts = [p.partition("-") for p in text.replace(" ", "").split(",") if p]
    return tuple((int(first), int(last) if dash else int(first)) for first, dash, last in parts)


def _in_url(host: str) -> str:
    """Write a listening address the way a browser on this machine can open it."""
    if host in {"0.0.0.0", "::", ""}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the settings once per process."""
    return Settings()


def as_environment(values: dict[str, object]) -> dict[str, str]:
    """Return the environment for a child process: this one's, with ``values`` as settings on top."""
    env = dict(os.environ)
    for name, value in values.items():
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        env[f"{ENV_PREFIX}{name.upper()}"] = "" if plain is None else str(plain)
    return env


def explain(why: ValidationError) -> str:
    """Return one sentence per setting that can't work, naming its variable and never its value."""
    problems = []
    for error in why.errors(include_url=False, include_input=False, include_context=False):
        name = ENV_PREFIX + "_".join(str(part) for part in error["loc"]).upper()
        problems.append(f"{name} can't work: {error['msg'].removeprefix('Value error, ')}.")
    return "\n".join(problems)
