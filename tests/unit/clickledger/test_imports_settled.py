"""What is usual is counted when days that were imported are stored."""

from __future__ import annotations

import pytest

from clickledger.roles.pipeline import Imports


class Loop:
    """A pipeline that is as far as it says."""

    def __init__(self):
        self.imported, self.journals, self.waiting = (), [], 0

    def status(self):
        return {"imported": list(self.imported), "journals": self.journals, "postbacks_waiting": self.waiting}


@pytest.fixture
def loop():
    return Loop()


def journal(name, shipped):
    return {"name": name, "events": 9, "shipped": shipped}


def test_it_is_told_once_when_all_that_was_imported_is_stored(loop):
    told = []
    imports = Imports(lambda: told.append(loop.imported))

    def look(*names, journals=(), waiting=0):
        loop.imported, loop.journals, loop.waiting = names, list(journals), waiting
        imports.look(loop)
        return len(told)

    assert look(journals=[journal("edge0", 3)]) == 0
    assert look("import-a", journals=[journal("import-a", 3), journal("edge0", 3)]) == 0
    assert look("import-a", journals=[journal("import-a", 9), journal("edge0", 3)], waiting=2) == 0
    assert look("import-a", journals=[journal("edge0", 3)]) == 1
    assert look("import-a", journals=[journal("edge0", 3)], waiting=2) == 1
    assert look("import-b", "import-c") == 2, "the old one is forgotten, the new ones are told of together"
    assert look() == 2
