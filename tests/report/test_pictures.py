"""Pictures of weighted held-out rows show the density that they describe."""

import dataclasses

import numpy as np
from matplotlib.patches import StepPatch

from energeia.report import pictures

from .examples import plane_page


def heights(page):
    figure = pictures.marginals_figure(page)
    steps = [p for axes in figure.axes for p in axes.patches if isinstance(p, StepPatch)]
    return [step.get_data().values for step in steps]


def densities(page):
    figure = pictures.planes_figure(page)
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


def test_a_weight_counts_like_a_number_of_copies():
    page = plane_page()
    first = np.arange(len(page.held_out)) < len(page.held_out) // 2
    weighted = dataclasses.replace(page, held_out_weight=np.where(first, 0.3, 0.1))
    copies = np.repeat(page.held_out, np.where(first, 3, 1), axis=0)
    ours, theirs, without = (
        pictures._correlation(pictures.clouds(p)[0])
        for p in (weighted, dataclasses.replace(page, held_out=copies), page)
    )
    assert np.allclose(ours, theirs)
    assert not np.allclose(ours, without)


def test_rows_of_negative_weight_cancel_their_like_in_histograms():
    page = plane_page()
    rows = page.held_out
    both = np.concatenate([rows, rows[:100]])
    weight = np.r_[np.ones(len(rows)), -np.ones(100)]
    signed = dataclasses.replace(page, held_out=both, held_out_weight=weight)
    zeros = dataclasses.replace(page, held_out=both, held_out_weight=np.where(
        np.arange(len(both)) < 100, 0.0, np.maximum(weight, 0.0)
    ))  # fmt: skip
    without = dataclasses.replace(page, held_out=both)
    for picture in (heights, densities):
        ours, theirs, plain = (picture(p)[0] for p in (signed, zeros, without))
        assert np.allclose(ours, theirs)
        assert not np.allclose(ours, plain)
