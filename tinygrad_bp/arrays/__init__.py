"""NumPy at home: arrays of `Value`s, and NumPy's functions of them by the rules of the table."""
