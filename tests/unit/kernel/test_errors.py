import pytest

from kernel.errors import CONFLICT, ERRORS, ErrorKind, table


def test_an_error_says_what_to_do_and_a_more_exact_sentence_replaces_the_tables():
    assert CONFLICT.error().message == CONFLICT.advice
    assert CONFLICT.error("The code 'summer' is taken.").message == "The code 'summer' is taken."
    assert str(CONFLICT.error("The code 'summer' is taken.")) == "The code 'summer' is taken."


def test_every_error_has_one_json_shape():
    assert CONFLICT.error("Taken.").as_json() == {"error": {"code": "conflict", "message": "Taken."}}
    assert CONFLICT.error("Taken.", code="summer").as_json() == {
        "error": {"code": "conflict", "message": "Taken.", "details": {"code": "summer"}}
    }


def test_a_code_used_twice_is_refused():
    with pytest.raises(ValueError, match="used twice"):
        table(CONFLICT, ErrorKind("conflict", 400, "info", "Another."))


def test_the_kernels_table_is_keyed_by_code_and_every_row_is_a_sentence():
    for code, kind in ERRORS.items():
        assert code == kind.code
        assert 400 <= kind.status <= 599
        assert kind.advice[0].isupper()
        assert kind.advice.endswith(".")
