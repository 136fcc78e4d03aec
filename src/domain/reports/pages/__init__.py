"""Reports for people: HTML pages, tables, forms and SVG charts, without a script."""
