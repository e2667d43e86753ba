import time
from types import SimpleNamespace

import pytest

from clickledger.doctor import geo
from kernel.settings import Settings


def test_every_geo_setting_has_its_check():
    assert {f.setting for f in geo.FILES} == {n for n in Settings.model_fields if n.startswith("geoip_")}


def test_a_missing_database_tells_what_is_lost_and_how_to_get_it():
    for found, file in zip(geo.databases(Settings()), geo.FILES, strict=True):
        assert found.level == "ok"
        assert file.gives in found.message
        assert file.products in found.advice
        assert f"CLICKLEDGER_{file.setting.upper()}" in found.advice


def test_a_configured_file_that_is_missing_or_no_database_is_a_problem(tmp_path):
    (tmp_path / "x.mmdb").write_bytes(b"not a database")
    for path in (tmp_path / "x.mmdb", tmp_path / "absent.mmdb"):
        found = {f.check: f for f in geo.databases(Settings(geoip_city=path))}
        assert found["geoip city"].level == "problem"
        assert str(path) in found["geoip city"].message
        assert "GeoLite2 City" in found["geoip city"].advice
        assert found["geoip asn"].level == "ok"


@pytest.mark.realdata
def test_a_real_database_is_shown_with_its_age(realdata, monkeypatch):
    (city,) = (realdata / "geoip").glob("*City-Test.mmdb")
    (asn,) = (realdata / "geoip").glob("asn-*.mmdb")
    wrong_way_round = {f.check: f for f in geo.databases(Settings(geoip_city=asn))}
    assert wrong_way_round["geoip city"].level == "problem"
    found = {f.check: f for f in geo.databases(Settings(geoip_city=city, geoip_asn=asn))}
    assert found["geoip city"].level in {"ok", "warning"}
    assert str(city) in found["geoip city"].message
    monkeypatch.setattr(geo, "time", SimpleNamespace(time=lambda: time.time() + 3600 * 24 * 3650))
    later = {f.check: f for f in geo.databases(Settings(geoip_asn=asn))}
    assert later["geoip asn"].level == "warning"
    assert "is old" in later["geoip asn"].message
