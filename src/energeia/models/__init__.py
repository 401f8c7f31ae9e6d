"""Whole generative models.

AnyOrder              every column given any others, by one network
BoltzmannModel        exp(-E) / Z, sampled by annealed chains
BornMachine           outcomes of a measured matrix-product state
CausalNetwork         p(y) = prod_i p(y_i | h_i) with any causal stack
ChainDiagnostics      a model whose chains can be diagnosed
ChannelOutputs        outputs of the channels of a site, one after the other
conditional_sampler   draws that keep known values, where a model has them
conditional_target    chains on p(unknown | known)
ConditionalTarget     its energy, kernel and starts
ConditionScaling      standardize conditions
DensityInUnits        a density in the user's units
Dequantized           a density of reals as a distribution of codes
encoder_of            the encoder of a model, where it has one
EnergyInUnits         an energy in the user's units
Ensemble              the mixture of several densities
Flow                  a base density transformed by a bijection
FlowEncoder           a flow as a map to latent vectors and back
GameModel             an energy and its generator
GeneratorInUnits      a generator in the user's units
HasLandscape          a model that may have a landscape
ImplicitGenerator     x = G(z, condition)
importance_log_partition  log Z of an energy by draws of a density
joint_of              p(x, z) of a model, where it has latent vectors
KGram                 conditional tables of counts
Landscape             an energy of real coordinates for chains
LatentInUnits         a latent-variable model in the user's units
LatentJoint           p(z) p(x | z) in the user's units
LatentSpace           what latent vectors are: prior and posteriors
LinearAutoregressive  logistic regressions on the columns before
LogPartition          an energy whose log Z can be estimated
MachineEncoder        hidden units of a Boltzmann machine and back
Made                  a masked autoregressive network
measured_law          a model of true values as one of measured ones
MeasuredMixture       rows with errors under a mixture, exactly
MeasuredModel         rows with errors under any other model, by weights
Mixed                 discrete columns, then the others given them
NormalSpace           real latent vectors, posteriors and prior by flows if asked
OrdersInUnits         a model in any order in the user's units
PartitionEstimate     that log Z, its sides and its warnings
RasterDensity         rows and images in raster order, by any causal network
RotationSpace         rotations as unit quaternions
SequentialDensity     base of densities drawn column after column
SphereSpace           directions or angles
Stack                 a mixture of densities of different kinds
stochastic_sampler    draws of a diffusion by its stochastic equation
StochasticDraws       those draws in the user's units
StochasticSampler     the stochastic equation of a diffusion
Symmetrized           the average of a density over a finite group
UpToSign              a density of rotations from one of quaternions
Vae                   a variational autoencoder
VaeEncoder            q(z | x) and p(x | z) in the user's units
VariationalNoise      learned places of codes in their cells
VelocityInUnits       a continuous flow while it is trained, in the user's units
VelocityModel         a continuous flow while it is trained
"""

from energeia._core.lazy import attach

attach(__name__)
