"""Figures, tables and the page, from run files alone.

report_runs   write a page about runs
write_report  write a page of gathered content
"""

from energeia._core.lazy import attach

attach(__name__)
