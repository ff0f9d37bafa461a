"""Cassettes: what a crawl was answered, recorded once and served again without network."""
