"""The planted faults of `make faults` fit the code and the tests as they are."""

import pytest
import yaml

from scripts.study.project import ROOT
from tests.faults.__main__ import FAULTS

FAULTS_BY_NAME = yaml.safe_load(FAULTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("fault", FAULTS_BY_NAME.values(), ids=FAULTS_BY_NAME)
def test_a_fault_can_be_planted_and_the_tests_that_catch_it_are_there(fault):
    text = (ROOT / fault["file"]).read_text(encoding="utf-8")
    assert text.count(fault["old"]) == 1
    assert fault["old"] != fault["new"]
    for place in fault["caught_by"]:
        path, _, name = place.partition("::")
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")
