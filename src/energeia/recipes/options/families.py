"""The families of generative models: what their numbers are worth. Needs no JAX."""

import msgspec


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """A family of models that are trusted in the same way."""

    name: str
    likelihood: str
    """The kind of its likelihood."""
    cost: str
    """The cost of sampling and scoring."""
    trust: str
    """How far its numbers may be trusted, a few sentences for reports."""
    simple: bool = False
    """Whether its recipes are baselines, of which ``compare`` takes all."""
    compared: bool = True
    """Whether ``compare`` takes one of its recipes without being asked."""


_KNOWN = (
    Family(
        name="mixture",
        likelihood="exact",
        cost="scores and draws in one pass",
        trust=(
            "Likelihood and samples are both exact, also given any known columns. The shapes are "
            "simple: ellipses or kernels in the coordinates of the columns, or independent "
            "columns. It is a baseline, which other models have to beat."
        ),
        simple=True,
    ),
    Family(
        name="autoregressive",
        likelihood="exact",
        cost="scores in one pass, draws column by column",
        trust=(
            "Likelihood and samples are both exact for the trained model: each variable is "
            "drawn, and scored, given the ones before it. The model may be wrong; its "
            "numbers are not."
        ),
    ),
    Family(
        name="flow",
        likelihood="exact, a lower bound if all columns are discrete",
        cost="scores and draws in one pass",
        trust=(
            "Likelihood and samples are both exact: one invertible map with its Jacobian, given "
            "the discrete columns of a mixed table. Where all columns are discrete they are "
            "dequantized first, which makes the likelihood a lower bound; a map cannot change "
            "topology, so some mass may remain between modes."
        ),
    ),
    Family(
        name="diffusion",
        likelihood="exact, a lower bound with discrete columns",
        cost="scores and draws by solving an equation",
        trust=(
            "Likelihood and samples are those of one invertible map, found by a solver: they are "
            "exact as far as the change under half the tolerance says, which is reported. "
            "Training matches velocities and does not see the likelihood. Discrete columns are "
            "dequantized, which makes the likelihood a lower bound."
        ),
        compared=False,
    ),
    Family(
        name="latent",
        likelihood="lower bound",
        cost="draws in one pass, scores by many weights",
        trust=(
            "Samples are exact draws of the model. Its likelihood is known only from below: "
            "the bound rises with the number of importance samples, and the gap that is "
            "left is not known."
        ),
    ),
    Family(
        name="adversarial",
        likelihood="none",
        cost="draws in one pass",
        trust=(
            "Samples only. There is no likelihood, so nothing here tells whether a mode is "
            "missing except the two-sample tests and the coverage: read those first."
        ),
    ),
    Family(
        name="energy",
        likelihood="estimate",
        cost="draws by chains, scores by annealing",
        trust=(
            "The energy is exact up to a constant. The constant is estimated by annealing, "
            "and samples come from chains: both are reliable only if the chains mix, and "
            "chains can agree and all miss the same mode."
        ),
    ),
    Family(
        name="stack",
        likelihood="exact",
        cost="scores and draws as all of its members",
        trust=(
            "Likelihood and samples are both exact: a mixture of the exact models above it, with "
            "weights fitted to validation rows. It is rarely worse than its best member."
        ),
    ),
)
FAMILIES: dict[str, Family] = {family.name: family for family in _KNOWN}
"""Every family by name, in the order of reports and of ``compare``."""
