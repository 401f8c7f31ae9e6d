"""Figures, tables and the page. Reads run files only."""
