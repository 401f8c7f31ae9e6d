"""The literature's names: parts, objective, defaults, citation.

applicable      each recipe with the reason why not
Assembly        what a recipe builds
FAMILIES        the five families
find            look a recipe up
one_per_family  the first of each family that fits
Problem         what a recipe must know of the data
Recipe          a name of the literature
RECIPES         every recipe by name
ReferenceRows   training rows shown to a builder
"""

from energeia._core.lazy import attach

attach(__name__)
