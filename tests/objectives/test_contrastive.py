"""The contrastive gradient against the exact gradient of the log-likelihood by enumeration."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.energies.rbm import Rbm, RbmPath
from energeia.mcmc.gibbs import Gibbs
from energeia.models.boltzmann import BoltzmannModel
from energeia.objectives.contrastive import Contrastive, PersistentChains
from energeia.support import Binary, Support

EVERY = jnp.asarray(list(itertools.product([0.0, 1.0], repeat=6)))
SUPPORT = Support(((Binary(), 6),))


def model():
    rbm = Rbm(jax.random.key(0), (2,) * 6, 4, jnp.full(6, 0.4), 0, 1.0)
    return BoltzmannModel(
        path=RbmPath(target=rbm, base_field=Frozen(rbm.visible_bias)),
        kernel=Gibbs(),
        units=Units.fit(SUPPORT, EVERY),
    )


def weights_gradient(loss, machine):
    found = eqx.filter_grad(loss)(machine)
    return np.asarray(found.path.target.weights, dtype=np.float64)


def test_gradient_with_chains_at_equilibrium_is_that_of_the_likelihood():
    machine, rows = model(), EVERY[jnp.array([3, 3, 17, 40, 41, 63])]

    def nll(machine):
        energy = jax.vmap(machine.energy)
        return jnp.mean(energy(rows)) + jax.nn.logsumexp(-energy(EVERY))

    truth = weights_gradient(nll, machine)
    p = np.asarray(jax.nn.softmax(-jax.jit(jax.vmap(machine.energy))(EVERY)), dtype=np.float64)
    start = EVERY[np.random.default_rng(0).choice(len(p), 20_000, p=p / p.sum())]
    objective = Contrastive(Gibbs(), chains=500, steps=2)

    @eqx.filter_jit
    def gradient(machine, block, key):
        def contrast(machine):
            memory = PersistentChains(block, None, jnp.zeros(()))
            modules = {"model": machine}
            return objective.loss("model", key, modules, Batch(rows, None), memory)[0]

        return eqx.filter_grad(contrast)(machine).path.target.weights

    keys = jax.random.split(jax.random.key(1), 40)
    blocks = zip(keys, jnp.split(start, 40), strict=True)
    parts = np.array([gradient(machine, b, k) for k, b in blocks], dtype=np.float64)
    mean, error = np.mean(parts, 0), np.std(parts, 0, ddof=1) / np.sqrt(len(parts))
    # 24 numbers, each within 4 measured errors.
    assert np.all(np.abs(mean - truth) < 4 * error)
    # The control: without chains that have moved to the model there is a bias.
    objective = Contrastive(Gibbs(), chains=6, steps=0)
    memory = PersistentChains(rows, None, jnp.zeros(()))

    def unmoved(machine):
        return objective.loss(
            "model", jax.random.key(0), {"model": machine}, Batch(rows, None), memory
        )[0]

    assert np.abs(weights_gradient(unmoved, machine) - truth).max() > 20 * error.max()


def test_memory_starts_from_rows_and_is_renewed_with_its_condition():
    machine = model()
    objective = Contrastive(Gibbs(), chains=10, steps=1, restart=1.0)
    batch = Batch(EVERY[:4], None)
    memory = objective.init_memory(jax.random.key(0), {"model": machine}, batch)
    np.testing.assert_array_equal(memory.positions[:4], EVERY[:4])
    frozen = Contrastive(Gibbs(), chains=10, steps=0, restart=1.0)
    elsewhere = memory._replace(positions=jnp.ones((10, 6)))
    _, (moved, _) = frozen.loss("model", jax.random.key(1), {"model": machine}, batch, elsewhere)
    rows = {tuple(row) for row in np.asarray(EVERY[:4])}
    assert {tuple(row) for row in np.asarray(moved.positions)} <= rows


def test_held_out_is_the_pseudo_likelihood():
    machine, row = model(), EVERY[37]
    objective = Contrastive(Gibbs(), chains=4, scored_columns=6)
    ours = objective.held_out(jax.random.key(0), {"model": machine}, Batch(row[None], None))
    truth = 0.0
    for i in range(6):
        flipped = row.at[i].set(1 - row[i])
        truth -= jax.nn.log_sigmoid(machine.energy(flipped) - machine.energy(row))
    np.testing.assert_allclose(ours, truth, rtol=1e-5)


def test_a_weighted_batch_has_the_contrast_of_copies_and_restarts_chains_by_weight():
    machine, rows = model(), EVERY[jnp.array([3, 17, 40, 63])]
    weight, copies = jnp.array([0.0, 1.0, 2.0, 1.0]), jnp.array([1, 2, 2, 3])
    memory = PersistentChains(EVERY[:32], None, jnp.zeros(()))
    objective = Contrastive(Gibbs(), chains=32, steps=1, penalty=0.1)
    assert objective.honors == {"weight"}

    def both(batch):
        modules = {"model": machine}
        loss, _ = objective.loss("model", jax.random.key(2), modules, batch, memory)
        return float(loss), float(objective.held_out(jax.random.key(2), modules, batch))

    ours, theirs = both(Batch(rows, weight=weight)), both(Batch(rows[copies]))
    assert np.isclose(ours[0], theirs[0], rtol=1e-5)
    assert not np.isclose(ours[0], both(Batch(rows))[0], rtol=1e-3)
    assert not np.isclose(ours[1], both(Batch(rows))[1], rtol=1e-3)

    restarting = Contrastive(Gibbs(), chains=32, steps=0, restart=1.0)
    batch = Batch(rows, weight=jnp.array([0.0, 0.0, 4.0, 0.0]))
    _, (found, _) = restarting.loss("model", jax.random.key(3), {"model": machine}, batch, memory)
    assert np.array_equal(found.positions, np.tile(rows[2], (32, 1)))
