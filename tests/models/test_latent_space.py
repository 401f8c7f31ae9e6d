"""Latent spaces: their posteriors are normalized, and weights average to the true p(y)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation as Turn

from energeia.bijections import AffineScalar, Spline, autoregressive_stack, coupling_stack
from energeia.bijections.units import Units
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.errors import NoSuchCapability
from energeia.models import LatentInUnits, NormalSpace, RotationSpace, SphereSpace, Vae, joint_of
from energeia.support import Real, Rotation, Support

KEY = jax.random.key(5)
REALS = Support.of([Real(), Real()])
DRAWS = 20_000
Y = jnp.array([0.4, -0.7])


def moved(tree, key, by):
    """A bijection whose parameters are not those of the identity."""
    arrays, rest = eqx.partition(tree, eqx.is_inexact_array)
    leaves, shape = jax.tree.flatten(arrays)
    keys = jax.random.split(key, len(leaves))
    leaves = [a + by * jax.random.normal(k, a.shape) for a, k in zip(leaves, keys, strict=True)]
    return eqx.combine(jax.tree.unflatten(shape, leaves), rest)


def flows():
    iaf = autoregressive_stack(
        AffineScalar(), 2, periodic=(False,) * 2, condition_shape=(3,), width=8, depth=1, key=KEY
    )
    splines = coupling_stack(
        Spline(4, 4.0), 2, dimension=2, condition_shape=(3,), width=8, depth=1, key=KEY
    )
    prior = coupling_stack(Spline(4, 4.0), 2, dimension=2, width=8, depth=1, key=KEY)
    return moved(iaf, KEY, 0.1), moved(splines, KEY, 0.1), moved(prior, KEY, 0.1)


def spaces():
    iaf, splines, prior = flows()
    return {
        "normal": NormalSpace(2),
        "iaf": NormalSpace(2, flow=iaf),
        "spline": NormalSpace(2, flow=splines),
        "flow prior": NormalSpace(2, prior_flow=prior),
        "sphere": SphereSpace(1, 3),
        "torus": SphereSpace(2, 2),
        "rotations": RotationSpace(1),
    }


SPACES = spaces()


def vae(space, pseudo_inputs=None):
    """An autoencoder of two reals whose networks are linear and not trained."""
    columns = ColumnLikelihoods(REALS)
    one, two = jax.random.split(KEY)
    encoder = eqx.nn.Linear(columns.feature_size, space.encoder_outputs, key=one)
    if isinstance(space, SphereSpace | RotationSpace):
        # Wide posteriors: the weights of narrow ones are rarely huge, which no sample shows.
        wide = encoder.bias.at[-space.count :].add(2.0)
        encoder = eqx.tree_at(lambda e: e.bias, encoder, wide)
    decoder = eqx.nn.Linear(space.decoder_inputs, columns.size, key=two)
    decoder = eqx.tree_at(lambda d: d.weight, decoder, 2 * decoder.weight)
    if pseudo_inputs:
        pseudo_inputs = jax.random.normal(KEY, (pseudo_inputs, columns.feature_size))
    return Vae(encoder, decoder, columns, space, pseudo_inputs=pseudo_inputs)


def agree(one, other, most):
    """Two estimates of one positive number, by 4 errors and no large one."""
    one, other = np.asarray(one, float), np.asarray(other, float)
    error = np.hypot(one.std(), other.std()) / len(one) ** 0.5
    assert error < most * abs(other.mean())
    return abs(one.mean() - other.mean()) < 4 * error


@pytest.mark.parametrize("name", SPACES)
def test_posteriors_have_total_one_and_know_their_draws(name):
    """And priors have."""
    space = SPACES[name]
    q = space.posterior(0.3 * jax.random.normal(KEY, (space.encoder_outputs,)))
    keys = jax.random.split(KEY, DRAWS)
    drawn, log_q = jax.jit(jax.vmap(q.sample_and_log_prob))(keys)
    assert drawn.shape == (DRAWS, space.width)
    again = jax.jit(jax.vmap(q.log_prob))(drawn)
    assert np.quantile(np.abs(again - log_q), 0.99) < 2e-3
    z = jax.jit(jax.vmap(space.prior.sample))(keys)
    both = jnp.concatenate([drawn, z])
    ratio = jax.jit(jax.vmap(lambda z: q.log_prob(z) - space.prior.log_prob(z)))(both)
    # The mean of 2 q / (p + q) over equal parts of draws of p and q is one, and it is bounded.
    assert agree(2 * jax.nn.sigmoid(ratio), np.ones(2 * DRAWS), 0.02)
    assert not agree(2 * jax.nn.sigmoid(ratio + np.log(1.2)), np.ones(2 * DRAWS), 0.02)


@pytest.mark.parametrize("name", [*SPACES, "vamp"])
def test_weights_average_to_the_evidence(name):
    """E exp(log weight) over q and E p(y | z) over the prior are one number, p(y)."""
    model = vae(SPACES["normal"], 5) if name == "vamp" else vae(SPACES[name])
    keys = jax.random.split(KEY, DRAWS)
    weights = np.exp(np.asarray(jax.jit(jax.vmap(lambda k: model.log_weight(k, Y)))(keys), float))

    def likelihood(key):
        return model.log_likelihood(Y, model.prior().sample(key))

    direct = np.exp(np.asarray(jax.jit(jax.vmap(likelihood))(keys), float))
    assert agree(weights, direct, 0.05)
    assert not agree(1.3 * weights, direct, 0.05)
    terms = jax.jit(jax.vmap(lambda k: model.terms(k, Y)))(keys[:4000])
    bound = np.asarray(terms.log_likelihood - jnp.sum(terms.divergence, axis=1))
    assert bound.mean() < np.log(direct.mean()) + 4 * bound.std() / 4000**0.5


@pytest.mark.parametrize("name", ["flow prior", "sphere", "rotations", "vamp"])
def test_what_is_annealed_has_the_law_of_the_model(name):
    """Numbers in place of z: their prior and likelihood give the same p(y)."""
    model = vae(SPACES["normal"], 5) if name == "vamp" else vae(SPACES[name])
    rows = jax.random.normal(KEY, (500, 2))
    joint = joint_of(LatentInUnits(model, Units.fit(REALS, rows)))
    units = joint.units
    x = units.decode(Y)

    def annealed(key):
        return joint.log_likelihood(x, joint.prior().sample(key)) - units.encode(x)[1]

    def direct(key):
        return model.log_likelihood(Y, model.prior().sample(key))

    keys = jax.random.split(KEY, DRAWS)
    found, truth = (
        np.exp(np.asarray(jax.jit(jax.vmap(f))(k), float))
        for f, k in ((annealed, keys), (direct, jax.random.split(jax.random.key(6), DRAWS)))
    )
    assert agree(found, truth, 0.05)


def test_a_mixture_of_posteriors_on_a_manifold_has_no_annealed_bounds():
    units = Units.fit(REALS, jax.random.normal(KEY, (9, 2)))
    model = LatentInUnits(vae(SPACES["sphere"], 5), units)
    with pytest.raises(NoSuchCapability, match="importance"):
        joint_of(model)


class AtOne(eqx.Module):
    """A network with the condition 1 in its input for good."""

    network: eqx.Module

    def __call__(self, x):
        return self.network(jnp.concatenate([x, jnp.ones(1)]))


@pytest.mark.parametrize("name", ["vamp", "spline", "torus"])
def test_at_a_condition_it_is_the_model_with_that_condition_for_good(name):
    space = SPACES["normal" if name == "vamp" else name]
    columns = ColumnLikelihoods(REALS)
    one, two = jax.random.split(KEY)
    encoder = eqx.nn.Linear(columns.feature_size + 1, space.encoder_outputs, key=one)
    decoder = eqx.nn.Linear(space.decoder_inputs + 1, columns.size, key=two)
    inputs = jax.random.normal(KEY, (5, columns.feature_size)) if name == "vamp" else None
    given = Vae(encoder, decoder, columns, space, (1,), inputs)
    fixed = Vae(AtOne(encoder), AtOne(decoder), columns, space, None, inputs)
    for condition in (jnp.ones(1), jnp.zeros(1)):
        same = bool(condition[0] == 1)
        found = given.log_weight(KEY, Y, condition), given.sample(KEY, condition)
        wanted = fixed.log_weight(KEY, Y), fixed.sample(KEY)
        pairs = zip(found, wanted, strict=True)
        assert all(np.allclose(a, b, rtol=1e-4) == same for a, b in pairs)


def rotations_of(q):
    return Rotation().features(np.asarray(q, np.float64)).reshape(3, 3)


def test_the_posterior_of_a_rotation_is_around_the_matrix_that_an_encoder_gives():
    """Whatever the length of its columns, half turns included, and continuous as a rotation."""
    space = RotationSpace(1)
    mean = jax.jit(lambda m: space.posterior(jnp.append(m, 0.0)).mean[0])
    half_turns = [np.diag(signs) for signs in ([1, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, 1])]
    for matrix in [*half_turns, *Turn.random(50, random_state=0).as_matrix()]:
        skewed = np.append(3.0 * matrix[:, 0], 0.5 * matrix[:, 1] + 2.0 * matrix[:, 0])
        q = mean(jnp.asarray(skewed, float))
        assert np.abs(rotations_of(q) - matrix).max() < 1e-6
    turn = Turn.from_rotvec(np.linspace(0, 2 * np.pi, 401)[:, None] * [0.6, 0.0, 0.8]).as_matrix()
    path = np.stack([rotations_of(mean(jnp.asarray(m.T[:2].ravel(), float))) for m in turn])
    assert np.abs(np.diff(path, axis=0)).max() < 0.02


@pytest.mark.parametrize("raw", [np.zeros(6), np.full(6, 1e6), np.eye(6)[0], -np.eye(6)[4]])
def test_vectors_that_give_no_plane_give_a_rotation_and_no_nan(raw):
    space = RotationSpace(1)

    def entry(raw):
        return space.features(space.posterior(jnp.append(raw, 0.0)).mean[0]) @ jnp.arange(9.0)

    value, slope = jax.value_and_grad(entry)(jnp.asarray(raw, float))
    assert jnp.isfinite(value)
    assert jnp.isfinite(slope).all()
