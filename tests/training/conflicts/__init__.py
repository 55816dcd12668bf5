"""Training of the decision on conflicts: `vectors` makes the word table, `train` the trees."""
