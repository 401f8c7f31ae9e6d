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
    *(
        Row(
            name, "autoregressive", _FLOWS, {},
            f"5 {kind} autoregressive layers of 16 real columns, masked networks of 2 x 60, batch "
            "256, Adam. energeia: skip connections in the networks, a learned linear map, learned "
            "tails of the base, few of the masked weights stored, each hidden unit computed once a "
            f"draw. {note}", (transformer,),
        )
        for name, transformer, kind, note in (
            ("maf", "affine", "affine", "normflows: no activation after the first product"),
            ("nsf-ar", "spline", "rational-quadratic (8 bins)",
             "flowjax: 28 numbers of each spline in place of 23. normflows: a residual block, so "
             "three hidden products in place of two"),
        )
    ),
    Row(
        "ffjord", "ffjord", ("energeia", "zuko"), {},
        "continuous flow of 2 real columns, 5 hidden layers of 64, 12 inputs, exact trace, batch "
        "256, Adam, from 100 steps on; tolerance 1e-3 in training, 1e-5 for log_prob and samples. "
        "energeia: skip connections, Tsitouras' method with its own steps for each row, a learned "
        "linear map and tails of the base. zuko: Dormand and Prince's method, equal steps for all "
        "rows by their largest error, of which that of the trace counts a hundredth",
    ),
    Row(
        "glow", "glow", ("energeia", "normflows"), {},
        "multi-scale flow of real 28x28 fields, 2 levels of 4 steps, affine couplings by 3-1-3 "
        "convolutions of 48 channels, batch 64, Adam. energeia: biases of each site, a learned "
        "prior of what a level factors out, SiLU. normflows: ReLU, mean and scale of each channel "
        "in place of that prior",
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
        "iwae-50", "iwae", ("energeia", "pytorch"), {},
        "the networks and rows of vae, importance-weighted with 50 particles, Adam. pytorch: the "
        "plain gradient of the bound; energeia: the doubly reparameterized one, which costs more",
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
