"""One module for each contender. Each is run as a process of its own, in an environment of its own."""
