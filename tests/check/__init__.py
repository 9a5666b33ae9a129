"""The checker on trial: what it says of gradients whose rightness is known."""
