"""The same model and bound in PyTorch."""

import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.rows.vae import BATCH, STEPS, data
from benchmarks.rows.vae.networks import decoder, encoder
from benchmarks.task import Contender
from benchmarks.torch_loop import training_contender


class Vae(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder(), decoder()

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        mean, raw = self.encoder(2 * x - 1).chunk(2, dim=1)
        scale = F.softplus(raw + 0.5413) + 1e-4
        logits = self.decoder(mean + scale * torch.randn_like(scale))
        fit = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        divergence = 0.5 * (mean**2 + scale**2 - 1) - scale.log()
        return fit + divergence.sum() / len(x)


def contender() -> Contender:
    vae = Vae()
    return training_contender(vae, vae.loss, data(), BATCH, STEPS)
