"""Figures, tables and the page, from run files alone.

plot          make them: plot(run).pairs()
Plots         the figures of a run
report_runs   write a page about runs
write_report  write a page of gathered content
"""

from energeia._core.lazy import attach

attach(__name__)
