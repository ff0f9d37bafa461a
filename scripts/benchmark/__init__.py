"""What a page costs: contenders visit the same pages with the same browser, and their process trees are measured."""
