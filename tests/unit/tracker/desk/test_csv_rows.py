"""CSV files of conversions, row by row."""

import pytest

from kernel.errors import ClickledgerError
from tracker.desk.csv_rows import MAX_ROWS, read, same_conversion


def rows(text):
    return list(read(text if isinstance(text, bytes) else text.encode()))


def test_columns_are_named_as_a_postback_names_them_and_lines_count_from_the_header():
    first, second = rows("clickid,Order_ID,sum\nabc,1,9.50\ndef,2,\n")
    assert (first.line, first.values) == (2, {"clickid": "abc", "order_id": "1", "sum": "9.50"})
    assert (second.line, second.values) == (3, {"clickid": "def", "order_id": "2"})
    assert (first.raw, second.raw) == (b"abc,1,9.50\n", b"def,2,\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_usual_way_to_write_a_file_is_read(delimiter, newline):
    text = newline.join(
        delimiter.join(cells) for cells in (["click_id", "amount"], ["abc", "1.5"], ["d\u00e9f", "2"])
    )
    found = rows(b"\xef\xbb\xbf" + text.encode())
    assert [(row.line, row.values) for row in found] == [
        (2, {"click_id": "abc", "amount": "1.5"}),
        (3, {"click_id": "d\u00e9f", "amount": "2"}),
    ]


def test_a_quoted_cell_may_span_lines_and_the_next_row_still_knows_its_own():
    first, second = rows('click_id,adv1\nabc,"two\nlines, one cell"\ndef,x\n')
    assert (first.line, first.values["adv1"]) == (2, "two\nlines, one cell")
    assert (second.line, second.values) == (4, {"click_id": "def", "adv1": "x"})


def test_empty_lines_are_no_rows_and_a_short_row_leaves_cells_out():
    assert [(row.line, row.values) for row in rows("click_id,txn_id\n\nabc\n,\n")] == [(3, {"click_id": "abc"})]


def test_a_row_with_too_many_cells_is_refused_alone():
    bad, good = rows("click_id\nabc,surplus\ndef\n")
    assert bad.wrong is not None
    assert bad.wrong.kind.code == "row_invalid"
    assert (bad.line, bad.raw) == (2, b"abc,surplus\n")
    assert (good.wrong, good.values) == (None, {"click_id": "def"})


@pytest.mark.parametrize("broken", ['def,"never closed', 'def,"closed"too soon', '"def', 'def,"a""'])
def test_a_broken_quote_spoils_its_own_line_and_no_other(broken):
    good, bad, *others = rows(f"click_id,adv1\nabc,x\n{broken}\nghi,y\njkl,z\n")
    assert good.wrong is None
    assert (bad.line, bad.raw, bad.wrong.kind.code) == (3, f"{broken}\n".encode(), "row_invalid")
    assert [(row.line, row.values) for row in others] == [
        (4, {"click_id": "ghi", "adv1": "y"}),
        (5, {"click_id": "jkl", "adv1": "z"}),
    ]


def test_separators_of_unicode_are_part_of_their_cell():
    first, second = rows("click_id,adv1\nabc,a\u2028b\x0bc\u0085d\ndef,x\n")
    assert (first.line, first.values["adv1"], first.raw) == (
        2,
        "a\u2028b\x0bc\u0085d",
        "abc,a\u2028b\x0bc\u0085d\n".encode(),
    )
    assert (second.line, second.raw) == (3, b"def,x\n")


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_the_line_by_which_excel_names_the_separator_is_no_header(delimiter):
    (row,) = rows(f"sep={delimiter}\r\nclick_id{delimiter}txn_id\r\nabc{delimiter}1\r\n")
    assert (row.line, row.values) == (3, {"click_id": "abc", "txn_id": "1"})


def test_rows_beyond_the_limit_are_refused_with_a_sentence():
    found = rows("click_id\n" + "abc\n" * (MAX_ROWS + 5))
    assert len(found) == MAX_ROWS + 1
    assert found[-1].wrong.kind.code == "row_invalid"
    assert str(MAX_ROWS) in found[-1].wrong.message


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"click_id\n\xff\n", "UTF-8"),
        (b"click_id\nab\0c\n", "NUL"),
        (b"click_id,colour\nabc,red\n", "'colour'"),
        (b"click_id,token\nabc,s3cret\n", "'token'"),
        (b"click_id,cl_test\nabc,x\n", "'cl_test'"),
        (b'"click_id,txn_id\nabc,1\n', "first line"),
        (b"click_id,cid\nabc,abc\n", "named twice"),
        (b"amount\n5\n", "click_id"),
    ],
)
def test_a_file_that_cant_be_meant_is_refused_as_a_whole(body, says):
    with pytest.raises(ClickledgerError) as refused:
        rows(body)
    assert refused.value.kind.code == "upload_invalid"
    assert says in refused.value.message


def test_rows_of_one_conversion_are_told_by_its_key_whatever_the_columns_are_called():
    a, b, c = rows("cid,order_id,status\nx,1,approved\nx,1,rejected\nx,2,approved\n")
    assert same_conversion(a) == same_conversion(b) == ("x", "", "", "1")
    assert same_conversion(c) != same_conversion(a)


def test_a_column_that_says_why_a_row_was_refused_is_passed_over():
    (row,) = rows('problem,click_id,txn_id\n"no such click, see the docs",abc\n')
    assert row.values == {"click_id": "abc"}
