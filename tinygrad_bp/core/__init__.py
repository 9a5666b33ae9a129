"""`Value`, and the derivatives of functions of values."""
