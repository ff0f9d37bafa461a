"""Politeness: what robots.txt allows, and when a host may be visited again."""
