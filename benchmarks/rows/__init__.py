"""The rows of the table: who runs against energeia, at what, and the floor that a row must reach.

Every row is a folder with one file a contender; its ``__init__`` holds the sizes that all share.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One comparison."""

    name: str
    module: str
    contenders: tuple[str, ...]
    floors: dict[str, float]
    """The least ratio of energeia's first measure to that of a peer; none where none is known."""
    what: str
    arguments: tuple[str, ...] = ()


_FLOWS = ("energeia", "flowjax", "zuko", "normflows")

ROWS = (
    *(
        Row(
            f"{transformer}-coupling-{size}", "coupling", _FLOWS, floors,
            f"8 {kind} coupling layers of {columns}, Adam{note}", (transformer, size),
        )
        for transformer, kind, floors, note in (
            ("affine", "affine", {"flowjax": 2.3, "zuko": 6.0, "normflows": 6.0},
             ". normflows: ReLU in place of SiLU"),
            ("spline", "rational-quadratic (8 bins)", {"flowjax": 1.2, "zuko": 6.0},
             ". normflows: residual conditioners, and splines on the kept half, too"),
        )
        for size, columns in (
            ("plane", "2 real columns, conditioners of 2 x 64, batch 256"),
            ("wide", "64 real columns, conditioners of 2 x 128, batch 512"),
        )
    ),
    Row(
        "made", "made", ("energeia", "pytorch"), {"pytorch": 3.1},
        "masked network of 64 categorical columns of 17 values, 504 hidden units and direct "
        "connections, batch 128, Adam. energeia skips blocks of zeros",
    ),
    Row(
        "vae", "vae", ("energeia", "pytorch", "pythae"), {"pytorch": 2.1},
        "784 binary columns, 32 latent, encoder and decoder of 256 and 2 residual blocks, "
        "batch 128, Adam. pythae: its own trainer, sigmoid and cross-entropy, no workers",
    ),
    Row(
        "gru", "gru", ("energeia", "pytorch"), {"pytorch": 1.3},
        "3 GRU layers of 100 over 50 sites of 4 outcomes, batch 500, Adam; 100,000 strings drawn. "
        "energeia reads 8 learned numbers of each site and adds a bias of each site, too",
    ),
    Row(
        "convolutional-energy", "convolution", ("energeia", "pytorch"), {"pytorch": 1.1},
        "energy of 1-16-32-64-128 channels, 5x5 stride 2, on 28x28 padded to 32x32, 64 rows of "
        "data and 64 of noise, squared slope on data (a gradient through a gradient), Adam",
    ),
    *(
        Row(
            f"game-{width}", "game", ("energeia", "pytorch", "pytorch_lean"), {"pytorch": floor},
            f"rounds of the maximum-entropy game: energy, generator and encoder of width {width} "
            "and 2 residual blocks, 2 columns, 5 octaves of features, squared slopes on data and "
            "on generated rows (gradients through gradients), batch 256, Adam. pytorch: a plain "
            "loop; pytorch_lean: no pass and no gradient computed twice or in vain",
            (str(width),),
        )
        for width, floor in ((64, 3.1), (128, 2.3), (512, 2.1))
    ),
    Row(
        "rbm", "rbm", ("energeia", "sklearn"), {"sklearn": 2.1},
        "784 binary visible, 256 hidden units, batch 128, 128 persistent chains, one sweep a step. "
        "energeia: centered, Adam. BernoulliRBM.fit: plain gradient, single precision",
    ),
    Row(
        "mala", "mala", ("energeia", "blackjax"), {"blackjax": 1.15},
        "1024 chains of 1000 steps on a bent density of two columns, every position kept",
    ),
    Row(
        "latent-mala", "latent", ("energeia", "pytorch"), {},
        "256 chains of 200 steps in the 32 latent dimensions of a generator of 64 columns, on its "
        "energy tilted by the prior, both of width 128 and 2 residual blocks; one gradient a step, "
        "every position kept",
    ),
)  # fmt: skip


def find(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)
