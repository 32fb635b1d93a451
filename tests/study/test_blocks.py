"""Which combinations are trained, and in which blocks of seeds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.study.block import Block, seed_blocks
from scripts.study.layout import beside_main, blocks_of, combinations

CONFIG = {
    "seeds": 3,
    "seeds_per_job": 2,
    "hidden": ["tanh", "relu"],
    "output": ["sigmoid", "identity"],
    "training": {"epochs": 3},
    "main": "b",
    "protocols": {"b": {}, "a": {"hidden": ["selu"]}, "c": {"output": ["identity"]}},
}


def with_protocol(name, own):
    return CONFIG | {"protocols": CONFIG["protocols"] | {name: own}}


def seeds_in(block):
    first, last = block
    return list(range(first, last + 1))


def test_combinations_come_in_the_order_of_the_config_each_protocol_with_its_own():
    assert combinations(CONFIG) == [
        ("b", "tanh", "sigmoid"),
        ("b", "tanh", "identity"),
        ("b", "relu", "sigmoid"),
        ("b", "relu", "identity"),
        ("a", "selu", "sigmoid"),
        ("a", "selu", "identity"),
        ("c", "tanh", "identity"),
        ("c", "relu", "identity"),
    ]


@pytest.mark.parametrize(
    ("seeds", "seeds_per_job", "blocks"),
    [
        (1, 1, [(0, 0)]),
        (1, 10, [(0, 0)]),
        (10, 10, [(0, 9)]),
        (11, 10, [(0, 9), (10, 10)]),
        (25, 10, [(0, 9), (10, 19), (20, 24)]),
        (3, 1, [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_blocks_are_cut_at_multiples_of_seeds_per_job(seeds, seeds_per_job, blocks):
    assert seed_blocks(seeds, seeds_per_job) == blocks


COUNTS = st.integers(1, 300)


@given(COUNTS, COUNTS)
def test_blocks_hold_every_seed_once_and_are_aligned(seeds, seeds_per_job):
    blocks = seed_blocks(seeds, seeds_per_job)
    assert [seed for block in blocks for seed in seeds_in(block)] == list(range(seeds))
    assert all(seeds_in(block)[0] % seeds_per_job == 0 for block in blocks)
    assert all(len(seeds_in(block)) == seeds_per_job for block in blocks[:-1])


@given(COUNTS, COUNTS, COUNTS)
def test_full_blocks_stay_as_they_are_when_seeds_are_added(seeds, more, seeds_per_job):
    full = {b for b in seed_blocks(seeds, seeds_per_job) if len(seeds_in(b)) == seeds_per_job}
    assert full <= set(seed_blocks(seeds + more, seeds_per_job))


def test_a_block_has_a_folder_of_its_own():
    places = [str(block) for block in blocks_of(CONFIG)]
    assert len(places) == len(set(places)) == 8 * 2
    assert places[:2] == ["b/tanh-sigmoid/seeds-0-1", "b/tanh-sigmoid/seeds-2-2"]


def test_a_block_is_read_from_the_paths_of_its_files():
    block = Block("as-coded", "tanh", "sigmoid", 10, 19)
    assert str(block) == "as-coded/tanh-sigmoid/seeds-10-19"
    for path in (str(block), block.step, f"results/runs/{block}"):
        assert Block.parse(path) == block
    for path in ("", "a/b/c", "p/relu/seeds-0-1", "p/relu-relu/seeds-0", "p/relu-relu/seeds-0-x"):
        with pytest.raises(ValueError, match="is not the path of a block"):
            Block.parse(path)


@pytest.mark.parametrize(
    ("seeds", "blocks"), [(1, [(0, 0)]), (4, [(0, 1), (2, 3)]), (5, [(0, 1), (2, 3), (4, 4)])]
)
def test_a_protocols_own_seeds_give_it_its_own_blocks_and_the_others_none(seeds, blocks):
    before, after = blocks_of(CONFIG), blocks_of(with_protocol("c", {"seeds": seeds}))
    assert [block for block in after if block.protocol == "c"] == [
        Block("c", hidden, output, *ends)
        for hidden in CONFIG["hidden"]
        for output in CONFIG["output"]
        for ends in blocks
    ]
    others = [[b for b in each if b.protocol != "c"] for each in (before, after)]
    assert others[0] == others[1]


def test_beside_the_main_protocol_stand_those_with_its_activations_whatever_their_seeds():
    config = with_protocol("d", {"seeds": 1, "epochs": 9, "output": ["sigmoid", "identity"]})
    assert list(beside_main(config)) == ["b", "d"]
    assert beside_main(config)["d"]["seeds"] == 1
    other_order = with_protocol("d", {"output": ["identity", "sigmoid"]})
    assert list(beside_main(other_order)) == ["b"]
    assert list(beside_main(config | {"main": "d"})) == ["d", "b"]
