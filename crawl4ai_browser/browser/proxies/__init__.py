"""Proxies: which one an attempt has, the loopback forwarder in front of it, and what its end says of it."""
