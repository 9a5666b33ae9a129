"""The pages: what is generated in them, and where they point."""
