"""pythae: its VAE around the same networks, trained by epochs of its own trainer."""

import logging
import tempfile

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig

from benchmarks.rows.vae import BATCH, COLUMNS, LATENT, data
from benchmarks.rows.vae.networks import decoder, encoder
from benchmarks.task import Contender, Task
from benchmarks.torch_loop import parameters


class Encoder(BaseEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.network = encoder()

    def forward(self, x: torch.Tensor) -> ModelOutput:
        mean, log_variance = self.network(2 * x - 1).chunk(2, dim=1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.network = decoder()

    def forward(self, z: torch.Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))


def contender() -> Contender:
    logging.disable(logging.WARNING)
    x = data()
    config = VAEConfig(input_dim=(COLUMNS,), latent_dim=LATENT, reconstruction_loss="bce")
    model = VAE(config, Encoder(), Decoder())
    rows = BaseDataset(torch.from_numpy(x), torch.zeros(len(x)))
    settings = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(prefix="pythae-"), num_epochs=1, learning_rate=1e-3,
        per_device_train_batch_size=BATCH, no_cuda=True, optimizer_cls="Adam",
    )  # fmt: skip
    trainer = BaseTrainer(model, rows, None, settings)
    trainer.prepare_training()
    epoch = Task(lambda: trainer.train_step(1), len(x) // BATCH)
    return Contender({"training steps": epoch}, parameters(model))
