"""The pages, and the two kinds of content in them that are made and not written."""
