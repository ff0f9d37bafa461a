"""Finds the browser of this machine, provides one where none is, and says what is wrong with it."""
