"""Checks of what runs and listens: a running instance, the ports, who can reach the web role."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Final

import httpx2

from clickledger.doctor.finding import Finding, ok, problem, warning
from clickledger.running import RUN_FILE, read_run_file
from kernel.settings import Settings

PROBE_SECONDS: Final = 2.0


def instance(chosen: Settings) -> Iterator[Finding]:
    """Check whether the data directory is in use, and whether all of that instance is alive."""
    name = "instance"
    running = read_run_file(chosen.data_dir)
    if running is None:
        if (chosen.data_dir / RUN_FILE).exists():
            yield warning(
                name, f"{RUN_FILE} can't be read", "An older version may be running; stop it with SIGTERM."
            )
        else:
            yield ok(name, "none is running in the data directory")
        return
    if not is_alive(running.pid):
        yield ok(name, f"{RUN_FILE} was left by process {running.pid}, which is gone; the next start replaces it")
        return
    dead = [f"{role} {pid}" for role, pids in running.children.items() for pid in pids if not is_alive(pid)]
    if dead:
        yield warning(
            name,
            f"process {running.pid} is running; gone: {', '.join(dead)}",
            "The supervisor starts them again within seconds; if not, its log says why.",
        )
    else:
        yield ok(name, f"process {running.pid} serves {running.edge_url} and {running.web_url}")


def is_alive(pid: int) -> bool:
    """Tell whether a process exists, also another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def ports(chosen: Settings) -> Iterator[Finding]:
    """Check that the ports are free, or that clickledger is what listens there."""
    on_this_host = chosen.model_copy(update={"edge_public_url": ""}).edge_url
    yield _port("edge port", "EDGE", chosen.edge_host, chosen.edge_port, on_this_host)
    yield _port("web port", "WEB", chosen.web_host, chosen.web_port, chosen.web_url)


def _port(name: str, prefix: str, host: str, port: int, url: str) -> Finding:
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return problem(
            name, f"{host} is not an address", f"Set CLICKLEDGER_{prefix}_HOST to one of this machine's."
        )
    except OSError as why:
        if why.errno == errno.EADDRINUSE:
            if answers(url):
                return ok(name, f"clickledger answers on {where}")
            return problem(
                name,
                f"{where} is taken by another program",
                f"Stop it or choose another CLICKLEDGER_{prefix}_PORT.",
            )
        if why.errno == errno.EADDRNOTAVAIL:
            return problem(
                name, f"{host} is not an address of this machine", f"Correct CLICKLEDGER_{prefix}_HOST."
            )
        return problem(
            name,
            f"{where} can't be listened on: {why.strerror}",
            f"Choose a CLICKLEDGER_{prefix}_PORT above 1023, behind a proxy for 80 and 443.",
        )
    return ok(name, f"{where} is free")


def answers(url: str) -> bool:
    """Tell whether a clickledger role answers at a URL."""
    try:
        body = httpx2.get(f"{url}/healthz", timeout=PROBE_SECONDS, trust_env=False).json()
    except (httpx2.HTTPError, ValueError):
        return False
    return isinstance(body, dict) and body.get("status") == "ok"


def exposure(chosen: Settings) -> Iterator[Finding]:
    """Check who can reach the admin API, and that links will lead somewhere."""
    if _is_loopback(chosen.web_host):
        yield ok("web exposure", "the admin API listens on this machine only")
    else:
        yield warning(
            "web exposure",
            f"the admin API listens on {chosen.web_host}, without TLS",
            "Put a proxy with TLS in front (deploy/nginx) or set CLICKLEDGER_WEB_HOST=127.0.0.1.",
        )
    public = chosen.edge_public_url
    if public and not public.startswith(("http://", "https://")):
        yield problem(
            "public url",
            f"{public} is not a URL",
            "Write CLICKLEDGER_EDGE_PUBLIC_URL with https://, as visitors see it.",
        )
    elif public:
        yield ok("public url", f"links begin with {chosen.edge_url}")
    else:
        yield ok(
            "public url",
            f"links begin with {chosen.edge_url}",
            "" if _is_loopback(chosen.edge_host) else "Set CLICKLEDGER_EDGE_PUBLIC_URL to the name visitors use.",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
