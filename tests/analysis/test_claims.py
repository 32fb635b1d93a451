"""report/claims.yaml: what it may say, and one line for what it may not."""

import copy
import re

import pytest
import yaml

from scripts.analysis.claims import read_claims
from scripts.study.project import ROOT
from scripts.study.schema import ConfigError
from scripts.tables import schemas
from scripts.tables.schemas import METRICS

CLAIMS = yaml.safe_load((ROOT / "report/claims.yaml").read_text(encoding="utf-8"))


def test_the_repositorys_claims_are_those_of_the_source_and_our_own():
    claims = read_claims(ROOT / "report/claims.yaml")
    assert list(claims) == [
        "C1",
        "C2",
        "C3",
        "C4",
        "C5",
        "C6",
        "C6e",
        *(f"T{i}" for i in range(1, 7)),
    ]


def test_metrics_are_columns_of_the_runs():
    assert set(METRICS) <= set(schemas.TABLES["runs"].columns)


def test_every_protocol_that_a_claim_adds_to_its_own_is_one_of_the_study():
    """A claim that compares with a protocol of which there is none is silently never tested."""
    study = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["protocols"]
    named = {
        side["protocol"]
        for claim in CLAIMS.values()
        for comparison in claim["comparisons"]
        for side in comparison.values()
        if isinstance(side, dict) and "protocol" in side
    }
    assert {"{protocol}-bce", "{protocol}-right-tanh"} <= named
    for pattern in named:
        assert any(pattern.format(protocol=name) in study for name in study), pattern


@pytest.mark.parametrize(
    ("name", "verdict", "needed"),
    [
        ("C4", "holds", True),
        ("C4", "no difference", True),
        ("T1", "no difference", False),  # none is expected
    ],
)
def test_each_verdict_that_a_claim_can_get_has_its_sentence(tmp_path, name, verdict, needed):
    sentences = {key: text for key, text in CLAIMS[name]["sentences"].items() if key != verdict}
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({name: CLAIMS[name] | {"sentences": sentences}}))
    if not needed:
        assert read_claims(path)[name]["sentences"] == sentences
        return
    with pytest.raises(ConfigError, match=f"{name}.sentences.{verdict}: this key is missing"):
        read_claims(path)


@pytest.mark.parametrize(("name", "refused"), [("C4", True), ("C5", False)])
def test_a_clause_of_a_claim_of_several_comparisons_names_them(tmp_path, name, refused):
    sentences = CLAIMS[name]["sentences"] | {"undecided": "nobody knows"}
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({name: CLAIMS[name] | {"sentences": sentences}}))
    if not refused:
        assert read_claims(path)[name]["sentences"] == sentences
        return
    message = (
        f"{name}.sentences.undecided: got 'nobody knows'; allowed: words with {{each}} or {{first}}"
    )
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_claims(path)


@pytest.mark.parametrize("change", [{"never": 300}, {"never": 0.5}, {"metric": "epochs_to_target"}])
def test_a_claim_may_say_what_a_run_without_a_value_counts_as(tmp_path, change):
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(CLAIMS | {"C4": CLAIMS["C4"] | change}))
    assert read_claims(path)["C4"] == CLAIMS["C4"] | change


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("metric", "test_acuracy", "C4.metric: got 'test_acuracy'; allowed: .*did you mean test_"),
        ("expected", "more", "C4.expected: got 'more'; allowed: lower, higher, same"),
        ("scale", "log", "C4.scale: got 'log'; allowed: difference, ratio"),
        ("margin", 0, "C4.margin: got 0; allowed: a number above 0"),
        ("margin", "1e-3", "C4.margin: got '1e-3'; allowed: a number above 0 .*write 0.001"),
        ("because", "", "C4.because: got ''; allowed: words"),
        ("within", {"seed": [1]}, "C4.within.seed: unknown key; allowed: hidden, output"),
        ("within", {"output": ["sigmoit"]}, "C4.within.output.0: got 'sigmoit'.*mean sigmoid"),
        ("comparisons", [], "C4.comparisons: got \\[\\]; allowed: a list of one or more"),
        (
            "comparisons",
            [{"first": {"hidden": "relu"}}],
            "C4.comparisons.0: got .* second or value",
        ),
        ("within", {}, "C4.comparisons.0.first: output is open; allowed: to say it"),
        ("never", "often", "C4.never: got 'often'; allowed: a number"),
        ("never", None, "C4.never: got None; allowed: a number"),
        ("never", float("inf"), "C4.never: got inf; allowed: a number"),
        ("never", True, "C4.never: got True; allowed: a number"),
        ("never", "3e2", "C4.never: got '3e2'; allowed: a number .*write 300"),
        ("metric", "epochs", "C4.metric: got 'epochs'; allowed: .*epochs_to_target"),
        ("metric", "diverged_epoch", "C4.metric: got 'diverged_epoch'; allowed: "),
        ("marign", 1, "C4.marign: unknown key; allowed: .*did you mean margin"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path, place, value, message):
    claims = copy.deepcopy(CLAIMS)
    claims["C4"][place] = value
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(claims, sort_keys=False))
    with pytest.raises(ConfigError, match=message) as caught:
        read_claims(path)
    assert str(caught.value).startswith(f"{path}: C4")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", "C1: 3"])
def test_a_file_without_claims_is_refused(tmp_path, text):
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="allowed: a mapping"):
        read_claims(path)


@pytest.mark.parametrize(
    "protocol",
    [
        "",
        "{0}",
        "{}",
        "{",
        "{other}",
        "{protocol.__class__}",
        "{protocol:>9}",
        "../x",
        "$(ls)",
        "a b",
    ],
)
def test_a_protocol_holds_no_placeholder_but_its_own(tmp_path, protocol):
    claims = copy.deepcopy(CLAIMS)
    claims["C6"]["comparisons"][0]["second"]["protocol"] = protocol
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(claims))
    with pytest.raises(ConfigError) as caught:
        read_claims(path)
    assert str(caught.value) == (
        f"{path}: C6.comparisons.0.second.protocol: got {protocol!r}; allowed: the name of a "
        "protocol, in which {protocol} stands for the one under which the claim is tested"
    )


@pytest.mark.parametrize("key", ["claim", "source", "because"])
@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31m", "\ue000", "\x85", "a\u2028b", "\n"])
def test_words_stand_on_one_line_and_can_be_seen(tmp_path, key, text):
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(CLAIMS | {"C4": CLAIMS["C4"] | {key: text}}))
    with pytest.raises(ConfigError) as caught:
        read_claims(path)
    said = f"C4.{key}: got {text!r}; allowed: words on one line"
    assert str(caught.value) == f"{path}: {said}"
