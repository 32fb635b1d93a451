"""What all figures share: the looks, the key, and the bytes, which no setting of a user changes."""

import matplotlib
import matplotlib.pyplot as plt
import pytest

from scripts.plots import style
from tests.plots.studies import SEVEN, config


def test_a_name_looks_the_same_under_all_protocols():
    study = config(
        protocols={"plain": {}, "other": {"hidden": ["selu", "tanh"], "output": ["tanh"]}}
    )
    of_all, of_other = style.hidden_colours(study), style.hidden_colours(study, "other")
    assert list(style.hidden_colours(study, "plain")) == ["relu", "tanh"]
    assert list(of_other) == ["selu", "tanh"]
    assert of_other.items() <= of_all.items()
    assert len({*of_all.values()}) == 3
    assert style.output_fills(study, "other").items() <= style.output_fills(study).items()


def test_the_last_output_of_the_main_protocol_is_solid_and_full():
    study = config(output=["identity", "sigmoid"])
    assert style.output_dashes(study, "plain")["sigmoid"] == "-"
    assert style.output_fills(study, "plain") == {"identity": "none", "sigmoid": "full"}
    assert style.output_dashes(config(output=["identity"]), "plain") == {"identity": "-"}


def test_seven_activations_have_colours_of_their_own():
    assert len({*style.hidden_colours(config(hidden=SEVEN)).values()}) == 7


def test_a_very_long_name_is_shortened_and_wrapped():
    long = "a-protocol-" + "with-a-long-name-" * 9 + "and-an-end"
    assert style.protocol_name("as-coded-single-nudged") == "as-coded-single-nudged"
    assert style.protocol_name(long) == f"{long[:17]}…{long[-17:]}"
    assert len(style.protocol_name(long)) <= style.LONGEST_NAME
    assert all(len(line) <= 24 for line in style.wrapped_name(long, 1.6).splitlines())


@pytest.mark.parametrize(("names", "turned"), [(SEVEN, True), (SEVEN[:2], False)])
def test_labels_that_would_touch_are_turned(names, turned):
    figure, panels = style.grid(3, 3, 2)
    panels[0, 1].set_xticks(range(len(names)), names)
    style.turn_touching_labels(figure)
    assert [label.get_rotation() for label in panels[0, 1].get_xticklabels()] == [
        90 if turned else 0
    ] * len(names)


@pytest.mark.parametrize("long", [False, True])
def test_the_key_lies_within_the_figure_and_below_the_panels(long):
    figure, panels = style.grid(1, 1, 2)
    names = {f"{'a-long-name-of-a-protocol-' * long}{i}": "o" for i in range(8)}
    style.legend(figure, style.key_of_protocols(names))
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert figure.bbox.x0 <= box.x0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= panels[0, 0].get_window_extent().y0


def saved(folder):
    with style.styled():
        figure, panels = style.grid(2, 2, 2)
        panels[0, 0].plot([1, 2], [3, 1], color="0")
        panels[0, 0].set(title="a title", ylabel=r"$\alpha$")
        style.save(figure, "one", folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "own",
    [
        {"axes.grid": True, "savefig.bbox": "tight"},
        {"text.usetex": True},
        {"font.size": 20, "lines.linewidth": 5, "axes.formatter.use_locale": True},
        {"svg.fonttype": "none", "path.simplify": False, "figure.constrained_layout.w_pad": 1},
    ],
)
def test_the_users_settings_change_no_figure(tmp_path, own):
    before = saved(tmp_path / "before")
    with matplotlib.rc_context(own):
        assert saved(tmp_path / "after") == before
    assert len(before) == 3
    assert plt.get_fignums() == []
