"""What a crawl keeps in its database. The only package that imports sqlite3."""
