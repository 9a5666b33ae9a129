"""The table and the core with one thing changed, again and again: do the tests notice?"""
