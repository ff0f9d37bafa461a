"""Pictures of pages, and records of what they ask for and say."""
