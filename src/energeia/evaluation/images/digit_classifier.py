"""A classifier of handwritten digits, for counting the modes of StackedMNIST."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from energeia._core.batching import map_rows
from energeia._core.types import PRNGKey
from energeia.estimate import Estimate
from energeia.nn.convolutional import Convolution


class DigitClassifier(eqx.Module):
    """Two strided 5x5 convolutions and two dense layers: log-odds of ten digits.

    Takes one image of shape ``(28, 28)`` with levels 0 to 255.

    >>> import jax
    >>> DigitClassifier(jax.random.key(0), width=4)(jax.numpy.zeros((28, 28))).shape
    (10,)
    """

    first: Convolution
    second: Convolution
    third: eqx.nn.Linear
    last: eqx.nn.Linear

    def __init__(self, key: PRNGKey, width: int = 16) -> None:
        keys = jax.random.split(key, 4)
        self.first = Convolution(1, width, kernel=5, stride=2, key=keys[0])
        self.second = Convolution(width, 2 * width, kernel=5, stride=2, key=keys[1])
        self.third = eqx.nn.Linear(49 * 2 * width, 8 * width, key=keys[2])
        self.last = eqx.nn.Linear(8 * width, 10, key=keys[3])

    def __call__(self, image: Float[Array, "28 28"]) -> Float[Array, " 10"]:
        """The log-odds."""
        h = jax.nn.relu(self.first(image[..., None] / 255.0))
        h = jax.nn.relu(self.second(h))
        return self.last(jax.nn.relu(self.third(h.ravel())))


class _Step(NamedTuple):
    """The state of training."""

    arrays: DigitClassifier
    optimizer: optax.OptState


def train_classifier(
    key: PRNGKey, images: Float[np.ndarray, "n 28 28"], labels: Int[np.ndarray, " n"],
    epochs: int = 6, batch: int = 128, width: int = 16,
) -> DigitClassifier:  # fmt: skip
    """Adam with a cosine schedule on cross-entropy, images shifted by up to 2 pixels.

    The whole loop is one compiled scan; batches are drawn with replacement.
    """
    build_key, run_key = jax.random.split(key)
    steps = max(1, epochs * len(images) // batch)
    rule = optax.adam(optax.cosine_decay_schedule(2e-3, steps))
    arrays, static = eqx.partition(DigitClassifier(build_key, width), eqx.is_array)
    x, y = jnp.asarray(images, jnp.uint8), jnp.asarray(labels)

    def step(carry: _Step, key: PRNGKey) -> tuple[_Step, None]:
        pick, shift = jax.random.split(key)
        index = jax.random.randint(pick, (batch,), 0, len(x))
        augmented = jax.vmap(_shifted)(jax.random.split(shift, batch), x[index].astype(float))

        def loss(arrays: DigitClassifier) -> Array:
            odds = jax.vmap(eqx.combine(arrays, static))(augmented)
            return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(odds, y[index]))

        update, state = rule.update(jax.grad(loss)(carry.arrays), carry.optimizer)
        return _Step(optax.apply_updates(carry.arrays, update), state), None  # pyright: ignore[reportArgumentType]

    @jax.jit
    def run(start: _Step) -> _Step:
        return jax.lax.scan(step, start, jax.random.split(run_key, steps))[0]

    return eqx.combine(run(_Step(arrays, rule.init(arrays))).arrays, static)  # pyright: ignore[reportArgumentType]


def classify(
    classifier: DigitClassifier, images: Float[np.ndarray, "n 28 28"]
) -> Int[np.ndarray, " n"]:
    """The most likely digit of each image."""
    return np.asarray(map_rows(_digits, images, carry=classifier, size=1024))


def accuracy(
    classifier: DigitClassifier, images: Float[np.ndarray, "n 28 28"], labels: Int[np.ndarray, " n"]
) -> Estimate:
    """The fraction of images classified correctly."""
    right = classify(classifier, images) == labels
    return Estimate.mean(right.astype(float), "exact")


def _digits(classifier: DigitClassifier, images: Array) -> Array:
    return jnp.argmax(jax.vmap(classifier)(images.astype(float)), axis=1)


def _shifted(key: PRNGKey, image: Array) -> Array:
    padded = jnp.pad(image, 2)
    corner = jax.random.randint(key, (2,), 0, 5)
    return jax.lax.dynamic_slice(padded, corner, image.shape)
