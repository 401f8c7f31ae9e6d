"""The figures of the report one by one, for notebooks."""

import base64
import io
from pathlib import Path
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from energeia._core.errors import InputError
from energeia.report.content import Page
from energeia.report.figures import curves_figure
from energeia.report.gather import page_of
from energeia.report.landscape import landscapes_figure
from energeia.report.latent_pictures import latents_figure
from energeia.report.pictures import (
    correlated_pairs,
    is_image,
    marginals_figure,
    mosaics,
    planes_figure,
)
from energeia.report.style import WIDTH, rc
from energeia.runs.storage.directory import RunDirectory


class HasFolder(Protocol):
    """A run, or anything else with the folder of one."""

    @property
    def path(self) -> Path:
        """The folder."""
        ...


class Plots:
    """Matplotlib figures of one run, from its files alone; a notebook shows them."""

    def __init__(self, directory: RunDirectory) -> None:
        self.directory = directory

    @property
    def page(self) -> Page:
        """What the report would show, read anew."""
        return page_of([self.directory])

    def samples(self) -> Figure:
        """Data beside samples: images as mosaics, histograms of columns otherwise.

        Raises:
            InputError: if the run has not been evaluated, which draws the samples.
        """
        page = self._with_samples()
        if not is_image(page.layout):
            return marginals_figure(page)
        found = mosaics(page)
        with rc():
            figure = Figure(figsize=(WIDTH, WIDTH / max(len(found), 2)), layout="constrained")
            panels = figure.subplots(1, len(found), squeeze=False).ravel()
            for axes, mosaic in zip(panels, found, strict=True):
                axes.imshow(_pixels(mosaic.source), interpolation="nearest")
                axes.set_title(mosaic.name, loc="left")
                axes.set_axis_off()
        return figure

    def pairs(self, first: int | None = None, second: int | None = None) -> Figure:
        """Density of two columns, data beside samples; by default of the most correlated pair.

        Raises:
            InputError: if the run has not been evaluated, or has no such pair of columns.
        """
        page = self._with_samples()
        count = page.support.width
        if count < 2:
            raise InputError("one column has no pairs: use samples()")
        pair = (first, second)
        if first is None or second is None:
            pair = (0, 1) if count == 2 else correlated_pairs(page)[0]
        if not all(column in range(count) for column in pair) or pair[0] == pair[1]:
            raise InputError(f"columns {pair} were named: give two different ones below {count}")
        return planes_figure(page, pair)  # pyright: ignore[reportArgumentType]

    def training(self) -> Figure:
        """Losses and held-out loss against rounds.

        Raises:
            InputError: if fewer than two checks were made.
        """
        figure = curves_figure(self.page.models)
        if figure is None:
            raise InputError(f"{self.directory.path} has fewer than two checks: train it longer")
        return figure

    def landscape(self) -> Figure:
        """The energy on planes through the data, with rows and chains.

        Raises:
            InputError: if the evaluation found no energy of real columns.
        """
        figure = landscapes_figure(self._with_samples())
        if figure is None:
            raise InputError(
                f"{self.directory.path} has no landscape: only energies of real columns have one"
            )
        return figure

    def latents(self) -> Figure:
        """Rows beside their reconstructions, and rows along single latent dimensions.

        Raises:
            InputError: if the run is no autoencoder, or has not been evaluated.
        """
        page = self._with_samples()
        picture = page.models[0].latent
        if picture is None:
            raise InputError(
                f"{self.directory.path} has no picture of a latent space: evaluate a run of an "
                "autoencoder, such as vae"
            )
        return latents_figure(page, picture)

    def _with_samples(self) -> Page:
        page = self.page
        if page.models[0].samples is None and page.models[0].evaluation is None:
            raise InputError(f"{self.directory.path} has no samples yet: evaluate it first")
        return page


def plot(run: HasFolder | str | Path) -> Plots:
    """The figures of a run or of the run in a folder: ``plot(run).pairs()``.

    Raises:
        InputError: if there is no run.
    """
    return Plots(RunDirectory.open(run if isinstance(run, str | Path) else run.path))


def _pixels(source: str) -> np.ndarray:
    content = base64.b64decode(source.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)))
