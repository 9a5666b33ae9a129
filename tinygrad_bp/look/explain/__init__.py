"""A gradient with its reasons."""
