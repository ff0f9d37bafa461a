"""The command line: `crawl4ai-browser`. The only part that prints; results go to standard output, all else to error."""
