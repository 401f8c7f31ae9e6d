"""The layers that Equinox lacks.

AttentionBlock         attention, then an MLP, normalized first
CausalField            causal convolutions of a field
CausalStack            a causal map of sequences
Cell                   the elementwise part of a recurrent unit
ChannelsFirst          outputs of a network by kind, not by site
Convolution            a strided convolution
DiagonalLstm           recurrent layers over the diagonals of a field
FieldCache             what a causal field keeps while one is drawn
FieldNetwork           convolutions of a field of any size
fourier_features       sines and cosines of octaves
GatedLayer             gated convolutions of two causal stacks
Gru                    gated recurrent units
HiddenUnits            of a masked network, all at once or label after label
ImageDecoder           a vector to a flattened image
ImageEncoder           a flattened image to a vector
Lstm                   long short-term memory
MaskedLinear           a linear map with autoregressive mask
MLP                    dense layers with silu
NegativeGradient      minus the gradient of a network of time
PooledNetwork          the sum or mean over the sites of one
RasterNetwork          a network of fields that sees the sites before
RecurrentCache         what a recurrent field keeps while one is drawn
RecurrentField         the diagonal BiLSTM
RecurrentStack         recurrent layers, all in one loop
ReshapedNetwork        a network of fields as one of flat rows
ResidualBlock          a residual block, the identity at first
ResidualNet            affine, residual blocks, affine
TimedNet              a residual network of a time and a vector
Transformer            blocks of causal attention
TransposedConvolution  its adjoint
"""

from energeia._core.lazy import attach

attach(__name__)
