"""The figure of decision boundaries."""

import numpy as np
import pytest
import torch

from scripts.plots.boundaries import TRUE, boundaries_by_epoch
from scripts.study.datasets import DATASETS, stream
from tests.plots.studies import EPOCHS, TRAINING, config, made_boundaries


def test_a_row_is_a_hidden_activation_with_its_seed_and_a_column_an_epoch():
    study = config()
    panels = boundaries_by_epoch(made_boundaries(study), study).axes
    assert [panel.get_title() for panel in panels] == ["epoch 1", f"epoch {EPOCHS}", "", ""]
    assert [panel.get_ylabel() for panel in panels] == ["ReLU\nseed 7", "", "Tanh\nseed 8", ""]


def test_the_line_lies_where_the_output_is_one_half():
    study = config(hidden=["relu"])
    for value, place in ((lambda i, x, y: x, 0), (lambda i, x, y: y, 1)):
        panel = boundaries_by_epoch(made_boundaries(study, value), study).axes[0]
        line = panel.collections[-1].get_paths()[0].vertices
        assert line[:, place] == pytest.approx(0.5)
        assert sorted(line[:, 1 - place])[:: len(line) - 1] == pytest.approx([0, 1])


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, np.nan])
def test_a_network_that_gives_one_answer_has_no_line(value):
    study = config()
    table = made_boundaries(study, lambda i, x, y: value)
    for panel in boundaries_by_epoch(table, study).axes:
        assert len(panel.collections) == (0 if np.isnan(value) else 1)
        texts = [text.get_text() for text in panel.texts]
        assert texts == (["no values"] if np.isnan(value) else [])


def test_the_true_boundary_is_that_of_the_data():
    x, label = DATASETS["disk"](2000, stream(0, 0))
    circle = TRUE["disk"]()
    distance = torch.linalg.norm(x - torch.tensor(circle.center), dim=1, keepdim=True)
    assert torch.equal(distance < circle.radius, label == 1)


def test_data_without_a_simple_boundary_have_none():
    study = config(training=TRAINING | {"dataset": "moons"})
    figure = boundaries_by_epoch(made_boundaries(study), study)
    assert not any(panel.patches for panel in figure.axes)
    assert len(figure.legends[0].get_texts()) == 1
