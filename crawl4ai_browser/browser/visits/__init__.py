"""Visits: one page taken to a URL, waited for, read and captured."""
