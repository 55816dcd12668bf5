"""Texts to vectors: the only room that imports fastembed, and the home of the bundled model.

`catalog` tells which models there are, `embedder.load` makes one ready, `download.pull` fetches one.
Importing this package or `catalog` costs nothing; fastembed comes in when one of them is asked to work.
"""
