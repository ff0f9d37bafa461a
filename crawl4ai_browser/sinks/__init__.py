"""Sinks: where results go. One module a format; all bytes pass through `output_file`, so only it knows about files."""
