"""`python -m crawl4ai_browser` is the command `crawl4ai-browser`."""

from crawl4ai_browser.cli.main import main

if __name__ == "__main__":
    main()
