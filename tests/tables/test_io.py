"""The tables: the same bytes for the same rows, and nothing but what a column may hold."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from scripts.tables import schemas
from scripts.tables.io import TableError, read_table, write_table
from scripts.tables.schemas import TABLES

STUDYS = dict(TABLES)
SAMPLE = schemas.table(
    "a row a run",
    schemas.RUN,
    final_train_loss=schemas.at_least_0("a loss"),
    train_accuracy=schemas.exact_share("a share"),
    test_accuracy=schemas.exact_share("a share"),
    diverged=schemas.flag("whether it diverged"),
    diverged_epoch=schemas.whole_or_none(1, "an epoch"),
)


@pytest.fixture(autouse=True)
def sample_table(monkeypatch):
    """A table with a column of each kind, which stays as it is when the study's change."""
    monkeypatch.setitem(TABLES, "sample", SAMPLE)


def runs(**columns):
    """Three runs, the last of which diverged."""
    return pd.DataFrame(
        {
            "protocol": "NA",
            "hidden": ["null", "nan", "relu"],
            "output": "identity",
            "seed": [0, 1, 2],
            "final_train_loss": [0.25, 1e-9, None],
            "train_accuracy": [0.5, 1.0, None],
            "test_accuracy": [0.0, 0.875, None],
            "diverged": [False, False, True],
            "diverged_epoch": pd.array([None, None, 3], dtype="Int64"),
        }
        | columns
    )


def least(name):
    """Two rows of any table: values that each column may hold, and something missing."""
    values = {"str": ["a", "b"], "bool": [True, False], "int64": [1, 2]}
    missing = {"float64": [1.0, None], "Int64": pd.array([1, None], dtype="Int64")}
    kinds = {column: str(kind.dtype) for column, kind in TABLES[name].columns.items()}
    return pd.DataFrame({c: (values | missing).get(k, values["str"]) for c, k in kinds.items()})


def refusal(function, *arguments):
    with pytest.raises(TableError) as caught:
        function(*arguments)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "runs.csv"


@pytest.mark.parametrize("name", STUDYS)
def test_what_is_written_is_read(tmp_path, name):
    path = tmp_path / "table.csv"
    write_table(least(name), name, path)
    assert_frame_equal(read_table(name, path), least(name), check_dtype=False)
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("name", STUDYS)
def test_so_is_a_table_without_rows(tmp_path, name):
    path = tmp_path / "table.csv"
    write_table(pd.DataFrame(columns=list(STUDYS[name].columns)), name, path)
    assert path.read_text() == ",".join(STUDYS[name].columns) + "\n"
    assert_frame_equal(read_table(name, path), least(name)[:0], check_dtype=False)


def test_missing_values_and_names_that_look_missing_are_told_apart(path):
    write_table(runs(), "sample", path)
    read = read_table("sample", path)
    assert read["protocol"].tolist() == ["NA"] * 3
    assert read["hidden"].tolist() == ["nan", "null", "relu"]
    assert read["final_train_loss"].isna().tolist() == [False, False, True]
    assert read["diverged"].tolist() == [False, False, True]
    assert read["diverged_epoch"].tolist()[2] == 3
    assert read["diverged_epoch"].isna().tolist() == [True, True, False]


def test_the_file_is_plain_csv_with_lf_endings(path):
    write_table(runs(), "sample", path)
    assert path.read_bytes().decode() == (
        "protocol,hidden,output,seed,final_train_loss,train_accuracy,test_accuracy,diverged,"
        "diverged_epoch\n"
        "NA,nan,identity,1,1e-09,1.0,0.875,False,\n"
        "NA,null,identity,0,0.25,0.5,0.0,False,\n"
        "NA,relu,identity,2,,,,True,3\n"
    )


def test_rows_are_sorted_by_number_where_the_column_holds_numbers(path):
    rows = [{**runs().iloc[0], "seed": seed, "hidden": "tanh"} for seed in [10, 9, 2, 100]]
    write_table(pd.DataFrame(rows).astype(runs().dtypes), "sample", path)
    assert read_table("sample", path)["seed"].tolist() == [2, 9, 10, 100]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [2, 1, 0]])
def test_the_order_of_rows_and_columns_does_not_change_the_bytes(tmp_path, order):
    write_table(runs(), "sample", tmp_path / "a.csv")
    write_table(runs().iloc[order][sorted(runs())], "sample", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_writing_what_was_read_gives_the_same_bytes(tmp_path):
    losses = np.random.default_rng(0).random(3)
    write_table(runs(final_train_loss=losses), "sample", tmp_path / "a.csv")
    write_table(read_table("sample", tmp_path / "a.csv"), "sample", tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=50))
def test_numbers_keep_seven_digits(tmp_path_factory, numbers):
    kept, digits = written_and_read(numbers, tmp_path_factory.mktemp("floats"))
    assert kept == [float(f"{number:.7g}") for number in numbers]
    assert max(digits) <= 7


def written_and_read(numbers, folder):
    """What is read of the numbers after they were written, and the digits that they have there."""
    path = folder / "losses.csv"
    frame = pd.DataFrame(
        {
            "protocol": "p",
            "hidden": "h",
            "output": "o",
            "seed": 0,
            "epoch": range(1, len(numbers) + 1),
            "loss": numbers,
        }
    )
    write_table(frame, "block_losses", path)
    cells = [line.split(",")[-1] for line in path.read_text().splitlines()[1:]]
    mantissas = [cell.split("e")[0].strip("-").replace(".", "").lstrip("0") for cell in cells]
    return read_table("block_losses", path)["loss"].tolist(), list(map(len, mantissas))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 10**9), st.data())
def test_accuracies_are_exact(tmp_path_factory, points, data):
    right = data.draw(st.lists(st.integers(0, points), min_size=3, max_size=3))
    shares = [count / points for count in right]
    path = tmp_path_factory.mktemp("shares") / "runs.csv"
    write_table(runs(train_accuracy=shares, test_accuracy=shares), "sample", path)
    read = read_table("sample", path).sort_values("seed")
    assert read["test_accuracy"].tolist() == read["train_accuracy"].tolist() == shares


WRONG = [
    ({"final_train_loss": [0.1, -1.0, 0.1]}, "final_train_loss", 2, "-1.0", "a number, 0 or more"),
    ({"train_accuracy": [1.5, 0.1, 0.1]}, "train_accuracy", 1, "1.5", "a number from 0 to 1"),
    ({"test_accuracy": [0.1, 0.1, -0.1]}, "test_accuracy", 3, "-0.1", "a number from 0 to 1"),
    ({"test_accuracy": [0.1, np.inf, 0]}, "test_accuracy", 2, "inf", "a number from 0 to 1"),
    ({"test_accuracy": ["0.1", "many", "0"]}, "test_accuracy", 2, "many", "a number from 0 to 1"),
    ({"seed": [0, -1, 2]}, "seed", 2, "-1", "a whole number, 0 or more"),
    ({"hidden": ["relu", "tanh", None]}, "hidden", 3, "none", "a name"),
    (
        {"diverged_epoch": pd.array([None, 0, 3], dtype="Int64")},
        "diverged_epoch",
        2,
        "0",
        "a whole number, 1 or more",
    ),
]


@pytest.mark.parametrize(("columns", "column", "row", "given", "allowed"), WRONG)
def test_a_wrong_value_is_named_and_nothing_is_written(path, columns, column, row, given, allowed):
    message = refusal(write_table, runs(**columns), "sample", path)
    assert message.startswith(
        f"{path}: column {column}, row {row}: got {given}; allowed: {allowed}"
    )
    assert not list(path.parent.glob("*"))


AT_LEAST_0, A_SHARE = "a number, 0 or more, or none", "a number from 0 to 1, or none"
COUNT = "a whole number, 1 or more"
NAMES = "names with “and” between"


@pytest.mark.parametrize(
    ("name", "column", "value", "allowed"),
    [
        ("runs", "epochs_to_target", 0, f"{COUNT}, or none"),
        ("layers", "delta_norm", -0.5, AT_LEAST_0),
        ("layers", "activation_slope", -0.5, AT_LEAST_0),
        ("summary", "trained", 1.5, A_SHARE),
        ("summary", "epochs_to_target_median", 0.5, "a number, 1 or more, or none"),
        *[("factors", factor, -0.5, AT_LEAST_0) for factor in ("slope", "forward", "backward")],
        ("factors", "epoch", -1, "a whole number, 0 or more"),
        ("published", "n", 0, COUNT),
        ("published", "mean", 98.6, A_SHARE),  # percent, where a share is meant
        ("published", "sd", -0.5, AT_LEAST_0),
        *[("agreement", column, 1.5, A_SHARE) for column in ("published_mean", "mean")],
        *[("agreement", c, -0.5, AT_LEAST_0) for c in ("published_sd", "sd", "spread")],
        *[(name, "stands", 1.5, A_SHARE) for name in ("claims", "verdicts")],
        *[(name, "margin", -0.5, AT_LEAST_0) for name in ("claims", "verdicts")],
        *[("verdicts", c, "a and $b", NAMES) for c in ("comparison", "output")],
        ("claims", "comparison", "a" * 201, "a name"),
        ("claims", "seeds_needed", 0, f"{COUNT}, or none"),
        ("intervals", "seeds", 0, COUNT),
        ("intervals", "half_width", -0.5, AT_LEAST_0),
    ],
)
def test_so_it_is_in_every_table_of_the_study(path, name, column, value, allowed):
    frame = least(name)
    frame.loc[1, column] = value
    message = refusal(write_table, frame, name, path)
    assert message == f"{path}: column {column}, row 2: got {value}; allowed: {allowed}"


@pytest.mark.parametrize(
    ("columns", "column", "given", "allowed"),
    [
        ({"seed": [0, 1.5, 2]}, "seed", "float64", "a whole number, 0 or more"),
        ({"diverged": [0, 0, 1]}, "diverged", "int64", "True or False"),
        ({"protocol": 3}, "protocol", "int64", "a name"),
    ],
)
def test_a_column_of_another_kind_is_named(path, columns, column, given, allowed):
    message = refusal(write_table, runs(**columns), "sample", path)
    assert message == f"{path}: column {column}: got {given}; allowed: {allowed}"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (runs(extra=1), "column 10: got extra; allowed: none"),
        (runs().drop(columns="diverged_epoch"), "column 9: got none; allowed: diverged_epoch"),
        (runs().drop(columns="test_accuracy"), "column 7: got diverged; allowed: test_accuracy"),
        (runs().drop(columns="seed"), "column 4: got final_train_loss; allowed: seed"),
        (runs().rename(columns={"seed": "sed"}), "column 4: got final_train_loss; allowed: seed"),
    ],
)
def test_a_column_too_many_or_too_few_is_named(path, frame, message):
    assert refusal(write_table, frame, "sample", path) == f"{path}: {message}"


def test_two_rows_of_one_run_are_named(path):
    twice = runs(hidden="relu", seed=[5, 7, 7])
    assert refusal(write_table, twice, "sample", path) == (
        f"{path}: columns protocol, hidden, output, seed, row 2: "
        "got NA, relu, identity, 7 again; allowed: once"
    )


@pytest.mark.parametrize("name", STUDYS)
def test_two_rows_with_the_same_key_are_refused_in_every_table(path, name):
    twice = least(name).iloc[[1, 1]]
    message = refusal(write_table, twice, name, path)
    assert message.startswith(f"{path}: columns {', '.join(STUDYS[name].unique)}, row 1: got b, b")
    assert message.endswith(" again; allowed: once")


def test_rows_gathered_from_several_tables_are_counted_through(path):
    gathered = pd.concat([runs(), runs(seed=[3, 4, -5])])
    message = refusal(write_table, gathered, "sample", path)
    assert message.startswith(f"{path}: column seed, row 6: got -5;")


def test_a_table_that_is_refused_leaves_the_old_file_as_it_was(path):
    write_table(runs(), "sample", path)
    old = path.read_bytes()
    refusal(write_table, runs(seed=[0, 1, -2]), "sample", path)
    refusal(write_table, runs(extra=1), "sample", path)
    assert path.read_bytes() == old
    assert [file.name for file in path.parent.iterdir()] == ["runs.csv"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1e-09", "x", f"column final_train_loss, row 1: got x; allowed: {AT_LEAST_0}"),
        ("1e-09", "-2", f"column final_train_loss, row 1: got -2.0; allowed: {AT_LEAST_0}"),
        ("0.5,0.0,", "5,0.0,", f"column train_accuracy, row 2: got 5.0; allowed: {A_SHARE}"),
        ("y,2", "y,", "column seed, row 3: got none; allowed: a whole number, 0 or more"),
        ("y,2", "y,0.5", "column seed, row 3: got 0.5; allowed: a whole number, 0 or more"),
        ("y,2", "y,-1", "column seed, row 3: got -1; allowed: a whole number, 0 or more"),
        ("NA,null", ",null", "column protocol, row 2: got none; allowed: a name"),
        ("True", "no", "column diverged, row 3: got no; allowed: True or False"),
        ("True", "", "column diverged, row 3: got none; allowed: True or False"),
        (
            "True,3",
            "True,2.5",
            "column diverged_epoch, row 3: got 2.5; allowed: a whole number, 1 or more, or none",
        ),
        (
            "nan,identity,1",
            "null,identity,0",
            "columns protocol, hidden, output, seed, row 1: "
            "got NA, null, identity, 0 again; allowed: once",
        ),
        ("seed", "sed", "column 4: got sed; allowed: seed"),
        (",diverged_epoch", "", "column 9: got none; allowed: diverged_epoch"),
        ("epoch\n", "epoch,more\n", "column 10: got more; allowed: none"),
        ("hidden,output", "output,hidden", "column 2: got output; allowed: hidden"),
    ],
)
def test_what_a_hand_has_spoilt_is_named(path, old, new, message):
    write_table(runs(), "sample", path)
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    assert refusal(read_table, "sample", path) == f"{path}: {message}"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n", b'a,"b\n', b"a,b\n1,2\n1,2,3\n"])
def test_a_file_that_is_no_table_is_named(tmp_path, content):
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    assert refusal(read_table, "sample", path).startswith(f"{path}: ")


def test_a_file_cut_off_anywhere_in_a_line_is_named(path):
    write_table(runs(), "sample", path)
    whole = path.read_bytes()
    for end in range(len(whole)):
        if not whole[:end].endswith(b"\n"):
            path.write_bytes(whole[:end])
            assert refusal(read_table, "sample", path) == f"{path}: the file is cut off in a line"


def test_a_file_that_is_not_there_is_an_error_of_the_system(path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        read_table("sample", path)
