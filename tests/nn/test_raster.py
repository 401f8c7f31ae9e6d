"""Networks of fields in raster order: a cache repeats the whole field, site by site."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.nn.causal_field import CausalField
from energeia.nn.recurrent_field import RecurrentField

SIZES = {"inputs": 2, "width": 4, "depth": 2, "context": 2}
FIELDS = {
    "convolutions": (CausalField, (5, 6), {"kernel": 3}),
    "periodic convolutions": (CausalField, (5, 6), {"kernel": 3, "periodic": True}),
    "convolutions of a row": (CausalField, (1, 12), {"kernel": 3, "dilations": (1, 3)}),
    "recurrent": (RecurrentField, (5, 6), {}),
    "recurrent row": (RecurrentField, (1, 12), {}),
}


@eqx.filter_jit
def both(name, x, context):
    """Features of all sites, at once and by the cache."""
    kind, (height, length), more = FIELDS[name]
    network = kind(jax.random.key(0), height=height, **SIZES, **more)

    def row(carry, at):
        inputs, outside = at
        cache = network.row(*carry, outside)

        def site(carry, at):
            j, here = at
            cache, features = network.site(carry[0], j, carry[1])
            return (cache, here), features

        steps = (jnp.arange(length), inputs)
        (cache, _), features = jax.lax.scan(site, (cache, jnp.zeros(inputs.shape[1])), steps)
        return (cache, inputs), features

    first = (network.start(length), jnp.zeros(x.shape[1:]))
    return network(x, context), jax.lax.scan(row, first, (x, context))[1]


@pytest.mark.parametrize("name", FIELDS)
def test_a_cache_repeats_the_whole_field(name):
    x, context = np.random.default_rng(0).normal(size=(2, *FIELDS[name][1], 2)).astype(np.float32)
    whole, stepped = both(name, x, context)
    assert np.allclose(whole, stepped, atol=2e-6)
    # Control: features differ from site to site.
    assert np.abs(np.diff(whole, axis=1)).max() > 0.1
