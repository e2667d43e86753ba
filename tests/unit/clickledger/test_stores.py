import tempfile

from clickledger.roles import stores
from kernel import redis


def test_temporary_files_lie_below_the_data_directory_and_a_killed_predecessors_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    long_enough = tmp_path / ("x" * 120)
    socket = redis.embedded_socket(long_enough)
    place = tmp_path / "tmp"
    place.mkdir()
    (place / "tmpabc.raw").write_bytes(b"a killed insert's rows")
    stores._own_temporary_files(place)
    assert list(place.iterdir()) == []
    assert place.stat().st_mode & 0o777 == 0o700
    with tempfile.NamedTemporaryFile() as file:
        assert file.name.startswith(f"{place}/")
    # Every process of a service must find the same one, also those that keep their temporary files elsewhere.
    assert redis.embedded_socket(long_enough) == socket
