"""The pages for partners and advertisers, made from the tables the edge works with.

Invariants: names, aliases, macros, statuses, transitions and codes come from the code that reads them; only
what they mean is written here, and a name without a meaning is an error; the same code gives the same page.
"""

from __future__ import annotations

from tracker.reference import links, pixels, postbacks


def pages() -> dict[str, str]:
    """Return the text of each generated page by its path in the repository."""
    return {
        "docs/links.md": links.page(),
        "docs/pixels.md": pixels.page(),
        "docs/postbacks.md": postbacks.page(),
    }
