"""Actions performed on a page: input, scrolling, lists, overlays."""
