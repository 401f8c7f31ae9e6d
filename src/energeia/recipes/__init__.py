"""Methods of the literature: parts, objective, defaults, citation.

applicable       each recipe, with the reason if it does not fit
Assembly         the result of a recipe
FAMILIES         every family by name
Family           a family of models that are trusted in the same way
find             the recipe of a name
one_per_family   the first of each family that fits, and all baselines
Problem          the properties of the data that a recipe needs
Recipe           a method of the literature with options and citation
RECIPES          every recipe by name
ReferenceRows    training rows given to a builder
register         make a recipe of one's own known
register_family  make a family of one's own known
"""

from energeia._core.lazy import attach

attach(__name__)
