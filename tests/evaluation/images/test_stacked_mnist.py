"""The judge of StackedMNIST against laws of histograms and a sampler that lost modes."""

import jax
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.named.stacked import stacked
from energeia.evaluation.images.digit_classifier import DigitClassifier, accuracy, train_classifier
from energeia.evaluation.images.stacked_mnist import stack_classes, stacked_report


def test_uniform_classes_sit_on_the_floor_and_lost_ones_do_not():
    rng = np.random.default_rng(0)
    real = rng.integers(10, size=10_000)
    fair = stacked_report(rng.integers(10, size=(26_000, 3)), real)
    assert (fair.modes, fair.possible, fair.below_floor) == (1000, 1000, False)
    # A perfect sampler scores (K - 1) / 2N with deviation sqrt(2 (K - 1)) / 2N.
    bias, spread = 999 / 52_000, np.sqrt(2 * 999) / 52_000
    assert abs(fair.kl.value - bias) < 4 * spread
    assert abs(fair.debiased.value) < 4 * spread
    # Resampled digits are uneven themselves, by a little.
    assert abs(fair.floor.value - bias) < 4 * spread + 3 * 9 / 20_000

    lost = stacked_report(rng.integers(8, size=(26_000, 3)), real)
    assert lost.modes == 512
    assert lost.kl.value == pytest.approx(np.log(1000 / 512), abs=0.02)
    assert lost.kl.value > fair.floor.value + 100 * fair.floor.stderr
    # A histogram more even than chance allows is not good news.
    even = np.stack(np.unravel_index(np.arange(26_000) % 1000, (10, 10, 10)), axis=1)
    assert stacked_report(even, real).below_floor


def test_stacks_are_images_side_by_side():
    images = np.arange(20 * 28 * 28).reshape(20, 28, 28) % 251
    stacks, index = stacked(images, 2, 6, seed=1)
    np.testing.assert_array_equal(stacks[3, :, :, 1], images[index[3, 1]])
    with pytest.raises(InputError, match="1 to 4 digits"):
        stacked(images, 5, 6)


def test_classifier_learns_and_judges_each_channel():
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=600)
    images = np.zeros((600, 28, 28))
    # Bars at ten heights: as easy as digits can be.
    images[np.arange(600), 4 + 2 * labels, 6:22] = 255
    key = jax.random.key(0)
    judge = train_classifier(key, images[:500], labels[:500], epochs=20, batch=50, width=4)
    assert accuracy(judge, images[500:], labels[500:]).value > 0.8
    assert accuracy(DigitClassifier(key, 4), images[500:], labels[500:]).value < 0.4
    stacks, index = stacked(images[500:], 2, 50)
    right = stack_classes(judge, stacks) == labels[500:][index]
    assert np.mean(right) > 0.8
