"""A Born machine: a matrix-product state whose measurement outcomes are the data.

p(a_1 .. a_N) = <psi| M_a1 x ... x M_aN |psi> / <psi|psi>, normalized and drawn from exactly for
any product measurement (Han et al. 2018, arXiv:1709.01662, for one basis; Glasser et al. 2019,
arXiv:1907.03741, for locally purified states).
"""

from typing import Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float, Int

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, ConditionalSampler, Density
from energeia.physics.quantum.mps import MatrixProductState, matrix_product_state
from energeia.physics.quantum.povm import PAULI, Povm


class Measurement(NamedTuple):
    """The effects of one qubit, as real arrays that a checkpoint can hold."""

    effects: Frozen
    """Real and imaginary part, shape ``(2, A, d, d)``."""
    vectors: Frozen | None
    """The vectors of rank-one effects |v><v|, shape ``(2, A, d)``; None if one is not."""

    @classmethod
    def of(cls, povm: Povm) -> "Measurement":
        """The arrays of a measurement, in single precision."""
        vectors, outcome = povm.refined()
        simple = len(outcome) == povm.n_outcomes
        return cls(Frozen(_parts(povm.effects)), Frozen(_parts(vectors)) if simple else None)


class BornMachine(Density, ConditionalSampler):
    """Outcomes of a product measurement of a matrix-product state, as codes 0 .. A-1.

    The tensor of a site has shape ``(D, d, K, D)``: bonds, the qubit, and a purification that is
    summed over, sum_k, so that K > 1 describes mixed states and K = 1 pure ones. The norm of the
    state is part of log p, so tensors need no canonical form. Real tensors describe states of real
    amplitudes, such as ground states of Hamiltonians without a magnetic field along Y, and need
    fewer shots.

    >>> import jax
    >>> from energeia.physics.quantum.povm import pauli_4
    >>> model = BornMachine.random(jax.random.key(0), pauli_4(), sites=3, bond=2)
    >>> codes = jax.numpy.indices((4, 4, 4)).reshape(3, -1).T
    >>> round(float(jax.numpy.exp(jax.vmap(model.log_prob)(codes)).sum()), 5)
    1.0
    """

    real: Float[Array, "N D d K D"]
    imaginary: Float[Array, "N D d K D"] | None
    phases: Frozen
    """1 where imaginary parts are used, 0 where the amplitudes are real."""
    measurement: Measurement
    condition_shape: None = eqx.field(static=True, default=None)

    @classmethod
    def random(
        cls, key: PRNGKey, povm: Povm, sites: int, bond: int, *, purification: int = 1,
        real: bool | None = False, noise: float = 0.1, signs: Literal["alike", "free"] = "alike",
        reference: Int[Array, "rows N"] | None = None,
    ) -> "BornMachine":  # fmt: skip
        """The product state of the marginals of reference rows, plus small noise on all bonds.

        Each bond channel transmits the product state, so that gradients couple distant sites from
        the first step. The noise is the same at every site, and with ``signs="alike"`` no number of
        it is negative in the eigenbasis of the site's density matrix. Signs matter: a sign change
        of the amplitudes at a site changes no expectation on either side of it, so that segments
        which converge to different signs are separated by domain walls that local updates do not
        remove (``studies/walls.md``). From noise of equal signs all segments converge to the same
        sign. Such noise also favors one product state, so that superpositions of two (long GHZ
        states) are found more often from ``"free"`` signs. A domain wall shows in the held-out
        likelihood: fit from several keys. With ``real=None`` the reference rows decide whether
        amplitudes are real: they are, unless an expectation with one Y is not zero
        (``shows_phases``).
        """
        d, D, K = povm.dimension, bond, purification
        basis = local = jnp.tile(jnp.eye(d, dtype=complex), (sites, 1, 1))
        if reference is not None:
            basis, weights = _eigenbasis(povm, reference)
            local = basis * weights[:, None]
        local = jnp.pad(local, ((0, 0), (0, 0), (0, max(K - d, 0))))[..., :K]
        draws = noise * jax.random.normal(key, (2, D, d, K, D)) / (D * d) ** 0.5
        first = jnp.abs(draws[0]) if signs == "alike" else draws[0]
        tensors = jnp.einsum("nsk,lm->nlskm", local, jnp.eye(D))
        tensors += jnp.einsum("nst,ltkm->nlskm", basis, first)
        phases = jnp.ones(())
        if real is None and reference is not None:
            phases = shows_phases(povm, reference).astype(tensors.real.dtype)
        imaginary = None if real else tensors.imag + draws[1]
        return cls(tensors.real, imaginary, Frozen(phases), Measurement.of(povm))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one string of outcomes."""
        return (len(self.real),)

    @property
    def tensors(self) -> Array:
        """The tensors, shape ``(N, D, d, K, D)``."""
        if self.imaginary is None:
            return self.real
        return self.real + 1j * self.phases.value * self.imaginary

    def measured_by(self, povm: Povm) -> "BornMachine":
        """The same state under another measurement of each qubit: exact, nothing is trained."""
        return BornMachine(self.real, self.imaginary, self.phases, Measurement.of(povm))

    def state(self) -> MatrixProductState:
        """The state, normalized; the site of a purified one is qubit and purification, d K."""
        sites, D, d, K, _ = self.real.shape
        arrays = np.asarray(self.tensors, np.complex128 if self.imaginary is not None else float)
        arrays = arrays.reshape(sites, D, d * K, D)
        return matrix_product_state([arrays[0][:1], *arrays[1:-1], arrays[-1][..., :1]])

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(a_1 .. a_N), exact, in nats; codes may come as floats."""
        codes = jnp.round(x).astype(int)
        pure = self.measurement.vectors is not None and self.real.shape[3] == 1
        weight = self._log_amplitude(codes) if pure else self._log_weight(codes)
        return weight - self._log_norm()

    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " N"]:
        """One string, site after site, each from its conditional distribution."""
        return self._kept(key, jnp.zeros(self.shape), jnp.zeros(self.shape, bool))[0]

    def complete(
        self, key: PRNGKey, x: Float[Array, " N"], known: Bool[Array, " N"],
        condition: Condition = None,
    ) -> tuple[Float[Array, " N"], Scalar]:  # fmt: skip
        """An exact draw of the other outcomes given the known ones; log weight = log p(known).

        Outcomes that are not known are summed over: the effects of a measurement add up to the
        identity. So the weight is constant whichever sites are known.
        """
        drawn, log_weight = self._kept(key, x, known)
        return drawn, log_weight - self._log_norm()

    def _kept(self, key: PRNGKey, x: Array, known: Array) -> tuple[Array, Scalar]:
        """Known codes and draws of the others, with log <psi| M_known |psi>."""
        effects = _whole(self.measurement.effects.value)
        # Unknown sites may hold NaN, which is no code.
        given = jnp.where(known, jnp.round(jnp.where(known, x, 0.0)), 0.0).astype(int)
        identity = jnp.eye(effects.shape[-1])
        summed = jnp.where(known[:, None, None], effects[given], identity)

        def step(left: Array, at: tuple) -> tuple[Array, Array]:
            tensor, right, key, value, fixed = at
            opened = jnp.einsum("xl,lskm->xskm", left, tensor)
            measured = jnp.einsum("ats,xskm->axtkm", effects, opened)
            every = jnp.einsum("xtkn,axtkm->anm", jnp.conj(tensor), measured)
            p = jnp.einsum("anm,nm->a", every, right).real
            code = jax.random.categorical(key, jnp.log(jnp.maximum(p, 0.0)))
            code = jnp.where(fixed, value, code)
            return every[code] / p[code], code

        steps = (
            self.tensors, self._right(summed), jax.random.split(key, len(self.real)), given, known,
        )  # fmt: skip
        codes = jax.lax.scan(step, self._edge(), steps)[1].astype(self.real.dtype)
        return codes, _log_chain(self._edge(), self.tensors, summed)

    def _edge(self) -> Array:
        """The environment outside of the chain: bond 0 alone."""
        D = self.real.shape[1]
        return jnp.zeros((D, D), self.tensors.dtype).at[0, 0].set(1.0) + 0j

    def _log_amplitude(self, codes: Int[Array, " N"]) -> Scalar:
        """log |<v_a1 .. v_aN|psi>|^2 of a pure state and rank-one effects: a chain of vectors."""
        assert self.measurement.vectors is not None
        vectors = _whole(self.measurement.vectors.value).conj()
        chosen = jax.nn.one_hot(codes, len(vectors)) @ vectors

        def step(left: Array, at: tuple[Array, Array]) -> tuple[Array, Scalar]:
            tensor, vector = at
            opened = jnp.tensordot(left, tensor[:, :, 0], 1)
            return _scaled(vector @ opened)

        left, logs = jax.lax.scan(step, self._edge()[0], (self.tensors, chosen))
        return jnp.sum(logs) + jnp.log(jnp.abs(left[0]) ** 2)

    def _log_weight(self, codes: Int[Array, " N"]) -> Scalar:
        """log <psi| M_a1 .. M_aN |psi>: a chain of matrices."""
        effects = _whole(self.measurement.effects.value)
        size = len(effects)
        chosen = jnp.tensordot(jax.nn.one_hot(codes, size), effects, 1)
        return _log_chain(self._edge(), self.tensors, chosen)

    def _log_norm(self) -> Scalar:
        """log <psi|psi>: the chain whose effects are the identity."""
        sites, _, d, _, _ = self.real.shape
        return _log_chain(
            self._edge(), self.tensors, jnp.tile(jnp.eye(d, dtype=complex), (sites, 1, 1))
        )

    def _right(self, effects: Complex[Array, "N d d"]) -> Complex[Array, "N D D"]:
        """The environment to the right of each site under one effect each, up to a factor."""

        def step(right: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
            tensor, effect = at
            opened = jnp.einsum("ts,lskm->ltkm", effect, tensor)
            new = jnp.einsum("xtkn,ltkm,nm->xl", jnp.conj(tensor), opened, right)
            return new / jnp.trace(new).real, right

        return jax.lax.scan(step, self._edge(), (self.tensors, effects), reverse=True)[1]


def _log_chain(edge: Array, tensors: Array, effects: Array) -> Scalar:
    """log of the product of the sites' transfer matrices with one effect each."""

    def step(left: Array, at: tuple[Array, Array]) -> tuple[Array, Scalar]:
        tensor, effect = at
        opened = jnp.einsum("xl,lskm->xskm", left, tensor)
        measured = jnp.einsum("ts,xskm->xtkm", effect, opened)
        new = jnp.einsum("xtkn,xtkm->nm", jnp.conj(tensor), measured)
        size = jnp.trace(new).real
        return new / size, jnp.log(size)

    left, logs = jax.lax.scan(step, edge, (tensors, effects))
    return jnp.sum(logs) + jnp.log(left[0, 0].real)


def _scaled(vector: Array) -> tuple[Array, Scalar]:
    """A vector of norm one, and the log of its squared norm."""
    size = jnp.sum(jnp.abs(vector) ** 2)
    return vector / jnp.sqrt(size), jnp.log(size)


def _eigenbasis(
    povm: Povm, codes: Int[Array, "rows N"]
) -> tuple[Complex[Array, "N d d"], Float[Array, "N d"]]:
    """Eigenvectors (columns) of each site's density matrix, and the roots of their weights.

    rho = sum_a p_a D_a with the frequencies p and the dual frame D of the measurement; the largest
    weight comes first. The eigenvectors of a nearly white matrix are noise, other ones at each
    site: one common direction replaces them.
    """
    frequencies = jnp.mean(jax.nn.one_hot(codes.astype(int), povm.n_outcomes), axis=0)
    rho = jnp.tensordot(frequencies, jnp.asarray(povm.dual), 1)
    rho = (rho + jnp.swapaxes(rho, 1, 2).conj()) / 2
    spread = jnp.ptp(jnp.linalg.eigvalsh(rho), axis=1)
    common = jnp.arange(povm.dimension, 0, -1.0) / jnp.linalg.norm(jnp.arange(povm.dimension) + 1.0)
    white = (spread < WHITE)[:, None, None]
    values, vectors = jnp.linalg.eigh(rho + WHITE * white * jnp.outer(common, common))
    # A phase that makes the largest component real, so that real states start real.
    lead = jnp.take_along_axis(vectors, jnp.argmax(jnp.abs(vectors), axis=1)[:, None], axis=1)
    vectors = vectors * jnp.conj(lead) / jnp.abs(lead)
    return vectors[:, :, ::-1], jnp.sqrt(jnp.maximum(values, 1e-3))[:, ::-1]


WHITE = 0.1
"""Gap of eigenvalues below which the eigenvectors of a site's marginal are not determined."""

SIGNIFICANT = 5.0
"""Standard errors: 250 expectations of a real state pass them in one of 7,000 sets of shots."""


def shows_phases(povm: Povm, codes: Int[Array, "rows N"]) -> Bool[Array, ""]:
    """Whether some <Y_i>, or <Y_i P_j> of neighbors with P = X or Z, is not zero.

    All of them vanish where amplitudes are real, since Y is imaginary. Estimated from the dual
    frame, each with its own error. Sites that are not qubits are assumed to have phases.
    """
    if povm.dimension != 2:
        return jnp.asarray(True)
    duals = [np.einsum("aij,ji->a", povm.dual, PAULI[name]).real for name in "XYZ"]
    x, y, z = (jnp.asarray(dual, jnp.result_type(float))[codes.astype(int)] for dual in duals)
    pairs = [y[:, :-1] * p[:, 1:] for p in (x, z)] + [p[:, :-1] * y[:, 1:] for p in (x, z)]
    terms = jnp.concatenate([y, *pairs], axis=1)
    error = jnp.std(terms, axis=0) / len(terms) ** 0.5
    return jnp.any(jnp.abs(jnp.mean(terms, axis=0)) > SIGNIFICANT * error)


def _parts(values: np.ndarray) -> Array:
    """Real and imaginary part: checkpoints hold real arrays."""
    return jnp.asarray(np.stack([np.real(values), np.imag(values)]), jnp.result_type(float))


def _whole(parts: Array) -> Array:
    return parts[0] + 1j * parts[1]
