"""Tables in and out: the import of products, and exports for spreadsheets."""
