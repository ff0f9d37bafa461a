"""Typed data out of documents: items by a schema, and what pages say about themselves as data."""
