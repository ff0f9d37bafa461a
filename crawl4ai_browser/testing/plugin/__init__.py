"""The pytest plugin. `hooks` is what pytest loads; the other modules come when a test uses them."""
