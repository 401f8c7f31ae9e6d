"""Exact samples and exact probabilities of measuring every site of a matrix-product state.

With tensors right-canonical, sites not yet measured contract to the identity, so the chain rule
p(a_1) p(a_2 | a_1) ... runs once from left to right. Where all effects are of rank one, |e><e|, the
sites measured leave a vector on the bond, v'[r] = sum_{l,s} v[l] e*_s A[l, s, r]; the conjugate is
on the outcome because psi is the ket. Any measurement is sampled this way, by the rank-one effects
of which its effects are sums; the probability of an outcome of higher rank needs the overlap

    L'[r', r] = sum M[s', s] A*[l', s', r'] L[l', l] A[l, s, r].

Both are divided by their conditional probability at every site, so nothing underflows.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int, Shaped, UInt8
from typing_extensions import override

from energeia._core.batching import map_rows
from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density
from energeia.physics.quantum.mps import LocallyDepolarized, State
from energeia.physics.quantum.povm import Povm

_SAMPLES, _OVERLAPS = 16384, 512
"""Strings in one compiled block: sized for the cache of a core, for vectors and for overlaps."""


class MeasuredState(Density):
    """The distribution of strings of outcomes 0 .. A-1, shape ``(N,)``; built by ``measured``."""

    tensors: Shaped[np.ndarray, "N D d D"]
    effects: Complex[np.ndarray, "A d d"]
    vectors: Complex[np.ndarray, "K d"]
    """The vectors e of the rank-one effects |e><e| that make up the outcomes."""
    parent: Int[np.ndarray, " K"]
    """The outcome of each rank-one effect."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(N,)``."""
        return (self.tensors.shape[0],)

    @property
    @override
    def condition_shape(self) -> None:
        return

    @property
    def rank_one(self) -> bool:
        """Whether every outcome has an effect of rank one."""
        return len(self.parent) == len(self.effects)

    def sample(self, key: PRNGKey, condition: Condition = None) -> UInt8[Array, " N"]:
        """One string of outcomes."""
        vectors, parent = jnp.asarray(self.vectors), jnp.asarray(self.parent, dtype=jnp.uint8)

        def site(v: Array, given: tuple[Array, Array]) -> tuple[Array, Array]:
            tensor, u = given
            w = _product(v, tensor)
            projected = vectors.conj() @ w
            cumulative = jnp.cumsum(jnp.sum(jnp.abs(projected) ** 2, axis=1))
            k = jnp.sum(u * cumulative[-1] >= cumulative[:-1])
            new = projected[k]
            return new / jnp.linalg.norm(new), parent[k]

        u = jax.random.uniform(key, self.shape, dtype=self._tensors.real.dtype)
        return jax.lax.scan(site, self._start(1), (self._tensors, u))[1]

    def log_prob(self, x: Int[Array, " N"], condition: Condition = None) -> Scalar:
        """log p(a_1 .. a_N), nats, in JAX's default precision; -inf where impossible."""
        if self.rank_one:
            step, start, given = _vector, self._start(1), self.vectors
        elif jnp.iscomplexobj(self.tensors):
            step, start, given = _overlap, self._start(2), self.effects
        else:
            step, start, given = _packed, self._start(2).real, self.effects
        outcomes = jnp.asarray(given)[jnp.asarray(x).astype(jnp.int32)]

        def site(known: Array, given: tuple[Array, Array]) -> tuple[Array, Scalar]:
            new, p = step(known, *given)
            possible = jnp.where(p > 0, p, 1.0)
            scale = jnp.sqrt(possible) if new.ndim == 1 else possible
            return new / scale, jnp.where(p > 0, jnp.log(possible), -jnp.inf)

        return jnp.sum(jax.lax.scan(site, start, (self._tensors, outcomes))[1])

    @property
    def _tensors(self) -> Array:
        return jnp.asarray(self.tensors)

    def _start(self, axes: int) -> Array:
        """The left end: index 0 of the outer bond."""
        D = self.tensors.shape[1]
        start = jnp.zeros((D,) * axes, dtype=jnp.asarray(self.effects).dtype)
        return start.at[(0,) * axes].set(1.0)


def _vector(v: Array, tensor: Array, e: Array) -> tuple[Array, Scalar]:
    """An outcome |e><e|: the vector after the site and its weight."""
    new = jnp.sum(e.conj()[:, None] * _product(v, tensor), axis=0)
    return new, jnp.sum(jnp.abs(new) ** 2)


def _overlap(L: Array, tensor: Array, M: Array) -> tuple[Array, Scalar]:
    """An outcome of any rank: the overlap ``[bra, ket]`` after the site and its weight."""
    D = len(L)
    half = _on_site(M, _product(L, tensor)).reshape(-1, D)
    new = tensor.conj().reshape(-1, D).T @ half
    return new, jnp.trace(new).real


def _packed(R: Array, tensor: Array, M: Array) -> tuple[Array, Scalar]:
    """``_overlap`` of a real state, with the Hermitian L kept as the real R = Re L + Im L.

    Re L is symmetric and Im L antisymmetric, so R holds both and R^T = Re L - Im L; the real and
    imaginary parts of M L then add up to Re M R + Im M R^T, in real products only.
    """
    D = len(R)
    half = _on_site(M.real, _product(R, tensor)) + _on_site(M.imag, _product(R.T, tensor))
    # Transposed twice, so that a batch of them is one matrix product.
    new = (half.reshape(-1, D).T @ tensor.reshape(-1, D)).T
    return new, jnp.trace(new)


def _on_site(M: Array, half: Array) -> Array:
    """M[t, s] half[l, s, r], written out, since compiled batches of such small products are
    slow."""
    terms = [M[None, :, s, None] * half[:, None, s] for s in range(len(M))]
    return functools.reduce(jnp.add, terms)


def _product(v: Shaped[Array, "... l"], tensor: Shaped[Array, "l s r"]) -> Array:
    """v[l] A[l, s, r]; a real tensor is not converted to complex, which would double the cost."""
    flat, shape = tensor.reshape(len(tensor), -1), (*v.shape[:-1], *tensor.shape[1:])
    if jnp.iscomplexobj(v) and not jnp.iscomplexobj(tensor):
        return jax.lax.complex(v.real @ flat, v.imag @ flat).reshape(shape)
    return (v @ flat).reshape(shape)


def measured(state: State, povm: Povm) -> MeasuredState:
    """The distribution of outcomes of a measurement on every site of a state.

    Raises:
        InputError: if the measurement is of sites of another dimension.
    """
    if isinstance(state, LocallyDepolarized):
        return measured(state.state, povm.depolarized(state.p))
    if povm.dimension != state.dimension:
        raise InputError(
            f"{povm.name} measures sites of dimension {povm.dimension} where the state has sites "
            f"of dimension {state.dimension}: give a measurement of such sites"
        )
    vectors, parent = povm.refined()
    return MeasuredState(state.tensors, povm.effects, vectors, parent)


def sample_outcomes(state: State, povm: Povm, n: int, key: PRNGKey) -> UInt8[np.ndarray, "n N"]:
    """``n`` exact shots; shot i depends on the key and on i alone.

    Raises:
        InputError: if n is below one, or the measurement is of sites of another dimension.

    >>> import jax
    >>> from energeia.physics.quantum.mps import ghz
    >>> from energeia.physics.quantum.povm import pauli_4
    >>> sample_outcomes(ghz(5), pauli_4(), 3, jax.random.key(0)).shape
    (3, 5)
    """
    if n < 1:
        raise InputError(f"{n} shots were requested: request at least one")

    index = np.arange(n, dtype=np.uint32)
    return map_rows(_samples, index, size=_SAMPLES, carry=(measured(state, povm), key))


def log_prob(
    state: State,
    povm: Povm,
    outcomes: Int[np.ndarray, "*rows N"],
) -> Float[np.ndarray, "*rows"]:
    """Exact log-probabilities of strings of outcomes, nats.

    In float32 a string of 50 sites is good to about 1e-5; under ``jax.enable_x64(True)``, to 1e-13.

    Raises:
        InputError: for strings of another length, or outcomes that the measurement does not have.
    """
    model = measured(state, povm)
    strings = np.asarray(outcomes)
    if strings.ndim < 1 or strings.shape[-1:] != model.shape:
        raise InputError(
            f"outcomes of shape {strings.shape} were given for a state of {model.shape[0]} sites: "
            "give one outcome a site, sites last"
        )
    if strings.size and not 0 <= strings.min() <= strings.max() < povm.n_outcomes:
        raise InputError(
            f"outcomes from {strings.min()} to {strings.max()} were given where {povm.name} has "
            f"outcomes 0 to {povm.n_outcomes - 1}: relabel them"
        )
    rows = strings.reshape(-1, strings.shape[-1])
    size = _SAMPLES if model.rank_one else _OVERLAPS
    found = map_rows(_log_probs, rows, size=size, carry=model)
    return found.reshape(strings.shape[:-1])


def _samples(carry: tuple[MeasuredState, Array], index: Array) -> Array:
    model, key = carry
    return jax.vmap(lambda i: model.sample(jax.random.fold_in(key, i)))(index)


def _log_probs(model: MeasuredState, rows: Array) -> Array:
    return jax.vmap(model.log_prob)(rows)
