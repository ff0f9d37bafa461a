"""The browser half: finds, provides and drives Chromium. The only importer of Playwright; values in, values out."""
