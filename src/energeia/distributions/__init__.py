"""Densities with closed forms, and heads and likelihoods of single columns.

AtCondition                a conditional density at one condition
Bernoulli                  a binary column given its logit
BernoulliLikelihood        p(1) = sigmoid(p0)
CategoricalLikelihood      p(k) = softmax(p)_k
ColumnLikelihood           a distribution of one value given real numbers
ColumnLikelihoods          independent columns, each with the likelihood of its support
Columns                    one head for each column, as flat vectors
columns_of                 the heads that fit a support
Components                 the parameters of an elliptic mixture
DiscretizedLogistics       an ordered column as logistics integrated over cells
draw_von_mises             angles of the von Mises distribution
EllipticMixture            normal or Student-t components with full covariances, and codes
FiniteProduct              independent variables on finite alphabets
fit_kernels                a kernel density of rows, widths by leaving one out
fit_mixture                an elliptic mixture of rows, by expectation maximization
Head                       a family of distributions of one number
KernelDensity              a kernel at each of some rows
likelihood_of              the likelihood that fits a column
LogisticLikelihood         logistics integrated over cells
NormalDiag                 N(mean, diag(scale^2))
NormalLikelihood           a mixture of Gaussians over the reals
Ordinal                    an ordered column by a few smooth functions of its codes
PowerSpherical             directions around given ones
product_of_alphabets       independent variables, uniform on alphabets of their own
product_of_marginals       independent variables with the frequencies of rows
ProductBase                normal numbers, uniform angles, directions and rotations
ProjectedNormalLikelihood  directions of planar Gaussians
RealPeriodicBase           normal columns on the line, uniform ones on the circle
Softmax                    a categorical column given its logits
StandardNormal             independent N(0, 1) numbers
student_base               the base of a flow, with the tails of rows
StudentBase                independent t numbers whose tails are learned, and uniform angles
StudentMixture             a real column, its tail included
TruncatedNormal            truncated normal numbers
Uniform                    independent uniform numbers
uniform_product            independent variables, uniform on one alphabet
WrappedMixture             an angle
"""

from energeia._core.lazy import attach

attach(__name__)
