"""A document to its content: Markdown, links, media, tables, metadata. Pure: values in, values out."""
