"""Bad input by the thousand: each broken file is refused within a second, by a message that names
the place, and no file changes; or it is still right, and then it means what is written there.
"""

import copy
import csv
import functools
import io
import json
import math
import operator
import os
import random
import re
import subprocess
import sys
import unicodedata
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.analysis.causes import CAUSES, judge, read_causes
from scripts.analysis.claims import CLAIMS, read_claims
from scripts.analysis.published import PUBLISHED, agreement
from scripts.analysis.verdicts import sides
from scripts.study import config
from scripts.study.errors import StudyError
from scripts.study.layout import TEMPLATE
from scripts.study.project import ROOT, copy_project
from scripts.study.schema import read_yaml
from scripts.tables import schemas
from scripts.tables.io import TableError, read_table, write_table
from scripts.writing import source
from scripts.writing.bound import linked, with_listing
from scripts.writing.prose import check_source
from scripts.writing.source import BIBLIOGRAPHY, MEANINGS, RULES
from scripts.writing.template import render
from tests.effort import examples
from tests.tables.test_io import STUDYS, least
from tests.writing.test_report import CASES, VERDICTS, factors_of, known, summary_of
from tests.writing.test_template import FACTS

pytestmark = pytest.mark.slow
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
READERS = {  # {file: what reads and checks it}
    "config.yaml": lambda path: checked_config(path),
    str(CLAIMS): read_claims,
    str(CAUSES): read_causes,
}
PAYLOADS = [
    *("../../etc/passwd", "$(touch pwned)", "; touch pwned", "`touch pwned`", "-rf", ".hidden"),
    *("a\nb", "a\x1b[31mb", "a\x00b", "", " ", "é", "ｒelu", "\u202erelu", "\ue000", "{protocol}"),
    *("{protocol.__class__}", "{0}", "{", "{protocol:>99999999}", r"\write18{touch pwned}"),
    *("<script>alert(1)</script>", '#read("x")', "null", "~", "1e3", "x" * 5000, "'", '"', "|"),
]
YAML_SNIPPETS = [
    *("&a [*a]", "*a", "&a {<<: *a}", "<<: *b", "!!python/object/apply:os.system [ls]", "!!bool x"),
    *("!!int ''", "!!timestamp x", "!!set {a, b}", "!!binary aGk=", "!!omap [a: 1]", "! x", "= "),
    *("[" * 3000, "{a: " * 300, "- " * 300, "? " * 99, "0x" + "f" * 5000, "9" * 5000, "1:1.5"),
    *("1" + ":10" * 300 + ".5", "2020-13-45", "---\n", "...\n", "%YAML 9.9\n---\n", "%TAG ! x\n"),
    *("\t", "'", '"', "|\n", ">-\n", "@", "`", "#", ": ", "\x00", "\x07", "\ufeff", "\ufffe"),
    *('"\\ud800"', '"\\ue000"', '"a\\nb": 1\n"a\\nb": 2\n', "\u2028", "\x85", "é" * 9, "a: 1\n"),
    "b: &b [1, 1]\nc: &c [*b, *b]\n" + "".join(f"d{i}: [*c, *c]\n" for i in range(9)),
]
TABLE_SNIPPETS = [
    *(",", ",,", '"', "\n", "\r", "\r\n", "\x00", "\ufeff", "é", "-1", "nan", "inf", "1e400", " "),
    *("9" * 40, "x" * 200_000, "1_0", "١", "0x10", "True", "NA", "$(touch pwned)", "\x1b[31m"),
]
ATOMS = [  # of templates' expressions
    *("runs", "row", "rows", "main", "rowz", "row.n", "row.hiden", "rows[0]", "loop", "loop.index"),
    *(
        "n",
        "m",
        "x",
        "3",
        "0",
        "0.5",
        "none",
        "true",
        "[]",
        "{}",
        "()",
        "''",
        "'as-written'",
    ),
    *("const(3)", "const", "range(9)", "namespace(s=3)", "cycler", "dict", "self"),
    *("''.__class__.__mro__", "'%999d'", "'{0.__class__}'", "'<script>'", "'\\n'", "'25 units'"),
]
FILTERS = [
    *("percent", "significant", "significant(99999999)", "points", "whole", "scientific", "exp"),
    *("precent", "name", "listed", "where(a=1)", "sort('n')", "sort(attribute='n')", "length"),
    *("setting", "list", "join", "join(', ')", "first", "last", "sum(attribute='n')"),
    *("map('x')", "map(attribute='n')", "map('percent')", "attr('x')", "attr('__class__')", "max"),
    *(
        "batch(2)",
        "indent",
        "format(1)",
        "truncate(3)",
        "upper",
    ),
    *(
        "replace('e', 'ee')",
        "tojson",
        "items",
        "dictsort",
        "groupby('n')",
        "select",
    ),
    *("default(3)", "int", "float", "abs", "string", "unique", "reverse", "random"),
]
OPERATORS = [
    *"+-*/%~",
    "//",
    "==",
    "<",
    "in",
    "not in",
    "and",
    "or",
    "is",
    "if",
    ",",
    "",
    "|",
]
BITS = [  # of templates, whole or broken
    *(
        "{{",
        "}}",
        "{%",
        "%}",
        "{##",
        "##}",
        "{% endif %}",
        "{% else %}",
        "{% endfor %}",
        "{% set x %}",
    ),
    *("{% raw %}", "{% block b %}", "{% call m(1) %}", "{% filter upper %}", "{% endfilter %}"),
    *("{% include 'x' %}", "{% import 'x' as y %}", "{% from 'x' import y %}", "{% extends 'x' %}"),
    *("{% do x %}", "{% macro m(n) %}", "{% macro m(n) %}{{ m(n) }}{% endmacro %}", "{{ m(9) }}"),
    *("\ue000", "\x1b[31m", "\u2028", "25 units", "# A {#sec:a}", "@sec:a", "[@wang]", "[@nobody]"),
    *(
        r"$\write18{x}$",
        "$^^5c$",
        "$x$",
        "\n| a | b |\n|--|--|\n| 1 |\n",
        "-" * 99 + " x",
        "<script>",
    ),
    *("\n---\ntitle: [\n---\n", "\n---\ntitle: T\n---\n", "![](/etc/passwd)", "a", "\n", "\n\n"),
]
SNIPPETS = {".yaml": YAML_SNIPPETS, ".csv": TABLE_SNIPPETS, ".j2": BITS}


def small_table(name):
    """A table of a kind, with two rows that are right."""
    least(name).to_csv(file := io.StringIO(), index=False, lineterminator="\n")
    return file.getvalue().encode()


SOURCES = {  # {file: what it holds before it is broken}
    name: (ROOT / name).read_bytes() for name in [*READERS, TEMPLATE, str(BIBLIOGRAPHY), PUBLISHED]
} | {f"{name}.csv": small_table(name) for name in STUDYS}


def fuzzed(many):
    """A hypothesis test of so many examples in CI: the same each time."""
    return settings(
        max_examples=examples(many),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where broken files are put; it is the working directory, too."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "results").mkdir()
    for name, content in SOURCES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_broken(folder, name, content, read, lines=1):
    """What `read` makes of a file with this content; None if it refuses it as it should."""
    (folder / name).write_bytes(content)
    before = contents(folder)
    try:
        result = read(name)
    except StudyError as error:
        check_message(str(error), name, lines)
        result = None
    assert contents(folder) == before
    return result


def check_message(said, name, lines):
    """A few lines that a terminal shows as they are, the first of which says where."""
    assert said.startswith(name) or re.match(r"\S.*: (got|unknown key|this key)", said)
    shown = said.split("\n")
    assert 0 < len(shown) <= lines
    assert all(0 < len(line) < 3000 for line in shown)
    assert all(c.isprintable() or unicodedata.category(c) == "Zs" for line in shown for c in line)
    assert "Traceback" not in said
    assert not re.search(r" at 0x[0-9a-f]{6}|/site-packages/", said)  # Python's own words


# Broken files of any kind


CHANCES = st.builds(random.Random, st.integers(0, 2**64))  # any place is as likely as another


@st.composite
def mangled(draw, name):
    """A file of which some bytes are lost, changed, moved or added."""
    content, chance = SOURCES[name], draw(CHANCES)
    for _ in range(chance.choice([1, 1, 2, 3])):
        start, end = sorted(chance.choices(range(len(content) + 1), k=2))
        part = content[start : min(end, start + 40)]
        new = draw(
            st.one_of(
                st.just(b""),
                st.just(part * 2),
                st.sampled_from(SNIPPETS[Path(name).suffix]).map(str.encode),
                st.binary(min_size=1, max_size=2),
            )
        )
        rest = content[start + len(part) * chance.choice([0, 1]) :]
        content = content[:start] + new + chance.choice([rest, rest, rest, b""])  # cut off
    return content


# YAML


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.one_of(
    st.sampled_from(
        [None, True, 0, -1, 10**400, 2**63, 0.5, -0.0, math.nan, math.inf, 1e308, date(2020, 1, 1)]
    ),
    st.sampled_from([[], {}, [[]], [{}], {"a": 1}, {1: 2}, {None: None}, set("ab"), b"\xff"]),
    st.sampled_from(
        [["relu"] * 2, ["identity"], {"tanh": "relu"}, {"seeds": 1}, [25, 0], [1] * 99]
    ),
    st.sampled_from([*PAYLOADS, "relu", "cuda", "bce", "as-written", "final_train_loss"]),
    TEXTS,
    st.integers(),
    st.floats(),
).map(copy.deepcopy)
KEYS = st.one_of(st.sampled_from([*PAYLOADS, "seeds", "hidden", 3, None, math.nan]), TEXTS)


def places(data, above=()):
    """The path of each value."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in pairs:
        yield (*above, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*above, key))


@st.composite
def misled(draw, name):
    """A YAML file of which a value or a key is another, is lost or is new."""
    data, chance = yaml.safe_load(SOURCES[name]), draw(CHANCES)
    for _ in range(chance.choice([1, 1, 2])):
        *path, key = chance.choice([*places(data)])
        inner = functools.reduce(operator.getitem, path, data)
        change = chance.choice(["value", "value", "value", "nest", "delete", "key", "add"])
        if change == "value":
            inner[key] = draw(VALUES)
        elif change == "nest":
            inner[key] = chance.choice([[inner[key]], {"a": inner[key]}])
        elif change == "delete":
            del inner[key]
        elif isinstance(inner, list):
            inner.insert(key, draw(VALUES))
        else:
            inner[draw(KEYS)] = inner.pop(key) if change == "key" else draw(VALUES)
    return yaml.dump(data, Dumper=DUMPER, allow_unicode=True, sort_keys=False).encode()


DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def broken_yaml(name):
    return st.one_of(misled(name), mangled(name))


def checked_config(path):
    found = read_yaml(path)
    config.check(found)
    return found


def texts(data):
    """All keys and texts in data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, (dict, list)):
        for item in [*data, *(data.values() if isinstance(data, dict) else ())]:
            yield from texts(item)


@fuzzed(800)
@given(content=broken_yaml("config.yaml"))
def test_a_broken_config_is_refused_or_can_be_run(folder, content):
    found = read_broken(folder, "config.yaml", content, READERS["config.yaml"])
    if found is not None:
        assert json.loads(json.dumps(found, allow_nan=False)) == found  # as jobs get it
        assert all(NAME.fullmatch(text) and len(text) <= 100 for text in texts(found))
        for own in config.protocols(found).values():
            assert set(own["hidden"] + own["output"]) <= set(config.activation_names())
            assert all(isinstance(n, int) and n > 0 for n in [own["epochs"], *own["hidden_widths"]])


@fuzzed(500)
@given(content=broken_yaml(str(CLAIMS)))
def test_broken_claims_are_refused_or_can_be_decided(folder, content):
    for name, claim in (read_broken(folder, str(CLAIMS), content, read_claims) or {}).items():
        assert json.loads(json.dumps(claim, allow_nan=False)) == claim
        assert name.isalnum()
        for compared in sides(claim, "as-written"):
            for runs in compared:
                if isinstance(runs, tuple):
                    assert all(re.fullmatch("[A-Za-z0-9_.-]+", text) for text in runs)
                else:
                    assert math.isfinite(runs)
        stated = {"claim", "source", "because"} & claim.keys()
        assert all(text.isprintable() for text in words(claim, *stated))


@fuzzed(400)
@given(content=broken_yaml(str(CAUSES)))
def test_broken_causes_are_refused_or_can_be_judged(folder, content):
    causes = read_broken(folder, str(CAUSES), content, read_causes)
    for cause in judge(causes or {}, {"gain-4": "learns", "longer": "fails"}).values():
        assert not set(cause["right"]) & set(cause["wrong"])
        assert all(text.isprintable() for text in words(cause, "cause", "because"))


def words(entry, *keys):
    """What it says, but for kinds of space and signs of no width, which harm nobody."""
    for key in keys:
        assert entry[key]
        yield "".join(c for c in entry[key] if unicodedata.category(c) not in ("Zs", "Cf", "Cn"))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("snippet", YAML_SNIPPETS)
def test_what_trips_loaders_up_is_refused_as_a_file_and_as_a_value(folder, name, snippet):
    for content in (snippet, f"seeds: {snippet}\n", f"a: &a {snippet}\nb: [*a, *a]\n"):
        assert read_broken(folder, name, content.encode(), READERS[name]) is None


@pytest.mark.parametrize("layer", ["[{}]", "{{k: [{}]}}", "{{<<: [{}]}}"])
@pytest.mark.parametrize(
    ("name", "value"), [("config.yaml", "20"), (str(CLAIMS), "0.22"), (str(CAUSES), "[]")]
)
def test_a_billion_of_anything_is_refused(folder, name, value, layer):
    """A few lines that stand for a billion values."""
    layers = ["&l0 {x: 1}"]
    for i in range(9):
        layers.append(f"&l{i + 1} " + layer.format(", ".join([f"*l{i}"] * 10)))
    content = SOURCES[name].decode().replace(f": {value}", f": [{', '.join(layers)}]", 1)
    assert read_broken(folder, name, content.encode(), READERS[name]) is None


def test_anchors_and_merged_keys_may_be_used(folder):
    text = SOURCES["config.yaml"].decode()
    text = text.replace("  rate-1: ", "  mine: {<<: *rate, epochs: 7}\n  rate-1: ", 1)
    text = text.replace("protocols:\n", "protocols:\n  rate: &rate {learning_rate: 0.5}\n", 1)
    found = read_broken(folder, "config.yaml", text.encode(), READERS["config.yaml"])
    assert found["protocols"]["mine"] == {"learning_rate": 0.5, "epochs": 7}


# Tables


CELLS = st.one_of(
    st.sampled_from(
        ["", "-1", "0", "1", "0.5", "1.5", "1e3", "inf", "-inf", "nan", "NaN", "None", "true", "c"]
    ),
    st.sampled_from(
        ["9" * 19, "9" * 30, "1_0", " 1", "1 ", "0x1", "1e", "+1", "01", "-0", "1e999"]
    ),
    st.sampled_from([*PAYLOADS, "a,b", '"', '"a', "a\rb", "\x85", "x" * 200_000, "١", "½", "<NA>"]),
    TEXTS,
    st.floats().map(str),
)


def cells_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@st.composite
def spoilt(draw, name):
    """A table of which rows, columns or cells are others, lost, twice there or in another place."""
    rows, chance = cells_of(SOURCES[name]), draw(CHANCES)
    for _ in range(chance.choice([0, 1, 1, 1, 2])):
        row, column = chance.randrange(len(rows)), chance.randrange(len(rows[0]) + 1)
        change = chance.choice(["cell"] * 4 + ["more", "less", "row", "twice", "swap", "column"])
        if change == "cell":
            rows[row][column : column + 1] = [draw(CELLS)]
        elif change == "more":
            rows[row].insert(column, draw(CELLS))
        elif change == "less":
            del rows[row][column:]
        elif change == "row":
            rows[row] = draw(st.lists(CELLS, max_size=12))
        elif change == "twice":
            rows.insert(row, [*rows[row]])
        elif change == "swap":
            rows = [own[column:] + own[:column] for own in rows]
        else:
            rows = [own[:column] + own[column + 1 :] for own in rows]
    form = {"lineterminator": chance.choice(["\n", "\r\n"]), "quoting": chance.choice([0, 0, 1])}
    csv.writer(file := io.StringIO(), **form).writerows(rows)
    return file.getvalue().encode()


def says(cell, value):
    """Whether a cell of a file means a value."""
    if cell == "" or pd.isna(value):
        return cell == "" and pd.isna(value)
    if isinstance(value, str):
        return cell == value
    if isinstance(value, bool):
        return cell.lower() == str(value).lower()
    return float(cell) == value or math.isclose(float(cell), value, rel_tol=1e-14)


TABLE_OF = {f"{name}.csv": name for name in STUDYS} | {PUBLISHED: "published"}


@pytest.mark.parametrize("name", TABLE_OF)
def test_a_spoilt_table_is_refused_or_read_as_it_is_written(folder, name):
    @fuzzed(120)
    @given(content=st.one_of(spoilt(name), mangled(name)))
    def check(content):
        read_as_written(folder, name, content)

    check()


def read_as_written(folder, name, content):
    table = TABLE_OF[name]
    frame = read_broken(folder, name, content, lambda path: read_table(table, path))
    if frame is None:
        return
    head, *rows = cells_of(content)
    assert head == list(frame) == list(schemas.TABLES[table].columns)
    assert len(rows) == len(frame)
    for cells, values in zip(rows, frame.astype(object).to_dict("records"), strict=True):
        assert all(map(says, cells, values.values())), (cells, values)
        texts = [value for value in values.values() if isinstance(value, str)]
        assert all(re.fullmatch(r"\w[\w .-]*", text) for text in texts)


@pytest.mark.parametrize("name", STUDYS)
def test_a_row_that_lost_or_won_a_cell_is_named(folder, name):
    head, first, second = cells_of(SOURCES[f"{name}.csv"])
    for row, cells in ((1, first[:-1]), (1, [*first, ""]), (1, ["z", *first]), (2, second[:-1])):
        lines = [head, cells, second] if row == 1 else [head, first, cells]
        (folder / "table.csv").write_text("".join(",".join(line) + "\n" for line in lines))
        with pytest.raises(TableError) as caught:
            read_table(name, "table.csv")
        place = f"table.csv: row {row}: got {len(cells)} cells"
        assert str(caught.value) == f"{place}; allowed: {len(head)}"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,b,c,1,0.5,true"], "column sd, row 1: got true; allowed: a number, 0 or more, or none"),
        (["z,a,b,c,1,0.5,0.1", "z,d,b,c,1"], "row 1: got 7 cells; allowed: 6"),
        (["x" * 200_000 + ",b,c,1,0.5"], "line 2: field larger than field limit (131072)"),
        (["a,b,c,1,0.5,0.1", "", "d,b,c,1,0.5,0.1"], "row 2: got 0 cells; allowed: 6"),
        (["a,b,c,1,0.5,0.1\r", "\rd,b,c,1,0.5,0.1"], "row 2: got 0 cells; allowed: 6"),
        (["a\0,b,c,1,0.5,0.1"], r"column protocol, row 1: got a\x00; allowed: a name"),
        (["$(ls),b,c,1,0.5,0.1"], "column protocol, row 1: got $(ls); allowed: a name"),
    ],
)
def test_what_pandas_would_pass_over_is_named(folder, rows, said):
    content = "\n".join(["protocol,hidden,output,n,mean,sd", *rows, ""])
    (folder / "table.csv").write_text(content, newline="")
    with pytest.raises(TableError) as caught:
        read_table("published", "table.csv")
    assert str(caught.value) == f"table.csv: {said}"


# Templates


@pytest.fixture(scope="module")
def facts_of_study():
    return known(*CASES["one of everything"])


def expressions(inner):
    return st.one_of(
        st.builds("({} | {})".format, inner, st.sampled_from(FILTERS)),
        st.builds("{} {} {}".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}({})".format, inner, inner),
        st.builds(
            "{}.{}".format, inner, st.sampled_from(["n", "append(1)", "items()", "__init__"])
        ),
    )


def pieces(inner):
    return st.one_of(
        st.builds("{{% for n in {} %}}{}{{% endfor %}}".format, EXPRESSIONS, inner),
        st.builds("{{% if {} %}}{}{{% endif %}}".format, EXPRESSIONS, inner),
        st.builds("{{% set x = {} %}}{}".format, EXPRESSIONS, inner),
        st.builds("{{% macro m(n) %}}{}{{% endmacro %}}{{{{ m({}) }}}}".format, inner, EXPRESSIONS),
        st.builds("{}\n{}".format, inner, inner),
    )


EXPRESSIONS = st.recursive(st.sampled_from(ATOMS), expressions, max_leaves=5)
WRITES = st.builds("{{{{ {} }}}}".format, EXPRESSIONS)
PIECES = st.recursive(st.one_of(WRITES, st.sampled_from(BITS)), pieces, max_leaves=4)


@fuzzed(1500)
@given(template=PIECES)
def test_pieces_of_templates_are_refused_or_written(folder, template):
    def written(_):
        text = render(template, FACTS)
        check_source(text, template)
        return with_listing(text, RULES, MEANINGS)

    text = read_broken(folder, TEMPLATE, b"", written, lines=2)
    if text is not None:
        check_written(text)


def check_written(text):
    """Nothing that is no text is left: no sign that nobody sees, and no half of a mark."""
    seen = linked(text, lambda *_: "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff]", seen)


@fuzzed(120)
@given(content=mangled(TEMPLATE))
def test_a_mangled_template_is_refused_or_written(folder, facts_of_study, content):
    def written(_):
        return source.markdown(facts_of_study)

    text = read_broken(folder, TEMPLATE, content, written, lines=41)
    (folder / TEMPLATE).write_bytes(SOURCES[TEMPLATE])
    if text is not None:
        check_written(text)


WRONG = [
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    *("{{ " + "(" * 999 + " }}", "{{ " + "-" * 9999 + "1 }}", "{% if main %}" * 999),
    *("{{ " + "9" * 5000 + " }}", "{% for a in rows %}" * 30 + "{% endfor %}" * 30),
    *(
        "{{ '\\ud800' }}",
        "{{ '\\ue000' }}",
        "{{ runs | percent | upper }}",
        "{{ rows }}",
        "{{ m }}",
    ),
    *("{{ const(a=1, a=2) }}", "{{ main | dictsort }}", "{{ cycler() }}", "{{ main.format }}"),
    *("{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% extends 'x' %}"),
    *("{{ 2.5 | round }}", "{{ ''.__class__.__mro__ }}", "{{ self.__init__ }}"),
]


@pytest.mark.parametrize("template", WRONG, ids=lambda template: template[:40])
def test_what_cannot_be_rendered_is_refused(folder, template):
    def written(_):
        text = render(f"one\n{template}\n", FACTS)
        check_source(text, template)
        return text

    assert read_broken(folder, TEMPLATE, b"", written, lines=2) is None


@pytest.mark.parametrize("name", [TEMPLATE, str(BIBLIOGRAPHY)])
def test_a_byte_that_is_no_utf8_is_named_by_its_line(folder, facts_of_study, name):
    (folder / name).write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(StudyError) as caught:
        source.document(facts_of_study)
    assert str(caught.value) == f"{name}: line 2 holds the byte 0xff, which is not UTF-8"
    (folder / name).write_bytes(SOURCES[name])


# From end to end


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project and the tables of a small study."""
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    own, runs = CASES["one of everything"]
    summary = summary_of(own, runs)
    known(own, runs)
    made = VERDICTS[runs.to_csv()] | {
        "runs": runs.assign(diverged_epoch=pd.array([None] * len(runs), dtype="Int64")),
        "summary": summary,
        "factors": factors_of(own),
        "agreement": agreement(read_table("published", ROOT / PUBLISHED), summary),
        "missing": least("missing")[:0],
        "chaotic": least("chaotic")[:0],
    }
    for name, table in made.items():
        write_table(table, name, folder / f"results/{name}.csv")
    (folder / STUDY).write_text(json.dumps(own))
    return folder


STUDY = "study.json"
SNAKEMAKE = ["-m", "snakemake", "--cores", "1", "--dry-run"]
JUDGE, REPORT = (["-m", f"scripts.{step}", "--config", STUDY] for step in ("claims", "report"))
REPORT = [*REPORT, "--digest", "0" * 64]


@pytest.mark.parametrize(
    ("name", "content", "command", "last"),
    [
        ("config.yaml", b"a: &a [*a]", SNAKEMAKE, "config: config.yaml, line 1: "),
        (str(CLAIMS), b"[" * 5000, JUDGE, f"claims: {CLAIMS}, line 1: "),
        (str(CAUSES), b"!!bool x", REPORT, f"report: {CAUSES}, line 1: "),
        (TEMPLATE, b"\xff", REPORT, f"report: {TEMPLATE}: line 1 holds the byte 0xff, "),
        (TEMPLATE, b"{{ 9**0.5 }}", REPORT, "    {{ 9**0.5 }}"),
        ("results/runs.csv", None, JUDGE, "claims: results/runs.csv: row 3: got 10 "),
    ],
)
def test_a_step_ends_in_the_message_and_changes_no_file(project, name, content, command, last):
    path = project / name
    right = path.read_bytes()
    path.write_bytes(right[: right.rindex(b",")] + b"\n" if content is None else content)
    before = contents(project)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, *command], cwd=project, capture_output=True, text=True, env=environment
    )
    after = {path: own for path, own in contents(project).items() if ".snakemake" not in path.parts}
    path.write_bytes(right)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(last)
    assert len(run.stderr.splitlines()) <= 2  # with the line that is wrong, or Snakemake's profile
    assert "Traceback" not in run.stderr + run.stdout
    assert after == before
