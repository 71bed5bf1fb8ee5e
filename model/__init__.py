"""HeLo: the network, its data, its training and its use. The only package that imports torch."""
