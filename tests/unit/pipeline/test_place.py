import pycountry
import pytest

from kernel.errors import ClickledgerError
from tests.support.clicks import open_tools, row
from tests.support.mmdb import write_mmdb
from tracker.visitor import CONTINENTS

CITY = {
    "8.8.8.0/24": {
        "continent": {"code": "NA"},
        "country": {"iso_code": "US"},
        "subdivisions": [{"iso_code": "CA", "names": {"en": "California"}}],
        "city": {"names": {"en": "Mountain View"}},
        "postal": {"code": "94043"},
        "location": {"time_zone": "America/Los_Angeles"},
    },
    "1.1.1.0/24": {"country": {"iso_code": "AU"}},
    "2001:4860::/32": {"country": {"iso_code": "IE"}, "city": {"names": {"en": "Dublin"}}},
}


@pytest.fixture
def files(tmp_path):
    """One small database of each kind, as settings."""
    written = {
        "geoip_city": ("GeoLite2-City", CITY),
        "geoip_asn": (
            "GeoLite2-ASN",
            {"8.8.8.0/24": {"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"}},
        ),
        "geoip_isp": ("GeoIP2-ISP", {"1.1.1.0/24": {"isp": "Cloudflare", "autonomous_system_number": 13335}}),
        "geoip_connection_type": ("GeoIP2-Connection-Type", {"8.8.8.0/24": {"connection_type": "Corporate"}}),
        "geoip_anonymous_ip": (
            "GeoIP2-Anonymous-IP",
            {
                "8.8.8.0/24": {"is_anonymous": True, "is_hosting_provider": True},
                "1.1.1.0/24": {"is_anonymous": True, "is_tor_exit_node": True},
                "9.9.9.0/24": {"is_anonymous": True, "is_anonymous_vpn": True},
            },
        ),
    }
    return {name: write_mmdb(tmp_path / f"{name}.mmdb", kind, nets) for name, (kind, nets) in written.items()}


def place(ip, tools=None):
    enriched = row(tools, ip=ip)
    return enriched["country"], enriched["continent"], enriched["ip_prefix"]


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("8.8.8.8", ("US", "NA", "8.8.8.0/24")),
        ("81.2.69.142", ("GB", "EU", "81.2.69.0/24")),
        ("2001:4860:4860::8888", ("US", "NA", "2001:4860:4860::/48")),
        ("::ffff:8.8.8.8", ("US", "NA", "8.8.8.0/24")),
        ("127.0.0.1", ("", "", "127.0.0.0/24")),
        ("10.1.2.3", ("", "", "10.1.2.0/24")),
        ("::1", ("", "", "::/48")),
        ("fe80::1%eth0", ("", "", "fe80::/48")),
        ("192.0.2.7", ("", "", "192.0.2.0/24")),
        ("", ("", "", "")),
        ("unknown", ("", "", "")),
        ("8.8.8.8.8", ("", "", "")),
        ("8.8.8.8\x00", ("", "", "")),
        ("999.1.1.1", ("", "", "")),
    ],
)
def test_country_continent_and_prefix_without_any_database(ip, expected):
    assert place(ip) == expected
    assert row(ip=ip)["ip"] == ip


def test_a_private_address_is_recorded_and_stays_valid():
    enriched = row(ip="127.0.0.1")
    assert (enriched["verdict"], enriched["fraud_reasons"], enriched["fraud_score"]) == (
        "valid",
        ["private_ip"],
        0,
    )
    assert (enriched["fraud_category"], row(ip="garbage")["fraud_reasons"]) == ("", [])


def test_every_country_lies_on_one_continent():
    assert CONTINENTS.keys() == {country.alpha_2 for country in pycountry.countries} | {"XK"}
    assert set(CONTINENTS.values()) == {"AF", "AN", "AS", "EU", "NA", "OC", "SA"}


def test_the_configured_databases_fill_their_columns(files):
    tools = open_tools(**files)
    enriched = row(tools, ip="8.8.8.8")
    expected = {
        "continent": "NA",
        "country": "US",
        "region": "California",
        "city": "Mountain View",
        "postal_area": "94043",
        "timezone": "America/Los_Angeles",
        "asn": 15169,
        "isp": "GOOGLE",
        "connection_type": "Corporate",
        "is_datacenter": True,
        "is_proxy": False,
        "verdict": "invalid",
        "fraud_reasons": ["datacenter_ip"],
    }
    assert {name: enriched[name] for name in expected} == expected
    tools.close()


def test_the_isp_database_s_names_come_first_and_a_tor_exit_is_a_proxy(files):
    tools = open_tools(**files)
    enriched = row(tools, ip="1.1.1.1")
    assert (enriched["isp"], enriched["asn"], enriched["is_proxy"]) == ("Cloudflare", 13335, True)
    assert (enriched["country"], enriched["continent"], enriched["city"]) == ("AU", "OC", "")
    assert (enriched["verdict"], enriched["fraud_reasons"]) == ("suspect", ["anonymous_proxy"])
    tools.close()


def test_an_address_no_database_knows_still_has_its_country(files):
    tools = open_tools(**files)
    enriched = row(tools, ip="81.2.69.142")
    assert (enriched["country"], enriched["city"], enriched["asn"], enriched["isp"]) == ("GB", "", 0, "")
    assert (enriched["verdict"], enriched["is_proxy"], enriched["is_datacenter"]) == ("valid", False, False)
    tools.close()


def test_ipv6_and_mapped_addresses_are_found_in_the_databases(files):
    tools = open_tools(**files)
    assert row(tools, ip="2001:4860:4860::8888")["city"] == "Dublin"
    assert row(tools, ip="::ffff:8.8.8.8")["city"] == "Mountain View"
    tools.close()


def test_closing_twice_is_fine(files):
    tools = open_tools(**files)
    tools.close()
    tools.close()


def test_a_missing_database_stops_the_start_with_a_sentence(tmp_path):
    with pytest.raises(ClickledgerError, match=r"CLICKLEDGER_GEOIP_CITY: .*is not there; download it") as caught:
        open_tools(geoip_city=tmp_path / "absent.mmdb")
    assert caught.value.kind.code == "cannot_start"


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_a_damaged_database_stops_the_start_with_a_sentence(tmp_path, content):
    path = tmp_path / "damaged.mmdb"
    path.write_bytes(content)
    with pytest.raises(ClickledgerError, match=r"CLICKLEDGER_GEOIP_ASN: .*is not a MaxMind database"):
        open_tools(geoip_asn=path)


def test_a_database_of_another_kind_stops_the_start_with_a_sentence(files):
    with pytest.raises(ClickledgerError, match=r"CLICKLEDGER_GEOIP_CITY: .* is a GeoLite2-ASN database"):
        open_tools(geoip_city=files["geoip_asn"])


@pytest.mark.realdata
def test_maxminds_own_test_databases_are_read(realdata):
    tools = open_tools(
        geoip_city=realdata / "geoip" / "GeoLite2-City-Test.mmdb",
        geoip_asn=realdata / "geoip" / "GeoLite2-ASN-Test.mmdb",
        geoip_anonymous_ip=realdata / "geoip" / "GeoIP2-Anonymous-IP-Test.mmdb",
    )
    london = row(tools, ip="81.2.69.142")
    assert [london[n] for n in ("country", "region", "city", "timezone")] == [
        "GB",
        "England",
        "London",
        "Europe/London",
    ]
    vpn = row(tools, ip="1.2.0.1")
    assert (vpn["is_proxy"], vpn["verdict"]) == (True, "suspect")
    telstra = row(tools, ip="1.128.0.1")
    assert (telstra["asn"], telstra["isp"]) == (1221, "Telstra Pty Ltd")
    tools.close()


@pytest.mark.realdata
def test_continents_agree_with_maxminds(realdata):
    geoip2_database = pytest.importorskip("geoip2.database")
    with geoip2_database.Reader(realdata / "geoip" / "GeoLite2-Country-Test.mmdb") as reader:
        seen = {
            (record["country"]["iso_code"], record["continent"]["code"])
            for _, record in reader._db_reader
            if "country" in record and "continent" in record
        }
    assert len(seen) > 20
    assert {(country, CONTINENTS[country]) for country, _ in seen} == seen


@pytest.mark.realdata
def test_a_real_asn_database_names_networks(realdata):
    tools = open_tools(geoip_asn=realdata / "geoip" / "asn-cc-by-2026-06.mmdb")
    google = row(tools, ip="8.8.8.8")
    assert google["asn"] == 15169
    assert "google" in google["isp"].lower()
    tools.close()
