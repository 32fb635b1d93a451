"""The report's text: whatever the runs did, from the tables alone, with mistakes named by line."""

import copy
import functools
import itertools
import json
import math
import re

import jinja2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from scripts.analysis.causes import CAUSES, read_causes
from scripts.analysis.claims import CLAIMS, read_claims
from scripts.analysis.published import PUBLISHED, agreement
from scripts.analysis.runs import KEYS, Runs
from scripts.analysis.summaries import summarise
from scripts.analysis.verdicts import evaluate, intervals
from scripts.study.config import protocols, without_twins
from scripts.study.errors import StudyError
from scripts.study.layout import TEMPLATE, beside_main, combinations
from scripts.study.project import ROOT
from scripts.tables import schemas
from scripts.tables.io import check, read_table
from scripts.writing import filters, formats
from scripts.writing.bound import Number, Source, plain, with_listing
from scripts.writing.bound_rows import bound_rows
from scripts.writing.counts import missing_runs
from scripts.writing.facts import facts
from scripts.writing.filters import FILTERS
from scripts.writing.prose import check_document, typed_numbers
from scripts.writing.sentences import sentence
from scripts.writing.source import BIBLIOGRAPHY, MEANINGS, RULES
from scripts.writing.template import render
from scripts.writing.verdicts import _named_comparisons
from tests.effort import IN_CI

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
TEXT = (ROOT / TEMPLATE).read_text(encoding="utf-8")
NAN = math.nan
STATED, SUPPOSED = read_claims(ROOT / CLAIMS), read_causes(ROOT / CAUSES)
VERDICTS = {}  # of runs that were evaluated before, for that takes time
VALUES = [*schemas.SUMMARISED, "loss_roughness"]
ONE = {"hidden": ["tanh"], "output": ["sigmoid"], "protocols": {"only": {}}}
FACTORS = {"slope": 0.24, "forward": 0.14, "backward": 0.13}
RESTRICTED = {"protocols": {"as-written": {}, "deep-sigmoid": {"hidden": ["sigmoid"], "epochs": 7}}}


def made(diverged=lambda i: False, **own):
    """A config, and the table of runs that a study of it would leave."""
    config = copy.deepcopy(CONFIG) | {"seeds": 3} | own
    config["main"] = next(iter(config["protocols"]))
    for protocol in config["protocols"].values():
        protocol.pop("seeds", None)
    runs = [
        dict(zip(schemas.COMBINATION, names, strict=True)) | {"seed": seed}
        for names in combinations(config)
        for seed in range(config["seeds"])
    ]
    noise = np.random.default_rng(0).random((4, len(runs))) * 0.5 + 0.4
    table = pd.DataFrame(runs).assign(**dict(zip(VALUES, noise, strict=True)))
    table["epochs_to_target"] = pd.Series(range(len(runs)), dtype="Int64") % 290 + 1
    table["diverged"] = [diverged(i) for i in range(len(runs))]
    table.loc[table["diverged"], VALUES] = None
    return config, table


def rendered(config, runs, summary=None, template=TEXT):
    """The report's Markdown, as a reader sees its numbers."""
    return plain(render(template, known(config, runs, summary)))


def known(config, runs, summary=None, **results):
    summary = summary_of(config, runs) if summary is None else summary
    key = runs.to_csv()
    if key not in VERDICTS:
        of = STATED, Runs(runs)
        tested = evaluate(*of, protocols(config))
        VERDICTS[key] = dict(zip(["claims", "verdicts"], tested, strict=True))
        VERDICTS[key]["intervals"] = intervals(*of, list(beside_main(config)))
    published = read_table("published", ROOT / PUBLISHED)
    made_tables = VERDICTS[key] | {
        "summary": summary,
        "factors": factors_of(config),
        "missing": pd.DataFrame(columns=list(schemas.TABLES["missing"].columns)),
        "agreement": agreement(published, summary),
        "chaotic": pd.DataFrame(columns=list(schemas.TABLES["chaotic"].columns)),
    }
    for name, table in made_tables.items():
        if name != "summary":  # of which some tests make what cannot be
            check(table.reset_index(drop=True), name, name)
    return facts(config, "0123456789abcdef" * 4, made_tables | results, STATED, SUPPOSED)


def summary_of(config, runs):
    targets = {name: own["target_accuracy"] for name, own in protocols(config).items()}
    rows = [
        summarise(own, targets[key[0]]).assign(plateau_left=7, **dict(zip(KEYS, key, strict=True)))
        for key, own in runs.groupby(KEYS)
    ]
    return pd.concat(rows)[list(schemas.TABLES["summary"].columns)].reset_index(drop=True)


def factors_of(config):
    rows = [
        dict(zip(schemas.COMBINATION, names, strict=True)) | {"epoch": epoch} | FACTORS
        for names in combinations(config)
        for epoch in (0, 300)
    ]
    return pd.DataFrame(rows)


CASES = {
    "the repository's config": made(),
    "one of everything": made(**ONE),
    "one seed": made(seeds=1),
    "one of everything, one seed": made(seeds=1, **ONE),
    "a protocol of one hidden activation": made(**RESTRICTED),
    "some diverged": made(lambda i: i % 4 == 0),
    "a combination diverged": made(lambda i: 3 <= i < 6),
    "all diverged": made(lambda i: True),
    "one of everything, diverged": made(lambda i: True, **ONE),
}
cases = pytest.mark.parametrize(
    "case",
    [
        # The claims of all protocols take seconds.
        pytest.param(case, marks=[pytest.mark.slow] * (len(config["protocols"]) > 2))
        for case, (config, _) in CASES.items()
    ],
)


def percent(number, *digits):
    return plain(filters.percent(number, *digits))


def points(number):
    return plain(filters.points(number))


def significant(number, *digits):
    return plain(filters.significant(number, *digits))


@functools.cache
def text_of(case):
    return rendered(*CASES[case])


def abstract(text):
    return one_line(yaml.safe_load(text.split("---\n")[1])["abstract"])


def one_line(text):
    return " ".join(text.split())


@cases
def test_the_report_is_written_whatever_the_runs_did(case):
    text = text_of(case)
    assert re.findall(r"\b(?:nan|None|inf)\b|\{\{|\{%|Undefined|<NA>", text) == []
    assert len(abstract(text)) > 300


@cases
def test_no_number_of_it_is_typed_whatever_the_runs_did(case):
    facts = known(*CASES[case])
    document = json.loads(formats.read(render(TEXT, facts)))
    bibliography = (ROOT / BIBLIOGRAPHY).read_text(encoding="utf-8")
    check_document(document, TEXT, facts, bibliography)


@cases
def test_every_row_of_the_summary_is_in_a_table_but_those_of_nudged_starts(case):
    config, runs = CASES[case]
    shown = without_twins(config)["protocols"]
    lines = [line.strip("| \n").split(" | ") for line in text_of(case).splitlines()]
    summary = summary_of(config, runs)
    for row in summary[summary["protocol"].isin(shown)].to_dict("records"):
        output = "none" if row["output"] == "identity" else FILTERS["name"](row["output"])
        names = [row["protocol"], FILTERS["name"](row["hidden"]), output]
        values = [
            str(row["n"]),
            str(row["diverged"]),
            significant(Number(row["final_train_loss_median"]), 3),
            significant(Number(row["final_train_loss_sd"])),
            percent(Number(row["test_accuracy_mean"])),
            points(Number(row["test_accuracy_sd"])),
            percent(Number(row["test_accuracy_min"])),
            percent(Number(row["test_accuracy_max"])),
        ]
        assert any(line[:3] == names and set(values) <= set(line) for line in lines)


@cases
def test_the_abstract_counts_the_runs_and_those_that_diverged(case):
    _, runs = CASES[case]
    numbers = re.findall(r"\d+", abstract(text_of(case)))
    lost = int(runs["diverged"].sum())
    assert str(len(runs)) in numbers
    assert str(lost) in numbers or lost == 0
    assert ("No run diverged" in abstract(text_of(case))) == (lost == 0)


def test_each_number_is_bound_to_its_own_cell():
    config, runs = CASES["the repository's config"]
    facts = known(config, runs)
    row = facts["rows"](protocol="rate-5", hidden="sigmoid", output="sigmoid")[0]
    numbers = {column: value for column, value in row.items() if isinstance(value, Number)}
    assert {"n", "test_accuracy_mean", "epochs_to_target_median"} < numbers.keys()
    for column, value in numbers.items():
        cell = Source("results/summary.csv", "rate-5,sigmoid,sigmoid", column, "3")
        assert value.sources == (cell,)
    own = facts["protocols"]["rate-5"]
    for value, key in [
        (facts["config"]["seeds"], "seeds"),
        (facts["settings"]["points"], "training.points"),
        (own["points"], "training.points"),
        (own["learning_rate"], "protocols.rate-5.learning_rate"),
    ]:
        assert value.sources == (Source("config.yaml", key, ""),)


SHOWN = [
    "n",
    "diverged",
    "final_train_loss_median",
    "final_train_loss_sd",
    "test_accuracy_mean",
    "test_accuracy_sd",
    "test_accuracy_min",
    "test_accuracy_max",
]


@pytest.mark.slow
@pytest.mark.parametrize("column", SHOWN)
def test_another_value_anywhere_in_the_summary_is_another_text(column):
    config, runs = made(hidden=["relu", "tanh"], **RESTRICTED)
    summary = summary_of(config, runs)
    before = rendered(config, runs, summary)
    for row in summary.index:
        changed = summary.copy()
        whole = pd.api.types.is_integer_dtype(changed[column])
        changed.loc[row, column] += 17 if whole else -0.0612
        assert rendered(config, runs, changed) != before


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in CONFIG["training"] if key != "substitute"])
def test_another_setting_is_another_text(key):
    config, runs = made(**ONE)
    before = rendered(config, runs)
    value = config["training"][key]
    config["training"][key] = 4321 if isinstance(value, int | float) else [43, 21]
    after = rendered(config, runs)
    assert "43" in after
    assert before != after


def test_another_order_of_the_results_is_another_order_of_words():
    config, runs = made()
    summary = summary_of(config, runs)
    here = (summary["protocol"] == "as-written") & (summary["output"] == "sigmoid")
    orders = [["relu", "selu", "sigmoid", "tanh"], ["tanh", "sigmoid", "relu", "selu"]]
    for names in orders:
        own = dict(zip(names, [0.95, 0.5, 0.4, 0.05], strict=True))
        summary.loc[here, "test_accuracy_mean"] = summary["hidden"].map(own)[here]
        text = one_line(rendered(config, runs, summary))
        a, b, c, d = (f"{FILTERS['name'](name)} ({percent(Number(own[name]))})" for name in names)
        assert one_line(f"{a}, {b}, {c} and {d}") in text


@pytest.mark.parametrize("lost", ["relu", "tanh", "selu", "sigmoid"])
def test_a_combination_without_values_has_no_rank(lost):
    config, runs = made(output=["sigmoid"], protocols={"only": {}})
    runs.loc[runs["hidden"] == lost, ["diverged", *VALUES]] = [True, *[None] * 4]
    means = (
        summary_of(config, runs).set_index("hidden")["test_accuracy_mean"].dropna().sort_values()
    )
    text = rendered(config, runs)
    least, greatest = (
        one_line(percent(Number(means.iloc[0]))),
        one_line(percent(Number(means.iloc[-1]))),
    )
    assert abstract(text).index(least) < abstract(text).index(greatest)  # "from … to …"
    a, b, c = (
        f"{FILTERS['name'](name)} ({percent(Number(means[name]))})" for name in means.index[::-1]
    )
    assert one_line(f"{a}, {b} and {c}") in one_line(text)


def paragraph(text, start):
    return one_line(text[text.index(start) :].strip().split("\n\n")[0])


def clear(also=(), **values):
    """A study of few protocols in which values differ as a function of hidden and output says."""
    names = ["as-written", "as-coded", "as-written-bce", "as-coded-right-tanh", "gain-4", "longer"]
    stated = {name: CONFIG["protocols"][name] for name in [*names, *also]}
    config, runs = made(seeds=8, protocols=copy.deepcopy(stated))
    noise = np.random.default_rng(1).uniform(0.99, 1.01, len(runs))
    for column, value in values.items():
        keys = runs[["protocol", "hidden", "output"]].itertuples(index=False)
        runs[column] = np.array([value(*key) for key in keys]) * noise
    return config, runs


def said_of(claim, verdict, names):
    """What the author says of a claim for a verdict."""
    sentences = STATED[claim]["sentences"]
    words = f"{sentences.get('start', '')} {sentences[verdict]}".strip()
    return words.replace("{each}", names).replace("{first}", names)


@pytest.mark.parametrize(
    ("ratio", "verdict", "mark"),
    [(0.5, "holds", "+"), (1.0, "no difference", "="), (2.0, "reversed", "−")],
)
def test_data_that_flips_flips_the_text(ratio, verdict, mark):
    loss = lambda protocol, hidden, output: ratio if output == "sigmoid" else 1.0  # noqa: E731
    text = rendered(*clear(final_train_loss=loss))
    words = said_of("C2", verdict, "ReLU, Tanh and SELU")
    assert paragraph(text, "**C2**").endswith(f"Under *as-written* and *as-coded*, {words}.")
    assert f"Under *as-written*, {words}." in paragraph(text, "\nDoes the last")
    assert [cell.split(" (")[0] for cell in row_of("C2", text)[1:]] == [verdict] * 2
    (row,) = (line for line in text.splitlines() if line.startswith("| C2: "))
    assert row.split(" | ")[1:] == [f"{mark}\u00a0{verdict}", f"{mark}\u00a0{verdict} |"]


def test_protocols_that_differ_are_told_apart():
    halves = {"as-written": 0.5}
    loss = lambda p, hidden, output: halves.get(p, 2.0) if output == "sigmoid" else 1.0  # noqa: E731
    text = paragraph(rendered(*clear(final_train_loss=loss)), "**C2**")
    names = "ReLU, Tanh and SELU"
    holds, reverse = (said_of("C2", verdict, names) for verdict in ("holds", "reversed"))
    assert text.endswith(f"Under *as-written*, {holds}. Under *as-coded*, {reverse}.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("learns", "said"),
    [
        ({"gain-4"}, "What survives in both columns is that the signal shrinks"),
        ({"longer"}, "near zero, it learns, but too slowly to be seen and random"),
        ({"longer", "gain-4"}, "What survives in both columns is that it learns, but too slowly"),
        (set(), "What survives in both columns is that its units saturate"),
    ],
)
def test_the_cause_is_the_one_that_the_interventions_support(learns, said):
    both = ["standardised", "standardised-gain-4", "standardised-longer"]
    learns = learns | {f"standardised-{remedy}" for remedy in learns}

    def accuracy(protocol, hidden, output):
        return 0.5 if hidden == "sigmoid" and protocol not in learns else 0.9

    text = one_line(rendered(*clear(both, test_accuracy=accuracy)))
    assert said in text
    for name, cause in SUPPOSED.items():
        mistaken = [p for p in cause["fails"] if p in learns]
        there = {"gain-4", "longer", "as-written-bce", *both}
        mistaken += [p for p in cause["learns"] if p in there - learns]
        (row,) = re.findall(rf"\| {re.escape(cause['cause'])}: [^|]*\| \d+ \| ([^|]*) \|", text)
        assert set(re.split(", | and ", row)) == (set(mistaken) or {"none"}), name


@pytest.mark.parametrize(("slope", "said"), [(0.24, "not saturated"), (0.02, "they are saturated")])
def test_whether_units_saturate_is_read_from_their_slope(slope, said):
    config, runs = made(**ONE | {"hidden": ["sigmoid"]})
    table = factors_of(config).assign(slope=slope)
    assert said in one_line(render(TEXT, known(config, runs, factors=table)))


def test_what_depends_on_the_wrong_gradient_is_said_by_the_data():
    def loss(protocol, hidden, output):
        return {"tanh": 1.0}.get(hidden, 0.5) * (2 if protocol == "as-coded-right-tanh" else 1)

    dependent = lambda p, h, o: loss(p, h, o) / (8 if "right" in p else 1)  # noqa: E731
    for value, depends in ((loss, False), (dependent, True)):
        text = one_line(rendered(*clear(final_train_loss=value)))
        assert ("So comparisons of C3 have other verdicts without the mistake" in text) == depends


def test_published_values_agree_where_the_table_says_so():
    config, runs = clear()
    rows = known(config, runs)["agreement"]
    table = pd.DataFrame(rows).assign(agrees=[True, False, True])
    text = one_line(render(TEXT, known(config, runs, agreement=table)))
    names = [FILTERS["name"](row["hidden"]) for row in rows]
    assert f"and within the spread for {names[0]} and {names[2]}." in text


def test_of_many_seeds_it_is_said_that_the_first_are_drawn(monkeypatch):
    few = one_line(rendered(*made(seeds=3)))
    monkeypatch.setattr("scripts.writing.facts.DRAWN_SEEDS", 2)
    many = one_line(rendered(*made(seeds=3)))
    for with_few, with_many in [
        ("shows every run's accuracy on", "shows the accuracy of the first 2 seeds' runs on"),
        ("Test accuracy of every run (", "Test accuracy of the first 2 seeds' runs ("),
    ]:
        assert (with_few in few, with_many in few) == (True, False)
        assert (with_few in many, with_many in many) == (False, True)


def row_of(name, text):
    """The cells of a claim in the table of claims."""
    (row,) = (line for line in text.splitlines() if line.startswith(f"| {name} | "))
    return row.strip("| ").split(" | ")[1:]


def test_the_table_of_claims_says_of_which_networks_they_are_and_with_which_margin():
    text = rendered(*clear())
    for name, words in {
        "C2": "Section II-A; margin ×1.11)",
        "C3": "Section II-B; networks with no output activation and with a Sigmoid output; "
        "margin ×1.11)",
        "C4": "Section II-B; networks with a Sigmoid output; margin 0.5 points)",
    }.items():
        assert row_of(name, text)[0].endswith(words)


def test_the_table_of_claims_says_in_which_share_of_refits_a_claim_fares_the_same():
    config, runs = clear()
    own = known(config, runs)
    text = plain(render(TEXT, own))
    for name in own["of_source"]:
        cells = row_of(name, text)[1:]
        for cell, protocol in zip(cells, own["beside"], strict=True):
            said = own["claim"](name, protocol)
            share = f" ({percent(said['stands'], 0)})" if said["groups"] else ""
            assert cell == plain(f"{said['verdict']}{share}")
    stands = own["claim"]("C2", "as-written")["stands"]
    assert stands.sources == (Source("results/verdicts.csv", "C2,as-written", "stands", "8"),)


def test_a_claim_that_a_protocol_trains_in_part_or_not_at_all_is_not_tested():
    protocols = {"as-written": {}, "partial": {"hidden": ["relu"]}, "none": {"hidden": ["sigmoid"]}}
    own = known(*made(protocols=protocols))["claim"]
    assert own("C2", "partial")["verdict"] == own("C2", "none")["verdict"] == "not tested"
    for protocol in ("none", "partial"):
        assert own("C2", protocol)["sentence"] == STATED["C2"]["sentences"]["not tested"]
    assert own("C2", "none")["groups"] == []
    assert len(own("C2", "partial")["groups"]) == 3


@pytest.mark.parametrize(
    ("verdict", "of_each", "words"),
    [
        ("holds", ["holds", "holds"], "it helps ReLU and Tanh"),
        ("undecided", ["holds", "holds"], "it may help ReLU and Tanh"),
        ("mixed", ["holds", "undecided"], "it helps ReLU, and may help Tanh"),
        ("mixed", ["reversed", "holds", "holds"], "it helps Tanh and SELU, and harms ReLU"),
        ("mixed", ["no difference", "holds", "undecided"], "it helps Tanh, does nothing, and may"),
        ("unproven", ["holds", "unproven"], "runs that the verdict needs are missing"),
        ("not tested", ["not tested", "holds"], "no runs"),
    ],
)
def test_the_author_has_a_sentence_for_each_verdict(verdict, of_each, words):
    sentences = {"start": "it", "holds": "helps {each}", "undecided": "may help {first}"}
    sentences |= {"reversed": "harms {each}", "no difference": "does nothing"}
    sentences |= {"not tested": "no runs"}
    rows = of_comparisons([("relu", "sigmoid"), ("tanh", "sigmoid"), ("selu", "sigmoid")], of_each)
    assert sentence({"sentences": sentences}, verdict, rows).startswith(words)


def of_comparisons(pairs, verdicts):
    """The rows of comparisons, named as the report names them."""
    rows = [
        {
            "claim": "C",
            "protocol": "p",
            "comparison": comparison,
            "output": output,
            "verdict": verdict,
        }
        for (comparison, output), verdict in zip(pairs, verdicts, strict=False)
    ]
    return _named_comparisons(rows)["C", "p"]


@pytest.mark.parametrize(
    ("verdict", "of_each", "words"),
    [
        ("holds", ["holds", "holds"], "ReLU–Tanh: ReLU wins"),
        (
            "mixed",
            ["holds", "reversed"],
            "ReLU–Tanh (no output activation): ReLU (no output "
            "activation) wins, and ReLU (Sigmoid output) loses",
        ),
    ],
)
def test_outputs_are_named_where_comparisons_disagree(verdict, of_each, words):
    sentences = {"holds": "{each}: {first} wins", "reversed": "{first} loses"}
    rows = of_comparisons([("relu-tanh", "identity"), ("relu-tanh", "sigmoid")], of_each)
    assert sentence({"sentences": sentences}, verdict, rows) == words


@pytest.mark.parametrize("count", [1, 10, 11, 30])
def test_of_missing_runs_no_number_is_typed(count):
    keys = {"hidden": "relu", "output": "identity", "first_seed": 0, "last_seed": 4}
    table = pd.DataFrame([{"protocol": f"p{i}", **keys} for i in range(count)])
    missing = missing_runs(bound_rows("missing", table, {}))
    text = f"{missing['count']} runs are missing, namely {missing['which']}."
    assert typed_numbers(text, "", {"settings": {}, "config": {}}) == []
    end = f"; {count - 10} more." if count > 10 else f"*p{count - 1}* relu–identity (seeds 0–4)."
    assert plain(text).endswith(end)


def test_the_abstract_is_short_if_comparisons_disagree():
    config, runs = clear()
    claims, verdicts = evaluate(STATED, Runs(runs), protocols(config))
    each = itertools.cycle(["undecided", "holds", "reversed"])
    claims["verdict"] = [next(each) for _ in range(len(claims))]
    verdicts["verdict"] = "mixed"
    verdicts.loc[verdicts["claim"] == "C5", "verdict"] = "holds"
    text = plain(render(TEXT, known(config, runs, claims=claims, verdicts=verdicts)))
    assert len(abstract(text).split()) <= 150


@pytest.mark.parametrize("verdict", ["holds", "reversed", "undecided"])
def test_whatever_the_verdicts_the_abstract_is_short_and_each_is_said_by_the_author(verdict):
    config, runs = clear()
    tables = evaluate(STATED, Runs(runs), protocols(config))
    claims, verdicts = (table.assign(verdict=verdict) for table in tables)
    own = known(config, runs, claims=claims, verdicts=verdicts)
    text = plain(render(TEXT, own))
    assert len(abstract(text).split()) <= 150
    for name, entry in own["of_source"].items():
        words = paragraph(text, f"**{name}**")
        assert "Under *as-written*" in words
        start = entry["sentences"].get("start", "")
        end = re.split("{each}|{first}", entry["sentences"][verdict])[-1]
        assert start in words
        assert f"{end}." in words


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ((0.5, 0.5), "The verdicts are the same under *as-coded*."),
        ((0.5, 2.0), "Under *as-coded*, another verdict is given on C2."),
    ],
)
def test_whether_other_protocols_agree_is_said(ratios, said):
    of = dict(zip(["as-written", "as-coded"], ratios, strict=True))
    loss = lambda p, h, output: of.get(p, 1.0) if output == "sigmoid" else 1.0  # noqa: E731
    accuracy = lambda p, h, output: 0.9 if output == "sigmoid" else 0.5  # noqa: E731
    text = rendered(*clear(final_train_loss=loss, test_accuracy=accuracy))
    assert paragraph(text, "\nDoes the last layer need").endswith(said)


def test_a_combination_that_the_summary_lacks_is_named():
    config, runs = made()
    summary = summary_of(config, runs).query("hidden != 'selu'")
    with pytest.raises(StudyError) as caught:
        rendered(config, runs, summary)
    message = "results/summary.csv has no row for as-written, selu, identity"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "protocol", "said"),
    [
        ("C2", "as-writen", r"config.yaml has no protocol as-writen \(did you mean as-written\?\)"),
        ("C22", "as-written", "report/claims.yaml has no claim C22; there are C1, C2, "),
    ],
)
def test_a_claim_or_protocol_that_is_not_there_is_named(name, protocol, said):
    with pytest.raises(jinja2.TemplateRuntimeError, match=said):
        known(*made())["claim"](name, protocol)


# Facts and filters


def test_rows_come_in_the_order_of_the_config_and_can_be_picked():
    config, runs = made(protocols={"z": {}, "a": {}})
    rows = known(config, runs)["rows"]
    assert [row["protocol"] for row in rows()] == ["z"] * 8 + ["a"] * 8
    assert [row["hidden"] for row in rows(protocol="a", output="identity")] == (config["hidden"])
    own = known(config, runs)
    assert (own["main"], own["runs"], own["diverged"]) == ("z", 48, 0)


@pytest.fixture
def pictures(tmp_path):
    """A results folder with a small picture for each figure."""
    figure = plt.figure(figsize=(2, 1))
    for name in re.findall(r"figures/(\w+)\.svg", TEXT):
        (tmp_path / "figures").mkdir(exist_ok=True)
        for ending in ("svg", "pdf", "png"):
            figure.savefig(tmp_path / f"figures/{name}.{ending}")
    plt.close(figure)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", ["some diverged", *(["the repository's config", "all diverged"] if IN_CI else [])]
)
def test_the_report_is_set_by_typst_and_by_a_real_tex(pictures, pdflatex, case):
    text = with_listing(render(TEXT, known(*CASES[case])), RULES, MEANINGS)
    document = formats.resolve(formats.read(text), pictures, ROOT / BIBLIOGRAPHY)
    formats.write_all(document, pictures / "report", pictures)
    assert (pictures / "report/report.pdf").read_bytes().startswith(b"%PDF")
    pdflatex(pictures / "report/report.tex")
