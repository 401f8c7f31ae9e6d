"""The style of the page: colors, markers and drawing parameters."""

import io
from typing import Any, NamedTuple

import matplotlib as mpl
from latex2mathml.converter import convert
from markupsafe import Markup
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure


class KindStyle(NamedTuple):
    """The style of a kind of estimate; kinds differ by marker, not by color alone."""

    color: str
    marker: str
    slug: str


KINDS = {
    "exact": KindStyle("#14705a", "o", "exact"),
    "lower bound": KindStyle("#2456a6", ">", "lower"),
    "upper bound": KindStyle("#7a3b9a", "<", "upper"),
    "estimate": KindStyle("#a85b00", "D", "estimate"),
    "none": KindStyle("#6b7280", "x", "none"),
}
INK, MUTED, RULE, DATA = "#1f2933", "#5f6b7a", "#d5dae1", "#8a94a3"
MODELS = ("#2456a6", "#c2410c", "#14705a", "#7a3b9a", "#b08900", "#0e7490", "#9d174d", "#4d5f12")
"""One color per model, in the order of the page, repeated beyond eight."""

DENSITY = LinearSegmentedColormap.from_list(
    "density", ["#ffffff", "#d3e0f2", "#7fa6d9", "#2456a6", "#0b2247"]
)

WIDTH = 10.6
"""Width of a figure in inches: that of the page."""

_RC: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names of columns are text, dollars and all
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlesize": 9.5,
    "axes.titlecolor": INK,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "axes.unicode_minus": True,
}


def rc() -> "mpl.rc_context":  # pyright: ignore[reportGeneralTypeIssues]
    """The drawing style of the page, as a context."""
    return mpl.rc_context(_RC)


def svg(figure: Figure, name: str, label: str) -> Markup:
    """One figure as inline SVG with text as text, no date, and unique identifiers.

    ``name`` salts the identifiers, so that figures on a page share none and the bytes of a figure
    are reproducible. ``label`` is read by screen readers.
    """
    buffer = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with mpl.rc_context({**_RC, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", dpi=110, metadata=metadata)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    # Group names such as axes_1 repeat from figure to figure; an id must be unique on a page.
    text = text.replace('id="', f'id="{name}-').replace('"#', f'"#{name}-')
    text = text.replace("url(#", f"url(#{name}-")
    described = Markup('<svg role="img" aria-label="{}"').format(label)
    return described + Markup(text[len("<svg") :])


def formula(latex: str) -> Markup:
    """A formula as MathML, which browsers render without a script."""
    return Markup(convert(latex, display="block"))
