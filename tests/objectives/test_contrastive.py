"""The contrastive gradient against the exact gradient of the log-likelihood by enumeration."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.energies.rbm import Rbm, RbmPath
from energeia.mcmc.gibbs import Gibbs
from energeia.models.boltzmann import BoltzmannModel
from energeia.objectives.contrastive import Contrastive, PersistentChains
from energeia.support import Binary, Support

EVERY = np.array(list(itertools.product([0.0, 1.0], repeat=6)), dtype=np.float32)
SUPPORT = Support(((Binary(), 6),))


@pytest.fixture(scope="module")
def machine():
    def build(key):
        rbm = Rbm(key, (2,) * 6, 4, jnp.full(6, 0.4), 0, 1.0)
        return BoltzmannModel(
            path=RbmPath(target=rbm, base_field=Frozen(rbm.visible_bias)),
            kernel=Gibbs(),
            units=Units.fit(SUPPORT, EVERY),
        )

    return run_unoptimized(build, jax.random.key(0))


def weights_gradient(loss, machine):
    return eqx.filter_grad(loss)(machine).path.target.weights


def contrast(objective, key, rows, chains):
    """The loss of a machine, with chains that start at the given rows."""

    def loss(machine):
        memory = PersistentChains(chains, None, jnp.zeros(()))
        return objective.loss("model", key, {"model": machine}, Batch(rows, None), memory)[0]

    return loss


def test_gradient_with_chains_at_equilibrium_is_that_of_the_likelihood(machine):
    rows = EVERY[[3, 3, 17, 40, 41, 63]]
    still = Contrastive(Gibbs(), chains=6, steps=0)

    def nll(machine):
        energy = jax.vmap(machine.energy)
        return jnp.mean(energy(rows)) + jax.nn.logsumexp(-energy(EVERY))

    def exact(machine):
        unmoved = contrast(still, jax.random.key(0), rows, rows)
        gradients = (weights_gradient(loss, machine) for loss in (nll, unmoved))
        return *gradients, jax.nn.softmax(-jax.vmap(machine.energy)(EVERY))

    truth, biased, p = (
        np.asarray(each, dtype=np.float64) for each in run_unoptimized(exact, machine)
    )
    start = EVERY[np.random.default_rng(0).choice(len(p), 20_000, p=p / p.sum())]
    objective = Contrastive(Gibbs(), chains=500, steps=2)

    @eqx.filter_jit
    def gradients(machine, key):
        def one(of_block):
            key, block = of_block
            return weights_gradient(contrast(objective, key, rows, block), machine)

        return jax.lax.map(one, (jax.random.split(key, 40), start.reshape(40, 500, 6)))

    parts = np.asarray(gradients(machine, jax.random.key(1)), dtype=np.float64)
    mean, error = np.mean(parts, 0), np.std(parts, 0, ddof=1) / np.sqrt(len(parts))
    # 24 numbers, each within 4 measured errors.
    assert np.all(np.abs(mean - truth) < 4 * error)
    # The control: without chains that have moved to the model there is a bias.
    assert np.abs(biased - truth).max() > 20 * error.max()


def test_memory_starts_from_rows_and_is_renewed_with_its_condition(machine):
    objective = Contrastive(Gibbs(), chains=10, steps=1, restart=1.0)
    frozen = Contrastive(Gibbs(), chains=10, steps=0, restart=1.0)
    batch = Batch(EVERY[:4], None)

    def start_and_restart(machine, key):
        modules = {"model": machine}
        memory = objective.init_memory(key, modules, batch)
        elsewhere = memory._replace(positions=jnp.ones((10, 6)))
        _, (moved, _) = frozen.loss("model", key, modules, batch, elsewhere)
        return memory, moved

    memory, moved = run_unoptimized(start_and_restart, machine, jax.random.key(1))
    np.testing.assert_array_equal(memory.positions[:4], EVERY[:4])
    rows = {tuple(row) for row in EVERY[:4]}
    assert {tuple(row) for row in np.asarray(moved.positions)} <= rows


def test_held_out_is_the_pseudo_likelihood(machine):
    row = EVERY[37]
    objective = Contrastive(Gibbs(), chains=4, scored_columns=6)
    flipped = np.where(np.eye(6, dtype=bool), 1 - row, row)

    def ours_and_energies(machine, key):
        ours = objective.held_out(key, {"model": machine}, Batch(row[None], None))
        return ours, jax.vmap(machine.energy)(flipped) - machine.energy(row)

    ours, gaps = run_unoptimized(ours_and_energies, machine, jax.random.key(0))
    np.testing.assert_allclose(ours, np.sum(np.log1p(np.exp(-np.asarray(gaps)))), rtol=1e-5)


def test_a_weighted_batch_has_the_contrast_of_copies_and_restarts_chains_by_weight(machine):
    rows = EVERY[[3, 17, 40, 63]]
    weight, copies = np.array([0.0, 1.0, 2.0, 1.0], dtype=np.float32), [1, 2, 2, 3]
    memory = PersistentChains(EVERY[:32], None, np.zeros((), dtype=np.float32))
    objective = Contrastive(Gibbs(), chains=32, steps=1, penalty=0.1)
    assert objective.honors == {"weight"}

    @eqx.filter_jit
    def both(machine, key, batch):
        modules = {"model": machine}
        loss, _ = objective.loss("model", key, modules, batch, memory)
        return loss, objective.held_out(key, modules, batch)

    batches = Batch(rows, weight=weight), Batch(rows[copies]), Batch(rows)
    ours, theirs, plain = (both(machine, jax.random.key(2), batch) for batch in batches)
    assert np.isclose(ours[0], theirs[0], rtol=1e-5)
    assert not np.isclose(ours[0], plain[0], rtol=1e-3)
    assert not np.isclose(ours[1], plain[1], rtol=1e-3)

    restarting = Contrastive(Gibbs(), chains=32, steps=0, restart=1.0)
    batch = Batch(rows, weight=4 * np.eye(4, dtype=np.float32)[2])

    def restart(machine, key):
        return restarting.loss("model", key, {"model": machine}, batch, memory)[1][0]

    found = run_unoptimized(restart, machine, jax.random.key(3))
    assert np.array_equal(found.positions, np.tile(rows[2], (32, 1)))
