"""Sessions: one identity is one browser context, its pages, its way in, and what it remembers."""
