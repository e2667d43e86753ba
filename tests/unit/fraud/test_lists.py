import pytest

from clickledger.doctor.fraud_lists import lists as doctor
from fraud.lists import LOOK_SECONDS, Flags, ListFiles, number_of, read_addresses, read_hosts
from kernel.settings import Settings


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("ip", "listed"),
    [
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.3.0", True),
        ("192.0.4.0", False),
        ("192.0.1.255", False),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::ffff", True),
        ("2001:db9::", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
    ],
)
def test_an_address_is_in_its_networks_however_they_overlap(ip, listed):
    lines = ["192.0.2.0/24", "192.0.2.128/25", "192.0.3.0/24 # next to it", "2001:db8::/32", "198.51.100.7"]
    addresses, broken = read_addresses(lines)
    assert (number_of(ip) in addresses) == listed
    assert broken == []
    assert len(addresses) == 3


def test_broken_lines_are_skipped_and_told():
    addresses, broken = read_addresses(["", "# all", "10.0.0.0/8", "10.0.0.0/33", "hosting.example", "10.1.2.300"])
    assert len(addresses) == 1
    assert broken == [(4, "10.0.0.0/33"), (5, "hosting.example"), (6, "10.1.2.300")]
    hosts, broken = read_hosts(["Spam.Example.", "http://spam.example", "localhost", "*.x.example"])
    assert hosts == {"spam.example"}
    assert [line for line, _ in broken] == [2, 3, 4]


def test_a_file_is_read_again_when_it_changes_and_kept_when_it_vanishes(tmp_path):
    path, clock = tmp_path / "tor.txt", Clock()
    path.write_text("192.0.2.1\n")
    files = ListFiles(Settings(fraud_tor_list=path), clock)
    before = files.current()
    assert (before.flags("192.0.2.1"), before.flags("192.0.2.2")) == (Flags(tor=True), Flags())
    path.write_text("192.0.2.2\n192.0.2.3\n")
    assert files.current() is before
    clock.now += LOOK_SECONDS
    assert files.current().flags("192.0.2.2") == Flags(tor=True)
    assert files.current().flags("192.0.2.1") == Flags()
    path.unlink()
    clock.now += LOOK_SECONDS
    assert files.current().flags("192.0.2.2") == Flags(tor=True)


def test_a_host_is_listed_with_everything_below_it(tmp_path):
    path = tmp_path / "referrers.txt"
    path.write_text("spam.example\n")
    lists = ListFiles(Settings(fraud_referrer_list=path)).current()
    found = [lists.spam_host(host) for host in ("spam.example", "a.b.spam.example", "myspam.example", "")]
    assert found == ["spam.example", "spam.example", "", ""]


def test_the_doctor_names_missing_unreadable_and_broken_lists(tmp_path):
    broken = tmp_path / "proxies.txt"
    broken.write_text("192.0.2.1\nnonsense\n")
    chosen = Settings(fraud_proxy_list=broken, fraud_tor_list=tmp_path / "absent.txt")
    found = {finding.check: finding for finding in doctor(chosen)}
    assert [found[name].level for name in sorted(found)] == ["ok", "warning", "ok", "problem"]
    assert "line 2 'nonsense'" in found["fraud proxy list"].message
    assert "CLICKLEDGER_FRAUD_TOR_LIST" in found["fraud tor list"].advice
    assert "tor_exit" not in found["fraud datacenter list"].message
