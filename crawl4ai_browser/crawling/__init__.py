"""The crawl's flow: from seeds to results.

Not called `crawl`: importing a module of a package `crawl4ai_browser.crawl` would bind that package over the public
function `crawl4ai_browser.crawl`.
"""
