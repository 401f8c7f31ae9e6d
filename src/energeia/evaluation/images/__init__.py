"""Measures of generated images: classes of StackedMNIST, anomalies of held-out digits."""
