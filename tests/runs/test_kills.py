"""A run that is killed and resumed ends in the bytes of one that was left alone."""

import pytest
from studies.kills import content, straight, survive


@pytest.mark.process
@pytest.mark.parametrize(("recipe", "kills"), [("made", 2), ("gan", 1)])
def test_killed_and_resumed_ends_in_the_same_bytes(recipe, kills, tmp_path):
    rounds = 300
    straight(recipe, tmp_path / "one", rounds)
    survive(recipe, tmp_path / "two", rounds, kills, seed=1)
    one, two = content(tmp_path / "one"), content(tmp_path / "two")
    assert any(name.endswith(".safetensors") for name in one)
    assert one == two
    # The control: another seed's run is told apart by the same comparison.
    changed = {**two, "metrics.jsonl": two["metrics.jsonl"].replace(b"1", b"2", 1)}
    assert one != changed
