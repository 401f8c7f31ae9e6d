"""What a variable is: a product of factors, each with the values that it may take. Needs no JAX."""

from energeia.support.alphabets import Alphabet as Alphabet
from energeia.support.alphabets import Binary as Binary
from energeia.support.alphabets import Categorical as Categorical
from energeia.support.alphabets import Integer as Integer
from energeia.support.declaration import parse as parse
from energeia.support.factor import Continuous as Continuous
from energeia.support.factor import Factor as Factor
from energeia.support.factor import functions_of as functions_of
from energeia.support.kinds import CONTINUOUS as CONTINUOUS
from energeia.support.kinds import CURVED as CURVED
from energeia.support.kinds import DISCRETE as DISCRETE
from energeia.support.kinds import KINDS as KINDS
from energeia.support.links import SpecialUnitary as SpecialUnitary
from energeia.support.manifolds import Rotation as Rotation
from energeia.support.manifolds import Simplex as Simplex
from energeia.support.manifolds import Sphere as Sphere
from energeia.support.numbers import Above as Above
from energeia.support.numbers import Circle as Circle
from energeia.support.numbers import Interval as Interval
from energeia.support.numbers import Positive as Positive
from energeia.support.numbers import Real as Real
from energeia.support.product import Support as Support
from energeia.support.product import describe as describe
