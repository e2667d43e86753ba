"""The signature under an evidence pack: whoever has the public key can check it, nobody without ours can make it.

A pack is one JSON object ``{"evidence": …, "signature": …}`` in its canonical form: keys sorted, no spaces, UTF-8,
numbers whole, everything else text. Signed with Ed25519 (RFC 8032) is the line ``PURPOSE`` and the canonical form
of ``evidence``; its SHA-256 stands beside the signature and on the PDF.

Invariants: the private key lies in the data directory, readable by its owner only, and never leaves it; a file
that isn't canonical to the byte is no pack.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fraud.past.errors import EVIDENCE_FORGED, EVIDENCE_UNREADABLE
from kernel.auth import write_secret
from kernel.errors import CANNOT_START
from kernel.settings import Settings

KEY_FILE: Final = "evidence.key"
"""Below the data directory: the private key's 32 bytes in base64."""
PURPOSE: Final = b"clickledger evidence v1\n"
ALGORITHM: Final = "Ed25519"
MAX_PACK_BYTES: Final = 4 * 1024 * 1024
"""A pack has some 20 kB."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A pack whose signature is genuine."""

    evidence: dict[str, Any]
    digest: str
    public_key: str
    """In base64: compare it with the one the network published."""


class EvidenceKey:
    """The key of an installation."""

    def __init__(self, private: bytes) -> None:
        """Take the key's 32 bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(private)

    @classmethod
    def load(cls, chosen: Settings) -> EvidenceKey:
        """Read the key, and make it when there is none yet.

        Raises:
            ClickledgerError: ``cannot_start`` when it can't be read or made.

        """
        path = chosen.data_dir / KEY_FILE
        try:
            if not path.exists():
                fresh = Ed25519PrivateKey.generate().private_bytes_raw()
                write_secret(path, base64.b64encode(fresh).decode() + "\n")
            private = base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True)
            return cls(private)
        except (OSError, ValueError) as why:
            raise CANNOT_START.error(
                f"The key of evidence packs, {path}, can't be read; put it back from a backup."
            ) from why

    @property
    def public_key(self) -> str:
        """The public key in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, evidence: dict[str, Any]) -> bytes:
        """Return the pack: canonical, signed."""
        content = canonical(evidence)
        return canonical(
            {
                "evidence": evidence,
                "signature": {
                    "algorithm": ALGORITHM,
                    "public_key": self.public_key,
                    "sha256": digest(content),
                    "signature": base64.b64encode(self._key.sign(PURPOSE + content)).decode(),
                },
            }
        )


def canonical(content: Any) -> bytes:
    """Return the canonical form of what JSON can hold."""
    return msgspec.json.encode(content, order="sorted")


def digest(content: bytes) -> str:
    """Return a SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def verify(pack: bytes, expected_key: str = "") -> Verified:
    """Check a pack.

    Args:
        pack: The file as it was handed out; a line break at its end is nothing.
        expected_key: Public key in base64 that it must be signed with; '' for the one it names.

    Raises:
        ClickledgerError: ``evidence_unreadable`` for what is no pack, ``evidence_forged`` for one that was
            changed or signed by somebody else.

    """
    pack = pack.rstrip(b"\r\n")
    try:
        if len(pack) > MAX_PACK_BYTES:
            raise ValueError("too long")  # noqa: TRY301 - one sentence for everything that is no pack
        whole = msgspec.json.decode(pack)
        evidence, signature = whole["evidence"], whole["signature"]
        named, sum_, signed = (str(signature[name]) for name in ("public_key", "sha256", "signature"))
        algorithm, content = signature["algorithm"], canonical(evidence)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, RecursionError) as why:
        raise EVIDENCE_UNREADABLE.error() from why
    if not isinstance(evidence, dict) or algorithm != ALGORITHM:
        raise EVIDENCE_UNREADABLE.error()
    if expected_key and named != expected_key:
        raise EVIDENCE_FORGED.error(f"It is signed with another key ({named[:60]}) than the one expected.")
    try:
        key, proof = (base64.b64decode(text, validate=True) for text in (named, signed))
        Ed25519PublicKey.from_public_bytes(key).verify(proof, PURPOSE + content)
    except (InvalidSignature, binascii.Error, ValueError) as why:
        raise EVIDENCE_FORGED.error() from why
    # Base64 has several texts for the same bytes; a pack has one.
    spelled = base64.b64encode(key).decode() == named and base64.b64encode(proof).decode() == signed
    if not spelled or sum_ != digest(content) or pack != canonical(whole):
        raise EVIDENCE_FORGED.error()
    return Verified(evidence, sum_, named)
