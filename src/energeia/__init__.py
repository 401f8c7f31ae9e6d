"""Generative modeling for physicists: densities, samplers and energies under one interface.

    fit, resume, load          train and reopen runs
    compare, evaluate, score   measure models side by side, or one by one
    inspect, open_data         describe data before modeling
    log_z                      the normalization of an energy, by several methods
    energy                     a plain function as an energy
    plot                       figures of a run, for notebooks
    mutual_information         a bound on I(X; Z) from paired rows
    batched                    a function of one configuration, for any number of them
    Estimate, Support          a number with error and kind; what a variable is
    errors                     what can be raised

The parts are in packages, each with a table of its members in its docstring: ``bijections``,
``distributions``, ``energies``, ``mcmc``, ``objectives``, ``physics``, ``models``, ``nn``,
``stats``, ``data``, ``training``, ``evaluation``, ``recipes``, ``runs``, ``report``; the abstract
classes they share are in ``contracts``. All of it is loaded on first use, so that
``energeia --help`` never waits for JAX.
"""

from energeia._core.lazy import attach

__version__ = "0.1.0"

attach(__name__)
