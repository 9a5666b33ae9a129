"""The checks of `lint`, each a function from what is looked at to its findings."""
