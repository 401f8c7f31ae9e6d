"""log Z of solved targets by every method, in the user's units, and what is refused."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.cli.main import main
from energeia.data.named.targets import open_target
from energeia.energies import energy, target_of
from energeia.errors import InputError
from energeia.evaluation import LogZSettings, log_z_of
from energeia.support import Binary, Real, Support

SAMPLED = ("smc", "annealing", "tempering")
SMALL = LogZSettings(chains=128, temperatures=1000, populations=16, draws=800)
GAMMA = target_of(
    energy(lambda x: jnp.sum(x - 2.0 * jnp.log(x)), 2, "*: positive"), location=1.0, scale=0.6
)
"""Gamma(3) in each of two columns: log Z = 2 log 2."""
ANGLE = target_of(energy(lambda x: -2.0 * jnp.cos(x[0] - 1.0), 1, "*: circle(0, 6.283185307)"))
"""A von Mises law: log Z = log(2 pi I_0(2))."""
SOLVED = {
    "positive": (GAMMA, 2 * np.log(2.0)),
    "circle": (ANGLE, np.log(2 * np.pi * np.i0(2.0))),
    "wells": (open_target("double-well:d=3,height=6"), None),
    "spins": (open_target("ising:L=3,beta=0.3,h=0.1"), None),
}


@pytest.mark.parametrize("name", SOLVED)
@pytest.mark.parametrize("method", SAMPLED)
def test_log_z_is_that_of_solved_targets(name, method):
    target, truth = SOLVED[name]
    found = log_z_of(target, method, settings=SMALL)
    truth = found.exact if truth is None else truth
    # Equal steps in beta are too few at first, where a quartic energy of a wide base is large.
    assert found.value.stderr < (0.3 if method == "annealing" else 0.1)
    assert abs(found.value.value - truth) < 4 * found.value.stderr
    if found.certificate is not None:
        assert found.certificate.value < truth


def test_enumeration_is_exact():
    target = open_target("ising:L=4,beta=0.3,h=0.1")
    found = log_z_of(target, "enumeration")
    assert found.value.kind == "exact"
    assert abs(found.value.value - found.exact) < 1e-5
    assert abs(found.value.value - log_z_of(open_target("ising:L=4,beta=0.31,h=0.1")).exact) > 0.1


def test_at_a_condition():
    target = open_target("double-well:d=2,height=2..6")
    for height in (2.0, 6.0):
        found = log_z_of(target, condition=[height], settings=SMALL)
        assert abs(found.value.value - found.exact) < 4 * found.value.stderr
        assert found.exact == target.log_partition(np.array([height]))


def test_the_command_prints_what_the_verb_returns(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["log-z", "ising:L=3,beta=0.3", "--method", "enumeration", "--json"])
    printed = json.loads(capsys.readouterr().out)
    found = energeia.log_z("ising:L=3,beta=0.3", "enumeration")
    assert printed["value"]["value"] == pytest.approx(found.value.value, rel=1e-12)
    with pytest.raises(SystemExit, match="0"):
        main(["log-z", "double-well:d=1", "--chains", "64", "--populations", "4"])
    text = capsys.readouterr().out
    assert "lower bound" in text
    assert "certified" in text


@pytest.mark.parametrize(
    ("target", "given", "message"),
    [
        ("funnel", {"method": "mbar"}, "method 'mbar' is not known"),
        ("funnel", {"method": "enumeration"}, "finite alphabets"),
        ("ising:L=8", {"method": "enumeration"}, "4,194,304 configurations"),
        ("double-well:height=2..6", {}, "0 values of a condition .* 1: height"),
        ("double-well", {"condition": [1.0]}, "1 values of a condition .* has 0"),
        ("nowhere", {}, "not known"),
    ],
)
def test_what_cannot_be_integrated_is_refused(target, given, message):
    with pytest.raises(InputError, match=message):
        energeia.log_z(target, **given)


def test_mixed_columns_are_refused():
    free = energy(lambda x: jnp.sum(x**2), 2)
    mixed = target_of(free, Support.of([Binary(), Real()]))
    with pytest.raises(InputError, match="no kernel moves together"):
        log_z_of(mixed)
