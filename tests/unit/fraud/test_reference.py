from pathlib import Path

from fraud import REASONS, RULES_VERSION
from fraud.reference import pages
from fraud.rules.catalogue import RULES

REPOSITORY = Path(__file__).resolve().parents[3]


def test_the_pages_in_the_repository_are_current():
    for path, text in pages().items():
        assert (REPOSITORY / path).read_text() == text, f"{path} is not what fraud/reference.py writes"


def test_every_reason_is_explained_with_its_weight():
    text = pages()["docs/fraud-reasons.md"]
    assert RULES_VERSION in text
    for reason in REASONS.values():
        assert f"## {reason.code}\n\n{reason.sentence} {reason.help}" in text
        assert f"| {reason.category} | {reason.kind} | {reason.severity} |" in text


def test_every_setting_of_every_rule_is_listed_with_its_default():
    text = pages()["docs/fraud-reasons.md"]
    for spec in RULES.values():
        section = text[text.index(f"\n## {spec.code}\n") :]
        for name, field in spec.settings.model_fields.items():
            row = next(line for line in section.splitlines() if line.startswith(f"| `{name}` |"))
            assert field.description in row
            assert f"| {field.default} |" in row or isinstance(field.default, bool)


def test_every_reason_reads_as_sentences():
    for reason in REASONS.values():
        assert reason.sentence.endswith(".")
        assert reason.help.endswith(".")
        assert 0 <= reason.severity <= 100
        assert not reason.counts or reason.severity > 0
