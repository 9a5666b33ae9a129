"""Training: epochs, batches, and the ways through them."""
