"""The content of a page: records and rows from run folders."""

import dataclasses
from typing import Any

import numpy as np

from energeia.records import Certificate, Evaluation, LeaderboardRow
from energeia.support import Support


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class LandscapePicture:
    """An energy on planes through the data, see ``evaluation.landscape``."""

    frames: np.ndarray
    """The center of each plane and its two orthogonal half-axes, shape ``(planes, 3, d)``."""
    heights: np.ndarray
    chains: np.ndarray

    def coordinates(self, rows: np.ndarray, plane: int = 0) -> np.ndarray:
        """Rows of shape ``(..., d)`` along the half-axes of a plane, shape ``(..., 2)``."""
        middle, axes = self.frames[plane, 0], self.frames[plane, 1:]
        return (rows - middle) @ (axes / np.sum(axes**2, axis=1, keepdims=True)).T


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class LatentPicture:
    """Reconstructions, and rows along latent dimensions, see ``evaluation.latent_scan``."""

    rows: np.ndarray
    reconstructions: np.ndarray
    dimensions: np.ndarray
    positions: np.ndarray
    traversals: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class ModelPart:
    """One model of a page."""

    row: LeaderboardRow
    evaluation: Evaluation | None = None
    certificate: Certificate | None = None
    """Of its log-probability; None where the run was not certified."""
    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """Lines of ``metrics.jsonl``: ``round``, metrics, ``held_out``."""
    samples: np.ndarray | None = None
    """Generated rows, shape ``(n, d)``, in the user's units."""
    landscape: LandscapePicture | None = None
    latent: LatentPicture | None = None
    name: str = ""
    """Its name where two runs share a recipe; the recipe's name by default."""
    citation: str = ""
    init: str = ""
    """The run whose arrays it started from; empty for none."""

    @property
    def title(self) -> str:
        """The name on the page."""
        return self.name or self.row.recipe


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Page:
    """Everything on a page."""

    models: list[ModelPart]
    support: Support
    layout: tuple[int, ...]
    held_out: np.ndarray
    """Held-out rows, shape ``(n, d)``; of a target, draws resampled to it by their weights."""
    held_out_weight: np.ndarray | None = None
    """The weight of each, negative ones included; None for rows without."""
    reference: str = "held-out data"
    """What those rows are."""
    data: dict[str, Any]
    """Description of the data: ``spec``, ``sha256``, ``rows``, ``train``, ``valid``, ``test``,
    ..."""
    columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Warnings about the data."""
    environment: dict[str, Any] = dataclasses.field(default_factory=dict)
    """``command`` (list or text), ``energeia``, ``python``, ``device``, ``packages``."""
    title: str = ""

    @property
    def heading(self) -> str:
        """The title, or one made from the data's name."""
        return self.title or f"Generative models of {self.data.get('spec', 'the data')}"

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each column."""
        return self.columns or tuple(f"x{i}" for i in range(self.support.width))
