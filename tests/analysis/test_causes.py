"""report/causes.yaml: what it may say, and how causes fare by what they predict."""

import copy

import pytest
import yaml

from scripts.analysis.causes import CAUSES, judge, read_causes, remedies
from scripts.study.project import ROOT
from scripts.study.schema import ConfigError

WRITTEN = yaml.safe_load((ROOT / CAUSES).read_text(encoding="utf-8"))
STUDY = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
PROTOCOLS = [(name, p) for name, c in WRITTEN.items() for p in c["learns"] + c["fails"]]
A = "a mapping that says what the cause predicts"
NAMES = "a list of different names of protocols"


def test_the_repositorys_causes_are_read_as_they_are_written():
    causes = read_causes(ROOT / CAUSES)
    assert causes == WRITTEN
    assert list(causes) == [
        *("saturation", "patience", "loss", "inputs", "biases", "shrinking", "both")
    ]


@pytest.mark.parametrize(("cause", "protocol"), PROTOCOLS)
def test_a_cause_predicts_of_protocols_of_the_study_that_train_sigmoids_throughout(cause, protocol):
    settings = STUDY | STUDY["protocols"][protocol]
    assert "sigmoid" in settings["hidden"]
    assert "sigmoid" in settings["output"]


def test_no_two_causes_predict_the_same():
    predictions = [(sorted(c["learns"]), sorted(c["fails"])) for c in WRITTEN.values()]
    assert all(predictions.count(one) == 1 and one != ([], []) for one in predictions)


def test_each_remedy_of_the_study_is_tried_with_raw_and_with_standardised_inputs():
    pairs = remedies(STUDY)
    assert pairs["as-written"] == "standardised"
    assert pairs["as-written-bce"] == "standardised-bce"
    others = {raw: other for raw, other in pairs.items() if not raw.startswith("as-written")}
    assert others == {raw: f"standardised-{raw}" for raw in others}
    interventions = {p for _, p in PROTOCOLS}
    assert interventions <= {*pairs, *pairs.values()}


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"inputs": "standardised"}, True),
        ({"inputs": "standardised", "seeds": 3}, True),
        ({"inputs": "standardised", "epochs": 7}, False),
        ({"inputs": "standardised", "hidden": ["relu"]}, False),
        ({}, False),
    ],
)
def test_a_remedy_is_paired_with_the_protocol_that_differs_in_its_inputs_alone(own, found):
    config = STUDY | {
        "protocols": {"fast": {"learning_rate": 1}, "other": {"learning_rate": 1} | own}
    }
    assert remedies(config) == ({"fast": "other"} if found else {})


def refusal(tmp_path, causes):
    """What is said of a file beside its own name, on one line."""
    path = tmp_path / "causes.yaml"
    path.write_text(yaml.safe_dump(causes, sort_keys=False))
    with pytest.raises(ConfigError) as caught:
        read_causes(path)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("cause", "", "cause: got ''; allowed: words"),
        ("cause", None, "cause: got None; allowed: words"),
        ("because", ["a"], "because: got ['a']; allowed: words"),
        ("because", "a\nb", r"because: got 'a\nb'; allowed: words on one line"),
        ("cause", "\ue000", r"cause: got '\ue000'; allowed: words on one line"),
        ("learns", "longer", f"learns: got 'longer'; allowed: {NAMES}"),
        ("learns", None, f"learns: got None; allowed: {NAMES}"),
        ("fails", {}, f"fails: got {{}}; allowed: {NAMES}"),
        ("fails", ["x", "x"], f"fails: got ['x', 'x']; allowed: {NAMES}"),
        ("fails", ["x", 1.5], "fails.1: got 1.5; allowed: the name of a protocol"),
        ("learns", [""], "learns.0: got ''; allowed: the name of a protocol"),
        (
            "fails",
            ["x", "rate-1"],
            "fails: got 'rate-1', which is under learns too; allowed: another",
        ),
        (
            "predicts",
            [],
            "predicts: unknown key; allowed: cause, because, learns, fails",
        ),
        (
            "fail",
            [],
            "fail: unknown key; allowed: cause, because, learns, fails (did you mean fails?)",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path, key, value, message):
    causes = copy.deepcopy(WRITTEN)
    causes["patience"][key] = value
    assert refusal(tmp_path, causes) == f"patience.{message}"


@pytest.mark.parametrize(
    ("key", "allowed"),
    [("cause", "words"), ("because", "words"), ("learns", NAMES), ("fails", NAMES)],
)
def test_a_missing_key_is_named(tmp_path, key, allowed):
    causes = copy.deepcopy(WRITTEN)
    del causes["patience"][key]
    message = f"patience.{key}: this key is missing; allowed: {allowed}"
    assert refusal(tmp_path, causes) == message


@pytest.mark.parametrize("name", ["a b", "", "a-b", "a\n", 3])
def test_a_cause_is_named_by_letters_and_digits(tmp_path, name):
    message = refusal(tmp_path, {name: WRITTEN["patience"]})
    assert message == f"the file: got {name!r}; allowed: a name of letters and digits"


@pytest.mark.parametrize("value", [None, [], 3, "text"])
def test_a_cause_is_a_mapping(tmp_path, value):
    assert refusal(tmp_path, {"one": value}) == f"one: got {value!r}; allowed: {A}"


@pytest.mark.parametrize("value", [None, [], {}, 3])
def test_a_file_without_causes_is_refused(tmp_path, value):
    message = f"the file: got {value!r}; allowed: a mapping of one or more causes"
    assert refusal(tmp_path, value) == message


def test_a_file_that_is_no_yaml_is_named_with_the_line(tmp_path):
    path = tmp_path / "causes.yaml"
    path.write_text("a: {}\na: {}\n")
    with pytest.raises(ConfigError, match=r"line 2: .*the key a is given twice") as caught:
        read_causes(path)
    assert str(caught.value).startswith(str(path))


def judged(outcomes, **predicted):
    cause = {"cause": "c", "because": "b", "learns": [], "fails": []} | predicted
    (result,) = judge({"one": cause}, outcomes).values()
    assert {key: result[key] for key in cause} == cause
    return result["right"], result["wrong"]


@pytest.mark.parametrize(
    ("said", "outcome", "right", "wrong"),
    [
        ("learns", "learns", ["p"], []),
        ("learns", "fails", [], ["p"]),
        ("fails", "fails", ["p"], []),
        ("fails", "learns", [], ["p"]),
        ("learns", None, [], []),
        ("fails", None, [], []),
        ("learns", "undecided", [], []),
        ("fails", "undecided", [], []),
    ],
)
def test_an_outcome_that_is_certain_makes_a_prediction_right_or_wrong(said, outcome, right, wrong):
    assert judged({"p": outcome}, **{said: ["p"]}) == (right, wrong)


def test_a_protocol_that_was_not_run_or_not_predicted_contradicts_nothing():
    assert judged({"other": "fails"}, learns=["p"], fails=["q"]) == ([], [])
    assert judged({}, learns=["p"], fails=["q"]) == ([], [])


def test_predictions_are_judged_one_by_one_in_the_order_of_the_file():
    outcomes = {"a": "fails", "b": "learns", "c": "fails", "d": "learns", "e": None}
    assert judged(outcomes, learns=["d", "c", "b", "e"], fails=["x", "b", "a"]) == (
        ["d", "b", "a"],
        ["c", "b"],
    )


def test_causes_are_judged_apart_and_kept_as_they_are():
    before = copy.deepcopy(WRITTEN)
    outcomes = {
        p: "learns" if p in WRITTEN["shrinking"]["learns"] else "fails" for _, p in PROTOCOLS
    }
    judged_causes = judge(WRITTEN, outcomes)
    assert before == WRITTEN
    assert list(judged_causes) == list(WRITTEN)
    assert [name for name, cause in judged_causes.items() if not cause["wrong"]] == ["shrinking"]
    turned = judge(WRITTEN, {"longer": "learns"})
    assert [name for name, cause in turned.items() if cause["wrong"]] == [
        "inputs",
        "shrinking",
        "both",
    ]
    assert [name for name, cause in turned.items() if cause["right"]] == ["patience"]
