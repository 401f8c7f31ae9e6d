"""The Born machine against enumeration: every measurement, real, complex and mixed states."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.models.born_machine import BornMachine, shows_phases
from energeia.physics.quantum.povm import pauli_4, pauli_6, tetrahedral

SITES = 3


def machine(povm, *, real=False, purification=1):
    return BornMachine.random(
        jax.random.key(3), povm, SITES, 3, purification=purification, real=real, noise=2.0
    )


def strings(povm):
    return np.array(list(itertools.product(range(povm.n_outcomes), repeat=SITES)))


def brute_force(model, povm, conjugate=np.conj):
    """tr(rho M_a1 x M_a2 x M_a3) of the whole state vector."""
    t = np.asarray(model.tensors, np.complex128)
    psi = np.einsum("asjb,btkc,culd->stujkl", t[0][:1], t[1], t[2][..., :1])
    rho = np.einsum("stujkl,xyzjkl->stuxyz", psi, conjugate(psi))
    rho = rho / np.einsum("stustu->", rho)
    m = povm.effects
    return np.einsum("stuxyz,axs,byt,czu->abc", rho, m, m, m).real.ravel()


@pytest.mark.parametrize("povm", [pauli_4(), pauli_6(), tetrahedral()], ids=lambda p: p.name)
@pytest.mark.parametrize("kind", [{}, {"real": True}, {"purification": 2}], ids=str)
def test_probabilities_are_those_of_the_state(povm, kind):
    model = machine(pauli_6(), **kind).measured_by(povm)
    p = np.exp(np.asarray(jax.jit(jax.vmap(model.log_prob))(strings(povm)), float))
    assert np.allclose(p, brute_force(model, povm), atol=2e-6)
    if kind == {}:
        # Control: a bra that is not conjugated belongs to no state.
        assert not np.allclose(p, brute_force(model, povm, np.asarray), atol=1e-3)


def test_samples_follow_the_probabilities():
    povm = pauli_4()
    model = machine(povm, purification=2)
    keys = jax.random.split(jax.random.key(1), 30_000)
    drawn = np.asarray(jax.jit(jax.vmap(model.sample))(keys), int)
    seen = np.bincount(np.ravel_multi_index(tuple(drawn.T), (4,) * SITES), minlength=4**SITES)
    p = brute_force(model, povm)
    chi2 = np.sum((seen - 30_000 * p) ** 2 / (30_000 * p))
    # A chi-square of 63 degrees of freedom: mean 63, variance 126.
    assert abs(chi2 - 63) < 4 * 126**0.5
    uniform = 30_000 / 4**SITES
    assert np.sum((seen - uniform) ** 2 / uniform) > 63 + 20 * 126**0.5


def test_it_is_a_matrix_product_state():
    model = machine(pauli_6())
    t = np.asarray(model.tensors, np.complex128)[:, :, :, 0]
    psi = np.einsum("asb,btc,cud->stu", t[0][:1], t[1], t[2][..., :1]).ravel()
    state = model.state()
    s = state.tensors
    again = np.einsum("asb,btc,cud->stu", s[0][:1], s[1], s[2][..., :1]).ravel()
    assert abs(abs(np.vdot(again, psi / np.linalg.norm(psi))) - 1) < 1e-6


@pytest.mark.parametrize("purification", [2, 4])
def test_it_starts_at_the_marginals(purification):
    rng = np.random.default_rng(0)
    codes = rng.choice(6, p=[0.3, 0.03, 0.17, 0.16, 0.2, 0.14], size=(4000, SITES))
    model = BornMachine.random(
        jax.random.key(0), pauli_6(), SITES, 2, purification=purification, noise=0.0,
        reference=codes,
    )  # fmt: skip
    first = [np.bincount(codes[:, 0], minlength=6) / 4000]
    p = brute_force(model, pauli_6()).reshape(6, 6, 6).sum((1, 2))
    # The six frequencies determine a Bloch vector and scatter around it.
    assert np.abs(p - first[0]).max() < 0.03


def test_white_marginals_start_alike():
    rng = np.random.default_rng(0)

    def directions(codes):
        model = BornMachine.random(
            jax.random.key(0), pauli_6(), SITES, 2, noise=0.0, reference=codes, real=True
        )
        found = np.asarray(model.real)[:, 0, :, 0, 0]
        found = found / np.linalg.norm(found, axis=1, keepdims=True)
        return np.abs(found @ found.T)

    white = rng.integers(0, 6, (4000, SITES))
    assert directions(white).min() > 0.98
    # The control: where marginals say something, each site starts at its own.
    told = white.copy()
    told[:2000, 0] = 4
    told[:2000, 1] = 5
    assert directions(told)[0, 1] < 0.1


@pytest.mark.parametrize("real", [True, False])
def test_shots_tell_whether_amplitudes_are_real(real):
    model = machine(pauli_6(), real=real)
    drawn = jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(5), 20_000))
    assert bool(shows_phases(pauli_6(), drawn)) is not real
    begun = BornMachine.random(
        jax.random.key(0), pauli_6(), SITES, 2, real=None, reference=drawn, noise=1.0
    )
    assert bool(jnp.all(begun.tensors.imag == 0)) is real


def test_the_gradient_is_finite_and_lowers_the_loss():
    model = machine(pauli_6(), real=True)
    rows = jnp.asarray(strings(pauli_6())[:50], float)
    value, slope = jax.jit(
        jax.value_and_grad(lambda m: -jnp.mean(jax.jit(jax.vmap(m.log_prob))(rows)), allow_int=True)
    )(model)
    moved = jax.tree.map(lambda a, g: a - 1e-3 * g, model.real, slope.real)
    lower = BornMachine(moved, None, model.phases, model.measurement)
    assert -float(jnp.mean(jax.jit(jax.vmap(lower.log_prob))(rows))) < float(value)
