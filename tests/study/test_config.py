"""What config.yaml may say: each mistake ends in one line that helps to mend it."""

import copy
import math
from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import framework
from scripts.study import config as study_config
from scripts.study.activations import by_name
from scripts.study.config import (
    ACTIVATION_FILES,
    activation_names,
    check,
    job_settings,
    own_settings,
    protocols,
    training_settings,
    with_numbers,
)
from scripts.study.errors import StudyError
from scripts.study.project import ROOT
from scripts.study.schema import ConfigError, read_yaml
from scripts.study.syntax import dict_keys
from scripts.workflow.steps import unused_activations

CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
SETTINGS = list(CONFIG["training"])
TOP = "seeds, seeds_per_job, hidden, output, training, keep, main, protocols"
TRAINING = ", ".join(SETTINGS)
ACTIVATIONS = ", ".join(sorted(by_name()))
WHOLE = "a whole number, 1 or more"
SEEDS = "a whole number from 1 to 536870912"
LIST = "a list of one or more different activations"
WIDTHS = "a list of one or more whole numbers, 1 or more"
NAME = "a name of letters, digits, -, . and _, with a letter or digit first"
MISSING = object()


def with_value(place, value):
    """The repository's config with one thing set, or taken away."""
    config = copy.deepcopy(CONFIG)
    *parents, key = place
    inner = config
    for parent in parents:
        inner = inner.setdefault(parent, {})
    if value is MISSING:
        del inner[key]
    else:
        inner[key] = value
    return config


def error_of(config):
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_the_repositorys_own_config_passes():
    check(CONFIG)


def test_names_that_differ_in_case_alone_are_refused():
    """On some file systems, the results of one would lie over those of the other."""
    assert error_of(with_value(("protocols", "Adam"), {})) == (
        "protocols.Adam: got the name of adam in other case; allowed: another name"
    )


@pytest.mark.parametrize("name", ["ReLU", "Relu"])
def test_a_second_activation_of_one_name_is_refused(tmp_path, monkeypatch, name):
    path = tmp_path / "activations.py"
    path.write_text(f"\nclass {name}:\n    def function(self, x):\n        return x\n")
    monkeypatch.setattr(study_config, "ACTIVATION_FILES", [*ACTIVATION_FILES, path])
    with pytest.raises(StudyError) as caught:
        activation_names()
    assert str(caught.value) == (
        f"{path}, line 2: got class {name}, a second activation of the name relu; "
        "allowed: another name"
    )


@pytest.mark.parametrize(
    ("place", "shown", "allowed"),
    [
        (["seedz"], "seedz", f"{TOP} (did you mean seeds?)"),
        (["zzz"], "zzz", TOP),
        ([3], "3", TOP),
        (["a\nb"], r"'a\nb'", TOP),
        (["training", "batchsize"], "training.batchsize", f"{TRAINING} (did you mean batch_size?)"),
        (
            ["protocols", "mine", "epoch"],
            "protocols.mine.epoch",
            f"{TRAINING}, hidden, output, seeds, like (did you mean epochs?)",
        ),
        (
            ["protocols", "mine", "seed"],
            "protocols.mine.seed",
            f"{TRAINING}, hidden, output, seeds, like (did you mean seeds?)",
        ),
        (
            ["protocols", "mine", "seeds_per_job"],
            "protocols.mine.seeds_per_job",
            f"{TRAINING}, hidden, output, seeds, like",
        ),
        (["training", "seeds"], "training.seeds", TRAINING),
    ],
)
def test_an_unknown_key_is_named_with_those_allowed_and_the_nearest(place, shown, allowed):
    assert error_of(with_value(place, 1)) == f"{shown}: unknown key; allowed: {allowed}"


@pytest.mark.parametrize("key", CONFIG)
def test_a_missing_key_is_named(key):
    message = error_of(with_value([key], MISSING))
    assert message.startswith(f"{key}: this key is missing; allowed: a")


def test_a_protocol_sets_what_the_one_sets_that_it_is_like():
    config = CONFIG | {"protocols": {"a": {"epochs": 5, "gain": 2}, "b": {"like": "a"}}}
    config["protocols"] |= {"c": {"like": "b", "gain": 3, "hidden": ["tanh"]}}
    own = own_settings(config)
    assert own == {
        "a": {"epochs": 5, "gain": 2},
        "b": {"epochs": 5, "gain": 2},
        "c": {"epochs": 5, "gain": 3, "hidden": ["tanh"]},
    }
    assert protocols(config)["c"]["epochs"] == 5


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"x": {"like": "as-codedd"}}, "protocols.x.like: got 'as-codedd'; allowed: as-written, "),
        ({"x": {"like": "x"}}, "protocols.x.like: got 'x'; allowed: as-written, "),
        ({"x": {"like": "y"}, "y": {"like": "x"}}, "protocols.y.like: got 'x'; allowed: "),
    ],
)
def test_a_protocol_is_like_another_that_is_there_and_not_like_itself(own, said):
    message = error_of(CONFIG | {"protocols": CONFIG["protocols"] | own})
    assert message.startswith(said)


def test_the_main_protocol_is_no_twin_of_another():
    message = error_of(with_value(["main"], "as-coded-bce-nudged"))
    assert message.startswith("main: got 'as-coded-bce-nudged'; allowed: as-written, ")
    assert "nudged" not in message.partition("; ")[2]


@pytest.mark.parametrize("key", SETTINGS)
def test_a_missing_setting_is_named(key):
    message = error_of(with_value(["training", key], MISSING))
    assert message.startswith(f"training.{key}: this key is missing; allowed: ")


NO_NUMBERS = [True, False, None, [], {}, "many", math.nan, math.inf, -math.inf, 10**400, -1]


@pytest.mark.parametrize("value", [*NO_NUMBERS, 10.0, 0.5, 0], ids=lambda value: str(value)[:9])
@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        (["seeds"], SEEDS),
        (["protocols", "mine", "seeds"], SEEDS),
        (["seeds_per_job"], WHOLE),
        (["training", "points"], WHOLE),
        (["training", "batch_size"], WHOLE),
        (["training", "epochs"], WHOLE),
        (["protocols", "mine", "epochs"], WHOLE),
        (["training", "hidden_widths", 0], WHOLE),
    ],
)
def test_a_count_takes_whole_numbers_from_1_alone(place, allowed, value):
    message = error_of(with_value(place, value))
    assert message == f"{'.'.join(map(str, place))}: got {value!r}; allowed: {allowed}"


@pytest.mark.parametrize(
    ("key", "allowed", "also_wrong"),
    [
        ("learning_rate", "a number above 0", [0, 0.0]),
        ("gain", "a number above 0", [0]),
        ("momentum", "a number, 0 or more and below 1", [1, 1.5, -0.1]),
        ("target_accuracy", "a number from 0 to 1", [1.001, -0.001, 90]),
    ],
)
@pytest.mark.parametrize("where", [["training"], ["protocols", "mine"]])
def test_a_number_is_finite_and_in_its_range(where, key, allowed, also_wrong):
    for value in [*NO_NUMBERS, *also_wrong]:
        message = error_of(with_value([*where, key], value))
        assert message == f"{'.'.join(where)}.{key}: got {value!r}; allowed: {allowed}"


@pytest.mark.parametrize(
    ("key", "text", "number"),
    [
        ("learning_rate", "1e-3", "0.001"),
        ("learning_rate", "1e-9", "1.0e-09"),
        ("learning_rate", "0.1", "0.1"),
        ("momentum", ".5e0", "0.5"),
        ("target_accuracy", "9e-1", "0.9"),
        ("points", "1000", "1000"),
        ("points", "1e3", "1000"),
        ("points", "12345678", "12345678"),
    ],
)
def test_a_number_written_as_text_comes_with_how_to_write_it(key, text, number):
    message = error_of(with_value(["training", key], text))
    assert message.startswith(f"training.{key}: got '{text}'; allowed: a")
    assert message.endswith(f" (this is text: write {number})")
    check(with_value(["protocols", "mine"], {key: yaml.safe_load(number)}))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (["training", "learning_rate"], "nan"),
        (["training", "learning_rate"], "1e999"),
        (["training", "learning_rate"], "-1"),
        (["training", "target_accuracy"], "1.5"),
        (["training", "points"], "1e-3"),
        (["training", "hidden_widths"], "25"),
        (["hidden"], "3"),
    ],
)
def test_no_number_is_proposed_where_it_would_be_wrong_too(place, text):
    assert "write" not in error_of(with_value(place, text))


@pytest.mark.parametrize("value", ["relu", None, 3, {}, {"relu": 1}, [], ["relu", "relu"]])
@pytest.mark.parametrize("place", ["hidden", "output", "protocols.mine.hidden"])
def test_activations_are_a_list_of_different_names(place, value):
    message = error_of(with_value(place.split("."), value))
    assert message == f"{place}: got {value!r}; allowed: {LIST}"


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("rleu", " (did you mean relu?)"),
        ("Tanh", " (did you mean tanh?)"),
        ("zzz", ""),
        (3, ""),
        (None, ""),
        (True, ""),
        (["zzz"], ""),
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        ["hidden", 0],
        ["output", 1],
        ["training", "substitute", "tanh"],
        ["protocols", "as-coded", "substitute", "tanh"],
    ],
)
def test_an_unknown_activation_is_named_with_those_that_exist(place, given, hint):
    message = error_of(with_value(place, given))
    where = ".".join(map(str, place))
    assert message == f"{where}: got {given!r}; allowed: {ACTIVATIONS}{hint}"


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("draw", "per_seed", "per-seed, shared (did you mean per-seed?)"),
        ("inputs", "standardized", "raw, standardised (did you mean standardised?)"),
        ("batch_order", False, "shuffled, fixed"),
        ("loss", "bec", "mse, bce (did you mean bce?)"),
        ("loss", "a\nb", "mse, bce"),
        ("loss", date(2020, 1, 1), "mse, bce"),
        ("optimizer", "ADAM", "sgd, adam (did you mean adam?)"),
        ("initialisation", None, "uniform, glorot"),
        ("biases", 0, "uniform, zero"),
        ("biases", "zeros", "uniform, zero (did you mean zero?)"),
        ("prediction", ["round"], "threshold, round (did you mean round?)"),
    ],
)
@pytest.mark.parametrize("where", ["training", "protocols.mine"])
def test_an_unknown_choice_is_named_with_the_choices(where, key, value, allowed):
    message = error_of(with_value([*where.split("."), key], value))
    assert message == f"{where}.{key}: got {value!r}; allowed: {allowed}"


@pytest.mark.parametrize("value", [25, None, "25", {}, []])
def test_hidden_widths_are_a_list(value):
    message = error_of(with_value(["training", "hidden_widths"], value))
    assert message == f"training.hidden_widths: got {value!r}; allowed: {WIDTHS}"


@pytest.mark.parametrize(
    "name",
    ["../x", "", 3, "a b", "a\n", "a/b", ".", "..", ".a", "-a", "é", "a{b}", None, True, 1.5],
)
def test_a_protocols_name_can_be_a_folders(name):
    message = error_of(with_value(["protocols", name], {}))
    assert message == f"protocols: got {name!r}; allowed: {NAME}"


def test_a_protocols_name_fits_into_a_files():
    check(with_value(["protocols", "a" * 100], {}))
    message = error_of(with_value(["protocols", "a" * 101], {}))
    assert message == f"protocols: got '{'a' * 101}'; allowed: a name of 100 characters at most"


@pytest.mark.parametrize("key", ["", " ", "\t", "\x1b[2J"])
def test_a_key_that_cannot_be_seen_is_shown_in_quotes(key):
    assert error_of(with_value([key], 1)) == f"{key!r}: unknown key; allowed: {TOP}"


def test_a_long_value_is_not_repeated_whole():
    message = error_of(with_value(["training", "loss"], "x" * 10_000))
    assert message == f"training.loss: got '{'x' * 499} …; allowed: mse, bce"


@pytest.mark.parametrize("name", ["adam-0.01", "1.5", "a.b.c", "a..b", "0"])
def test_a_protocols_name_may_hold_dots_inside(name):
    check(with_value(["protocols", name], {}))


@pytest.mark.parametrize("value", [None, [], 3, "text", True])
@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ([], "a mapping of keys to values"),
        (["training"], "a mapping of settings to values"),
        (
            ["training", "substitute"],
            "a mapping of activation names, such as {tanh: publishedtanh}",
        ),
        (["protocols"], "a mapping of one or more names to settings"),
        (["protocols", "mine"], "a mapping of settings to values, {} for none"),
    ],
)
def test_a_mapping_is_a_mapping(place, allowed, value):
    message = error_of(with_value(place, value) if place else value)
    assert message == f"{'.'.join(place) or 'the file'}: got {value!r}; allowed: {allowed}"


def test_there_is_a_protocol():
    message = error_of(with_value(["protocols"], {}))
    assert message == "protocols: got {}; allowed: a mapping of one or more names to settings"


@pytest.mark.parametrize(
    ("own", "key", "given", "allowed"),
    [
        ({"batch_size": 1001}, "batch_size", 1001, "up to 1000, the points"),
        ({"points": 99}, "batch_size", 100, "up to 99, the points"),
        (
            {"optimizer": "adam", "momentum": 0.9},
            "momentum",
            0.9,
            "0, unless the optimizer is sgd",
        ),
        (
            {"loss": "bce", "output": ["sigmoid", "tanh"]},
            "output",
            "tanh",
            "identity or sigmoid, where the loss is bce",
        ),
        (
            {"loss": "bce", "substitute": {"sigmoid": "tanh"}},
            "output",
            "sigmoid",
            "identity or sigmoid, where the loss is bce",
        ),
        (
            {"substitute": {"rleu": "tanh"}},
            "substitute",
            "rleu",
            "identity, publishedtanh, relu, selu, sigmoid, tanh (did you mean relu?)",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(own, key, given, allowed):
    message = error_of(with_value(["protocols", "mine"], own))
    assert message == f"protocols.mine.{key}: got {given!r}; allowed: {allowed}"


def test_what_is_not_trained_may_have_a_substitute():
    """So taking an activation out of `hidden` is one edit."""
    check(with_value(["hidden"], ["relu"]))
    assert "tanh" in CONFIG["protocols"]["as-coded"]["substitute"]


@pytest.mark.parametrize(
    "own",
    [
        {"batch_size": 1000},
        {"optimizer": "adam"},
        {"momentum": 0.9},
        {"loss": "bce"},
        {"loss": "bce", "output": ["tanh"], "substitute": {"tanh": "sigmoid"}},
        {"hidden": ["tanh"], "output": ["selu"], "substitute": {"selu": "relu"}},
        {"biases": "zero"},
        {"target_accuracy": 0},
        {"target_accuracy": 1},
    ],
)
def test_settings_that_agree_pass(own):
    check(with_value(["protocols", "mine"], own))


@pytest.mark.parametrize("seeds", [1, 2**29])
@pytest.mark.parametrize("place", ["seeds", "protocols.mine.seeds"])
def test_the_number_of_seeds_reaches_to_its_limits_and_not_beyond(place, seeds):
    check(with_value(place.split("."), seeds))
    message = error_of(with_value(place.split("."), 2**29 + 1))
    assert message == f"{place}: got 536870913; allowed: {SEEDS}"


def test_a_protocols_own_settings_lie_over_the_common_ones():
    config = with_value(["protocols", "mine"], {"epochs": 7, "hidden": ["tanh"]})
    resolved = protocols(config)
    assert list(resolved) == [*CONFIG["protocols"], "mine"]
    assert resolved["mine"] == {
        **CONFIG["training"],
        "epochs": 7,
        "hidden": ["tanh"],
        "output": CONFIG["output"],
        "seeds": CONFIG["seeds"],
    }
    assert config["training"] == CONFIG["training"]


def test_a_protocol_may_have_seeds_of_its_own():
    counts = {
        name: own["seeds"]
        for name, own in protocols(with_value(["protocols", "mine"], {"seeds": 7})).items()
    }
    assert (counts["mine"], counts["as-written"]) == (7, CONFIG["seeds"])


def test_networks_are_kept_of_protocols_that_there_are():
    message = error_of(CONFIG | {"keep": {"as-writen": [1]}})
    assert message.startswith("keep: got 'as-writen'; allowed: as-written, ")
    assert message.endswith("(did you mean as-written?)")
    assert error_of(CONFIG | {"keep": {"as-written": [0]}}).startswith("keep.as-written.0: got 0; ")


def test_a_job_is_told_which_networks_to_keep():
    settings = job_settings(CONFIG | {"keep": {"rate-5": [1, 7]}})
    assert settings["rate-5"] == training_settings(CONFIG)["rate-5"] | {"keep": [1, 7]}
    assert settings["rate-1"]["keep"] == []


def test_training_settings_leave_out_which_others_are_trained():
    assert training_settings(CONFIG)["rate-5"] == CONFIG["training"] | {"learning_rate": 5}
    config = with_value(["protocols", "mine"], {"hidden": ["tanh"], "seeds": 7, "loss": "bce"})
    assert training_settings(config)["mine"] == {**CONFIG["training"], "loss": "bce"}


def test_the_names_read_from_the_code_are_those_that_training_knows():
    assert activation_names() == sorted(by_name())


def test_an_activation_need_not_be_exported_by_the_framework(monkeypatch):
    monkeypatch.delattr(framework, "SELU")
    assert "selu" in by_name()


@pytest.mark.parametrize("code", ["DATASETS: dict = {'a': f}\n", "DATASETS = {'a': f}\n"])
def test_the_keys_of_a_dict_are_read_from_the_code(tmp_path, code):
    (tmp_path / "code.py").write_text(code)
    assert dict_keys(tmp_path / "code.py", "DATASETS") == ["a"]


@pytest.mark.parametrize("code", ["DATASETS = dict(a=f)\n", "DATASETS = {**a}\n", "a = 1\n"])
def test_keys_that_are_not_written_out_are_refused(tmp_path, code):
    (tmp_path / "code.py").write_text(code)
    message = "code.py: DATASETS cannot be read; allowed: a dict"
    with pytest.raises(StudyError, match=message):
        dict_keys(tmp_path / "code.py", "DATASETS")


def test_an_activation_is_used_if_named_or_mentioned_by_one_that_is():
    unused = unused_activations(frozenset({"selu", "identity"}))
    assert {"ReLU", "Tanh", "PublishedTanh", "Sigmoid"} <= unused
    assert not {"SELU", "Identity"} & unused
    assert not {"PublishedTanh", "Tanh"} & unused_activations(
        frozenset({"publishedtanh"})
    )  # which extends Tanh


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\nb: 3\n", "line 2: this is not valid YAML: expected ',' or ']', but got ':'"),
        ("a: 1\n\tb: 2\n", "line 2: this is not valid YAML: found character"),
        (
            "a: {b} c\n",
            "line 1: this is not valid YAML: expected <block end>, but found '<scalar>'; "
            "a text with such signs goes in quotes",
        ),
        (
            "a: b: c\n",
            "line 1: this is not valid YAML: mapping values are not allowed here; "
            "a text with such signs goes in quotes",
        ),
        ("a: 1\nb: {c: 1}\na: 2\n", "line 3: the key a is given twice"),
        ("b:\n  c: 1\n  c: 2\n", "line 3: the key c is given twice"),
        ("a: !python/name:os.system\n", "line 1: could not determine"),
        ("a: !!bool x\n", "line 1: could not determine a constructor"),
        ("a: 1\nb: &x [1, *x]\n", "line 2: *x contains itself"),
        (f"a: {'[' * 25}\n", "line 1: this is nested more than 20 levels deep"),
        (f"a: 0x{'f' * 99}\n", "line 1: a number may have 100 characters at most"),
        (f"a: 1{':10' * 50}.5\n", "line 1: a number may have 100 characters at most"),
        ("a: 1\nb: 010\n", "line 2: 010 would be read as 8; write 8 or '010'"),
        ("a: 1:40\n", "line 1: 1:40 would be read as 100; write 100 or '1:40'"),
        ("a: 1_000\n", "line 1: 1_000 would be read as 1000; write 1000 or '1_000'"),
        ("a: on\n", "line 1: on would be read as true; write true or 'on'"),
        ("no: 1\n", "line 1: no would be read as false; write false or 'no'"),
        ("a: 2024-01-01\n", "line 1: 2024-01-01 would be read as a date; write '2024-01-01'"),
        ("a: 2024-13-45\n", "line 1: 2024-13-45 would be read as a date; write '2024-13-45'"),
        (
            f"a: &a [{'1, ' * 200}]\nb: &b [{'*a, ' * 200}]\n",
            "line 2: there are more than 20000 keys and values",
        ),
        ('"a\\nb": 1\n"a\\nb": 2\n', r"line 2: the key 'a\nb' is given twice"),
    ],
)
def test_a_file_that_is_no_yaml_is_named_with_the_line(tmp_path, text, message):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}, {message}")
    assert "\n" not in str(caught.value)


def test_what_an_alias_stands_for_may_be_used_again(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n")
    assert read_yaml(path) == {"a": {"x": 1}, "b": {"x": 1, "y": 2}, "c": [{"x": 1}] * 2}


@pytest.mark.parametrize("text", [b"a: \xff\n", b"a: \x00\n"])
def test_a_file_with_what_no_yaml_can_hold_is_named(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: this is not valid YAML: ")
    assert "\n" not in str(caught.value)


def test_merged_and_repeated_parts_are_yaml(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("t: {b: &b {x: 1}, a: &a {<<: *b, x: 2}}\nc: {<<: *a, x: 3}\nd: *a\n")
    read_yaml(path)


def test_the_repositorys_own_file_is_yaml():
    read_yaml(ROOT / "config.yaml")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.sampled_from([*SETTINGS, *by_name(), *CONFIG, "1e-3", "10", 10**400, -0.0])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SCALARS | st.sampled_from(SETTINGS), inner, max_size=3)
    ),
    max_leaves=8,
)


def refusal(config):
    """The error's message. Any other exception fails the test."""
    try:
        check(config)
    except ConfigError as error:
        return str(error)
    return "passed"


@settings(max_examples=100, deadline=None, derandomize=True)
@given(VALUES | st.dictionaries(st.sampled_from(list(CONFIG)), VALUES))
def test_anything_passes_or_is_refused_in_one_line(config):
    assert len(refusal(config).splitlines()) == 1


def places(config, place=()):
    """Every place in a config, however deep."""
    if isinstance(config, dict):
        inner = config.items()
    else:
        inner = enumerate(config) if isinstance(config, list) else []
    for key, value in inner:
        yield (*place, key)
        yield from places(value, (*place, key))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(list(places(CONFIG))), SCALARS, VALUES, st.booleans())
def test_the_real_config_with_anything_anywhere_passes_or_is_refused(place, key, value, new):
    if new and not isinstance(place[-1], int):
        place = (*place[:-1], key)
    assert len(refusal(with_value(place, value)).splitlines()) == 1


def test_text_of_the_command_line_is_read_as_yaml():
    """Snakemake reads {epochs: 5} as {"epochs": "5"}, but a number by itself as one."""
    own = {"training": {"epochs": 300, "device": "cpu"}, "hidden": ["relu"]}
    given = {"training": {"epochs": "5", "device": "cpu"}, "hidden": ["relu"], "seeds": 4}
    given["protocols"] = {"fast": {"learning_rate": "0.5", "hidden_widths": ["25", "25"]}}
    assert with_numbers(given, own) == {
        "training": {"epochs": 5, "device": "cpu"},
        "hidden": ["relu"],
        "seeds": 4,
        "protocols": {"fast": {"learning_rate": 0.5, "hidden_widths": [25, 25]}},
    }
