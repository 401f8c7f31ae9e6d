"""Weights of a run's rows as its losses take them."""

from typing import Any

from energeia.contracts import Batch
from energeia.data.weights import LocalWeights
from energeia.support import Support


def for_losses(train: Batch, held_out: Batch, support: Support) -> tuple[Batch, Batch]:
    """Training and held-out rows with weights none of which is negative.

    The rows of a run keep the weights as they were given; from them these follow, the same bits
    whenever the run is trained on. See ``data.nonnegative_weights``.
    """
    if train.weight is None or held_out.weight is None:
        return train, held_out
    local = LocalWeights(train.x, train.weight, train.condition, support=support)
    own: Any = local.own
    others: Any = local.at(held_out.x, held_out.weight, held_out.condition)
    return train._replace(weight=own), held_out._replace(weight=others)
