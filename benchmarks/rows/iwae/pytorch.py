"""The same model and bound in PyTorch, by the plain gradient."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.rows.iwae import PARTICLES, STEPS
from benchmarks.rows.vae import BATCH, data
from benchmarks.rows.vae.networks import decoder, encoder
from benchmarks.task import Contender
from benchmarks.torch_loop import training_contender


class Iwae(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(), decoder()

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """-log mean_k p(x, z_k) / q(z_k | x); both normal densities lack the same constant."""
        mean, raw = self.encoder(2 * x - 1).chunk(2, dim=1)
        scale = F.softplus(raw + 0.5413) + 1e-4
        noise = torch.randn(PARTICLES, *scale.shape)
        z = mean + scale * noise
        logits = self.decoder(z)
        fit = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        ratio = 0.5 * (noise**2 - z**2) + scale.log()
        log_weights = ratio.sum(2) - fit.sum(2)
        return math.log(PARTICLES) - log_weights.logsumexp(0).mean()


def contender() -> Contender:
    iwae = Iwae()
    return training_contender(iwae, iwae.loss, data(), BATCH, STEPS)
