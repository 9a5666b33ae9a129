"""The player: a page on which back-propagation, or a training run, is gone through step by step."""
