"""What changed between two sets of results: settings, verdicts, numbers, passages, figures."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from scripts.compare import (
    changed,
    comparison,
    numbers,
    passages,
    results_of,
    settings,
    summary,
)
from scripts.study.errors import StudyError
from scripts.study.project import ROOT
from scripts.tables import schemas
from scripts.tables.io import write_table

CLAIM = {"claim": "C1", "protocol": "p", "comparison": "relu", "output": "sigmoid", "n": 3}
CLAIM |= {"metric": "loss", "scale": "ratio", "margin": 0.1, "verdict": "holds", "stands": 0.95}
CLAIM |= {"effect": 0.1, "ci_low": 0.0, "ci_high": 0.2, "p_adjusted": 0.5, "leans": "holds"}
REPORT = (
    "# A report\n\nIt is 97.3 % of 20 runs.\n\n| a | b |\n|---|---|\n| relu | 0.5 |\n\nThe end.\n"
)


def made(folder, report=REPORT, verdict="holds", over="holds", figure="<svg/>", **config):
    """A folder of results, with its config beside it."""
    results = folder / "results"
    (results / "report").mkdir(parents=True)
    (results / "figures").mkdir()
    (results / "report/report.md").write_text(report)
    (results / "figures/losses.svg").write_text(figure)
    claims = pd.DataFrame([CLAIM]).assign(seeds_needed=pd.array([None], dtype="Int64"))
    for name, said in (("claims", verdict), ("verdicts", over)):
        table = claims.assign(verdict=said)[list(schemas.TABLES[name].columns)]
        write_table(table, name, results / f"{name}.csv")
    (folder / "config.yaml").write_text(yaml.safe_dump({"training": {"epochs": 3} | config}))
    return results


def test_what_is_the_same_does_not_show(tmp_path):
    found = comparison("b", made(tmp_path / "a"), made(tmp_path / "b"))
    assert summary(found) == (
        "0 settings, 0 verdicts, 0 numbers, 0 passages, 0 figures differ from b"
    )


def test_each_kind_of_change_is_found(tmp_path):
    base = made(tmp_path / "a")
    changed_report = REPORT.replace("97.3", "96.1").replace("0.5", "0.25").replace("The end", "End")
    here = made(
        *(tmp_path / "b", changed_report, "reversed", "mixed", "<svg> </svg>"), epochs=5, loss="bce"
    )
    found = comparison("b", base, here)
    assert found["settings"] == [("training.epochs", 3, 5), ("training.loss", "–", "bce")]
    assert found["verdicts"] == [
        ("C1, p", "holds", "mixed"),
        ("C1, p, relu, sigmoid", "holds", "reversed"),
    ]
    assert found["numbers"] == [("It is ", "97.3", "96.1"), ("relu", "0.5", "0.25")]
    assert [name for name, _, _ in found["figures"]] == ["losses"]
    assert summary(found).startswith("2 settings, 2 verdicts, 2 numbers, 2 passages, 1 figure")


def test_the_verdicts_of_a_table_with_other_columns_are_compared_too(tmp_path):
    base, here = made(tmp_path / "a"), made(tmp_path / "b", verdict="reversed")
    table = pd.read_csv(base / "claims.csv")
    table[["verdict", *schemas.COMPARISON]].to_csv(base / "claims.csv", index=False)
    changes = [("C1, p, relu, sigmoid", "holds", "reversed")]
    assert comparison("b", base, here)["verdicts"] == changes


def test_a_table_of_no_claims_has_no_verdicts(tmp_path):
    base, here = made(tmp_path / "a"), made(tmp_path / "b")
    for name in ("claims", "verdicts"):
        head = (base / f"{name}.csv").read_text().splitlines(keepends=True)[0]
        (base / f"{name}.csv").write_text(head)
    found = comparison("b", base, here)["verdicts"]
    assert found == [("C1, p", "–", "holds"), ("C1, p, relu, sigmoid", "–", "holds")]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("claims", "claim,group,verdict\nC1,relu,holds\n", "has no column protocol, "),
        ("verdicts", "claim,protocol\nC1,p\n", "has no column verdict; it has claim, protocol"),
        ("claims", "", ": No columns to parse from file"),
    ],
)
def test_verdicts_of_other_tables_are_unknown_and_the_rest_is_compared(tmp_path, name, text, why):
    base, here = made(tmp_path / "a"), made(tmp_path / "b", epochs=5)
    (base / f"{name}.csv").write_text(text)
    said = summary(comparison("b", base, here))
    known = "1 setting, 0 numbers, 0 passages, 0 figures differ from b; verdicts unknown: "
    assert said.startswith(f"{known}{base}/{name}.csv")
    assert why in said
    assert "\n" not in said


def test_settings_without_a_config_are_unknown(tmp_path):
    base, here = made(tmp_path / "a"), made(tmp_path / "b")
    (tmp_path / "a/config.yaml").unlink()
    assert summary(comparison("b", base, here)) == (
        "0 verdicts, 0 numbers, 0 passages, 0 figures differ from b; "
        f"settings unknown: there is no {tmp_path}/a/config.yaml"
    )


def test_a_figure_of_another_name_shows(tmp_path):
    base, here = made(tmp_path / "a"), made(tmp_path / "b")
    (base / "figures/losses.svg").rename(base / "figures/old.svg")
    names = [name for name, _, _ in comparison("b", base, here)["figures"]]
    assert names == ["old", "losses"]


def test_a_passage_shows_what_went_and_what_came():
    (parts,) = passages(["It is 97.3 % of all."], ["It is 96.1 % of all."])
    assert parts == [("", "It is "), ("del", "97.3"), ("ins", "96.1"), ("", " % of all.")]
    assert passages(["same", "gone"], ["same"]) == [[("del", "gone")]]
    assert passages(["same"], ["new", "same"]) == [[("ins", "new")]]


def test_words_that_change_are_no_numbers():
    assert numbers(passages(["It holds for 3."], ["It is reversed for 3."])) == []


def test_what_is_not_there_is_a_dash():
    assert changed({"a": 1, "b": 2}, {"b": 3, "c": 4}) == [
        ("a", 1, "–"),
        ("b", 2, 3),
        ("c", "–", 4),
    ]


def test_a_protocol_without_settings_of_its_own_is_a_change():
    old, new = {"protocols": {"a": {}}}, {"protocols": {"a": {}, "b": {}}}
    assert changed(settings(old), settings(new)) == [("protocols.b", "–", {})]


def test_a_project_or_its_results_can_be_named(tmp_path):
    results = made(tmp_path / "a")
    assert results_of(str(results)) == results_of(str(tmp_path / "a")) == results


@pytest.mark.parametrize("base", ["no-such-thing", "--help", "-x; ls"])
def test_what_is_neither_folder_nor_commit_is_named(base):
    with pytest.raises(StudyError, match="there is no such folder and no such commit"):
        results_of(base)


def test_a_folder_without_a_report_is_named(tmp_path):
    with pytest.raises(StudyError, match="the folder holds no report"):
        results_of(str(tmp_path))


def test_the_page_shows_it_and_the_terminal_sums_it_up(tmp_path):
    base = made(tmp_path / "a", "It is 5 of <script>.")
    here = made(tmp_path / "b", "It is 6 of <script>.").parent
    for part in ("scripts", "report"):
        shutil.copytree(ROOT / part, here / part)
    command = [sys.executable, "-m", "scripts.compare", str(base.parent)]
    result = subprocess.run(command, cwd=here, capture_output=True, text=True)
    assert result.stdout == (
        "results/diff.html: 0 settings, 0 verdicts, 1 number, 1 passage, 0 figures differ from "
        f"{base.parent}\n"
    )
    page = (here / "results/diff.html").read_text()
    assert "Unknown" not in page
    assert "It is <del>5</del><ins>6</ins> of &lt;script&gt;." in page
    assert "<script" not in page


def test_the_page_says_what_is_unknown(tmp_path):
    base = made(tmp_path / "a")
    here = made(tmp_path / "b").parent
    (tmp_path / "a/config.yaml").unlink()
    for part in ("scripts", "report"):
        shutil.copytree(ROOT / part, here / part)
    command = [sys.executable, "-m", "scripts.compare", str(base)]
    subprocess.run(command, cwd=here, check=True)
    page = (here / "results/diff.html").read_text()
    assert f"<p>Unknown: there is no {base.parent}/config.yaml.</p>" in page
