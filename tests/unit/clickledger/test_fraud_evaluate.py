"""``clickledger fraud evaluate``: one JSON object, or one sentence."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from clickledger.commands.fraud.evaluate import register
from fraud.ranking.evaluation import Evaluation
from fraud.ranking.tables import read_table
from kernel.errors import ClickledgerError
from tests.support.ranked_partners import NAMES, few_trees, planted, write_table

pytestmark = pytest.mark.usefixtures(few_trees.__name__)

FIGURES = {"ap", "ap_sd", "auc", "precision_at", "recall_at", "false_positives_at", "flagged_at"}
BASELINES = {
    "clicks",
    "best_column",
    "isolation_forest_defaults",
    "local_outlier_factor",
    "ecod_tails",
    "one_class_svm",
}


def words_of(fraud):
    # A third label counts as not fraud.
    return ["Fraud" if one else "Observation" if at % 40 == 0 else "OK" for at, one in enumerate(fraud)]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    place = tmp_path_factory.mktemp("tables")
    matrix, fraud = planted(400, 25, seed=1)
    later, also = planted(400, 25, seed=2)
    return {
        "table": write_table(place / "later.csv", later, words_of(also)),
        "train": write_table(place / "earlier.csv", matrix, words_of(fraud)),
    }


def evaluate(*words, table, labels="status", positive="Fraud", identity="partner"):
    app = typer.Typer(callback=lambda: None)
    register(app)
    asked = ["evaluate", "--table", table, "--labels", labels, "--positive", positive, "--id", identity]
    return CliRunner().invoke(app, [*map(str, asked), *map(str, words)])


def refused(*words, **options):
    done = evaluate(*words, **options)
    assert isinstance(done.exception, ClickledgerError), done.output
    assert done.exception.kind.status == 400
    return done.exception.message


def test_one_json_object_has_the_figures_and_the_baselines(tables):
    done = evaluate("--seeds", "2", "--json", table=tables["table"])
    found = json.loads(done.stdout)
    assert found.keys() >= FIGURES | {
        "way",
        "partners",
        "positives",
        "chance",
        "ap_sd_partners",
        "baselines",
        "seeds",
    }
    assert (found["way"], found["partners"], found["positives"], found["seeds"]) == ("without_labels", 400, 25, 2)
    assert found["clicks_column"] == "clicks"
    assert found["chance"] == 25 / 400
    assert set(found["baselines"]) == BASELINES
    for one in (found, *found["baselines"].values()):
        assert one.keys() >= FIGURES
        assert one["precision_at"].keys() == one["recall_at"].keys() == {"1%", "3%", "5%"}
        assert one["flagged_at"] == {"1%": 4, "3%": 12, "5%": 20}
        assert 0 <= one["ap"] <= 1
        for rate, many in one["flagged_at"].items():
            assert one["false_positives_at"][rate] == pytest.approx(
                many * (1 - one["precision_at"][rate]), abs=0.01
            )
            assert one["recall_at"][rate] == pytest.approx(many * one["precision_at"][rate] / 25, abs=0.01)
    assert found["ap"] > 2 * found["baselines"]["isolation_forest_defaults"]["ap"]


def test_labels_only_judge_where_nothing_is_learnt(tables, tmp_path):
    matrix, fraud = planted(400, 25, seed=2)
    turned = write_table(tmp_path / "turned.csv", matrix, words_of(~fraud))
    ap = json.loads(evaluate("--seeds", "1", "--json", table=tables["table"]).stdout)["auc"]
    swapped = json.loads(evaluate("--seeds", "1", "--json", table=turned).stdout)
    # The same ranking, judged by the opposite labels: some of which are the third kind, that is fraud in neither.
    assert swapped["auc"] == pytest.approx(1 - ap, abs=0.05)


def test_learning_from_another_table_ranks_this_one_the_same_each_time(tables):
    words = ("--train", tables["train"], "--seeds", "1", "--json")
    done = evaluate(*words, table=tables["table"])
    found = json.loads(done.stdout)
    assert found["way"] == "trained"
    assert found["ap"] > 0.85
    assert found["baselines"]["best_column"]["chosen"] == "on the training table"
    assert evaluate(*words, table=tables["table"]).stdout == done.stdout


def test_cross_validation_never_scores_a_partner_by_its_own_label(tmp_path):
    # Labels by lot: nothing can be learnt, and whoever peeked would find much.
    dice = np.random.default_rng(5)
    matrix, _ = planted(300, 25, seed=3)
    labels = ["Fraud" if one else "OK" for one in dice.permutation(300) < 60]
    lots = write_table(tmp_path / "lots.csv", matrix, labels)
    found = json.loads(evaluate("--cross-validate", "--folds", 3, "--seeds", 1, "--json", table=lots).stdout)
    assert (found["way"], found["folds"]) == ("cross_validated", 3)
    assert set(found["baselines"]) == BASELINES | {"gradient_boosting_defaults"}
    assert found["ap"] < 0.35


def test_without_json_people_get_a_table(tables):
    lines = evaluate("--seeds", "1", table=tables["table"]).stdout.splitlines()
    assert "400 partners, 25 of them positive, ranked without labels, 1 seeds" in lines[0]
    assert lines[2].startswith("this ranker")
    assert any(line.startswith("clicks (clicks)") for line in lines)
    assert any(line.startswith("chance") and "0.06" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"labels": "verdict"}, "no column 'verdict' (--labels); its columns are 'partner', 'clicks'"),
        ({"identity": "pid"}, "no column 'pid' (--id)"),
        ({"identity": "status"}, "--id and --labels both name 'status'"),
        ({"positive": "fraud"}, "no partner has the label 'fraud'; its labels are 'Fraud', 'OK', 'Observation'"),
    ],
)
def test_options_that_fit_no_table_are_refused(tables, options, sentence):
    assert sentence in refused(table=tables["table"], **options)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("partner,a,status\n", "has names but no partners"),
        ("partner,a,status\np1,1,Fraud\np2,2,Fraud\n", "every partner has the label 'Fraud'"),
        ("partner,a,status\np1,many,Fraud\np2,2,OK\n", "line 2: column 'a' holds 'many'"),
        ("partner,a,status\np1,1,Fraud\np2,inf,OK\n", "line 3: column 'a' holds 'inf'"),
        ("partner,a,status\np1,1,Fraud\np1,2,OK\n", "line 3: the id 'p1' was on line 2 already"),
        ("partner,a,status\n,1,Fraud\np1,2,OK\n", "line 2: no id in column 'partner'"),
        ("partner,a,status\np1,1\n", "line 2: 2 fields, but 3 names"),
        ("partner,a,a,status\np1,1,1,OK\n", "the column 'a' is there twice"),
        ("partner,status\np1,OK\np2,Fraud\n", "no column beside the id and the label"),
        ('partner,a,status\n"p1,1,OK\n', "can't be read"),
        ("partner,a,status\np1,1,Fraud\np2,-1e31,OK\n", "line 3: column 'a' holds '-1e31'"),
        ('partner;a;status\np1;"1,5";Fraud\n', "line 2: column 'a' holds '1,5'"),
        ("partner|a\np1|1\n", "no column 'status' (--labels); its columns are 'partner', 'a'"),
    ],
)
def test_tables_that_cannot_be_judged_get_a_sentence(tmp_path, text, sentence):
    bad = tmp_path / "bad.csv"
    bad.write_text(text, encoding="utf-8")
    assert sentence in refused(table=bad)


def test_files_that_cannot_be_read_get_a_sentence(tmp_path):
    assert "can't be read" in refused(table=tmp_path / "none.csv")
    assert "can't be read" in refused(table=tmp_path)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00partner")
    assert "can't be read" in refused(table=tmp_path / "binary.csv")


def test_other_columns_than_those_learnt_from_are_named(tables, tmp_path):
    matrix, fraud = planted(400, 25, seed=2)
    other = write_table(tmp_path / "other.csv", matrix, words_of(fraud), (*NAMES[:-1], "weekday"))
    said = refused("--train", other, "--seeds", "1", table=tables["table"])
    assert "other.csv has no column 'hour_of_first'" in said
    assert "later.csv has no column 'weekday'" in said


def test_what_is_too_little_to_learn_from_is_counted(tables, tmp_path):
    matrix, fraud = planted(100, 3, seed=2)
    few = write_table(tmp_path / "few.csv", matrix, words_of(fraud))
    assert "few.csv: partners marked as fraud: 3" in refused("--train", few, "--seeds", "1", table=tables["table"])
    assert "3 partners of the rarer kind can't be dealt out to 10 folds" in refused("--cross-validate", table=few)
    one = write_table(tmp_path / "one.csv", matrix, ["OK"] * 100)
    assert "no partner has the label 'Fraud'" in refused("--train", one, table=tables["table"])


def test_learning_from_two_places_at_once_is_refused(tables):
    said = refused("--train", tables["train"], "--cross-validate", table=tables["table"])
    assert "give one of them" in said


def test_an_unknown_clicks_column_is_refused_and_a_named_one_used(tables):
    assert "no column 'klicks' (--clicks)" in refused("--clicks", "klicks", table=tables["table"])
    done = evaluate("--clicks", "unique_agents", "--seeds", "1", "--json", table=tables["table"])
    assert json.loads(done.stdout)["baselines"]["clicks"]["column"] == "unique_agents"


def test_missing_values_and_a_byte_order_mark_are_read(tmp_path):
    matrix, fraud = planted(300, 25, seed=2)
    matrix[::7, 2] = math.nan
    holes = write_table(tmp_path / "holes.csv", matrix, words_of(fraud))
    holes.write_bytes(b"\xef\xbb\xbf" + holes.read_bytes() + b"\n")
    found = json.loads(evaluate("--seeds", "1", "--json", table=holes).stdout)
    assert found["partners"] == 300
    assert found["ap"] > 0.5


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_part_fields_as_well(tables, tmp_path, separator):
    other = tmp_path / "other.csv"
    other.write_text(tables["table"].read_text(encoding="utf-8").replace(",", separator), encoding="utf-8")
    there, here = (read_table(one, identity="partner", label="status") for one in (tables["table"], other))
    assert (here.ids, here.names, here.labels) == (there.ids, there.names, there.labels)
    assert np.array_equal(here.matrix, there.matrix)


def test_learning_from_the_very_rows_that_are_ranked_is_said(tables, tmp_path):
    lines = tables["table"].read_text(encoding="utf-8").splitlines()
    # In another order, and one with other features.
    part = tmp_path / "part.csv"
    part.write_text("\n".join([lines[0], *lines[-1:0:-1]]).replace("p0,", "p0,9", 1), encoding="utf-8")
    done = evaluate("--train", part, "--seeds", "1", "--json", table=tables["table"])
    assert json.loads(done.stdout)["rows_in_train"] == 399
    assert "Beware: 399 of 400 partners stand in" in done.stderr
    honest = evaluate("--train", tables["train"], "--seeds", "1", "--json", table=tables["table"])
    assert (json.loads(honest.stdout)["rows_in_train"], honest.stderr) == (0, "")


def test_figures_do_not_depend_on_how_many_seeds_are_worked_on_at_once(tables):
    table = read_table(tables["table"], identity="partner", label="status")
    one, three = (Evaluation(table, "Fraud", seeds=2, workers=workers).run() for workers in (1, 3))
    assert one == three


def test_it_runs_without_a_service_and_a_data_directory(tables, tmp_path):
    command = [sys.executable, "-m", "clickledger", "fraud", "evaluate", "--table", str(tables["table"])]
    asked = ["--labels", "status", "--positive", "Fraud", "--id", "nobody"]
    done = subprocess.run(
        [*command, *asked], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "no column 'nobody' (--id)" in done.stderr
    assert list(tmp_path.iterdir()) == []
