"""``python -m clickledger.reference [--check]``: write the generated pages, or check them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from clickledger.reference import pages

REPOSITORY = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check every page; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m clickledger.reference", description="Write the generated pages of the documentation."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page differs")
    parser.add_argument("--root", type=Path, default=REPOSITORY, help="the repository (default: this one)")
    chosen = parser.parse_args(arguments)
    differing = [path for path, text in pages().items() if _read(chosen.root / path) != text]
    for path in differing:
        if chosen.check:
            sys.stderr.write(f"{path} is not what the code says; run 'make docs'.\n")
            continue
        (chosen.root / path).parent.mkdir(parents=True, exist_ok=True)
        (chosen.root / path).write_text(pages()[path], encoding="utf-8")
        sys.stdout.write(f"{path} written\n")
    return 1 if chosen.check and differing else 0


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
