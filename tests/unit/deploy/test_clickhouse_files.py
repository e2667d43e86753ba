import xml.etree.ElementTree as ET
from pathlib import Path

from kernel.settings import Settings

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "clickhouse"


def root_of(name):
    return ET.parse(FOLDER / name).getroot()  # noqa: S314 - the repository's own files


def test_the_reports_user_can_only_read_and_has_the_limits_of_the_settings():
    root = root_of("users.xml")
    profile = root.find("profiles/clickledger_reports")
    chosen = Settings()
    assert profile.findtext("readonly") == "1"
    assert int(profile.findtext("max_execution_time")) == chosen.report_max_seconds
    assert int(profile.findtext("max_memory_usage")) == chosen.report_max_memory_mib * 1024 * 1024
    user = root.find("users/reports")
    assert user.findtext("profile") == profile.tag
    assert [query.text for query in user.findall("grants/query")] == ["GRANT SELECT ON clickledger.*"]


def test_the_reports_users_password_comes_from_the_environment_and_is_required_there():
    root = root_of("users.xml")
    variable = root.find("users/reports/password").get("from_env")
    compose = (FOLDER.parents[1] / "docker-compose.yml").read_text()
    assert f"{variable}: ${{{variable}:?" in compose


def test_the_server_makes_an_acknowledged_insert_durable():
    root = root_of("server.xml")
    assert root.findtext("merge_tree/fsync_after_insert") == "1"
    assert root.findtext("merge_tree/fsync_part_directory") == "1"
