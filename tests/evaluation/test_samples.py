import jax
import numpy as np
import pytest
from tests.evaluation.models import Normal, Shifted

from energeia._core.errors import InputError
from energeia.evaluation.samples import draw

KEY = jax.random.key(3)


def test_samples_do_not_depend_on_blocks():
    one = draw(Normal(), KEY, 100, block=7)
    two = draw(Normal(), KEY, 100, block=64)
    np.testing.assert_array_equal(one.x, two.x)
    assert one.x.shape == (100, 2)
    assert len(np.unique(one.x[:, 0])) == 100
    assert one.samples_per_second > 0


def test_each_sample_has_its_condition():
    conditions = 100.0 * np.arange(40, dtype=np.float32)[:, None]
    drawn = draw(Shifted(), KEY, 40, conditions)
    assert np.all(np.abs(drawn.x - conditions) < 10)


def test_refuses_conditions_of_another_number():
    with pytest.raises(InputError, match="one condition each"):
        draw(Shifted(), KEY, 40, np.zeros((39, 1)))
    with pytest.raises(InputError, match="at least one"):
        draw(Normal(), KEY, 0)
