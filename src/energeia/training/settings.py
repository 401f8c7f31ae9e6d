"""Settings of training and optimizers. Needs no JAX, so that the command line can read it."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative, Positive, ProperShare, Share

TARGET_DRAWS = 512
"""Fewest draws in a default batch on an energy, since draws cost no data (ARCHITECTURE.md)."""


class Optimization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The optimizer of one player: Adam with a schedule, clipping and weight decay."""

    learning_rate: Positive = 1e-3
    """Peak learning rate."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """Shape of the learning rate after the warm-up."""
    warmup: CountOrZero = 100
    """Updates over which the rate rises from zero (at most a tenth of all)."""
    final_fraction: Share = 0.01
    """The last rate as a fraction of the peak."""
    clip: NonNegative = 5.0
    """Largest global gradient norm; 0 for no clipping."""
    beta1: ProperShare = 0.9
    """Adam's beta_1, the decay of its mean of the gradient."""
    beta2: ProperShare = 0.999
    """Adam's beta_2, the decay of its mean of the squared gradient."""
    weight_decay: NonNegative = 0.0
    """Decoupled weight decay (AdamW)."""


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Length of training, batch size, and the interval of checks."""

    rounds: Count = 3000
    """Total number of rounds."""
    batch: Count = 256
    """Rows in a batch; all training rows where there are fewer."""
    passes: CountOrZero = 0
    """Largest number of passes over the training rows; 0 for no limit besides ``rounds``."""
    check_every: Count = 200
    """Rounds between checks: metrics, held-out loss, progress."""
    patience: CountOrZero = 0
    """Checks without a better held-out loss before training stops with the best state; 0 to train
    to the end and keep the final state. The initial state is kept where no later one gains two nats
    of all held-out rows together."""
    average: ProperShare = 0.0
    """Decay of the moving average of parameters that is used after training; 0 for none."""
    checkpoint_every: Count = 1000
    """Rounds between checkpoints, rounded up to a multiple of check_every."""
    mode: Literal["scan", "step", "auto"] = "scan"
    """Compile whole chunks (scan), one round per call (step), or time both and keep the faster."""
    resident_mb: CountOrZero = 1024
    """Training rows up to this many megabytes stay on the device; larger ones stream in."""

    def bounded(self, rows: int) -> "Training":
        """The same for ``rows`` training rows: a batch of at most that many, passes as rounds.

        >>> Training(rounds=9000, batch=400, passes=300).bounded(1600).rounds
        1200
        >>> Training(batch=256).bounded(142).batch
        142
        """
        bounded = msgspec.structs.replace(self, batch=min(self.batch, rows))
        if self.passes <= 0:
            return bounded
        allowed = max(1, self.passes * rows // bounded.batch)
        return msgspec.structs.replace(bounded, rounds=min(self.rounds, allowed), passes=0)
