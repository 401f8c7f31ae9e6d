"""Arrays in, arrays out: autocorrelation, resampling, two-sample distances."""
