from energeia.report.gather import report_runs as report_runs
from energeia.report.page import write_report as write_report
from energeia.report.plots import Plots as Plots
from energeia.report.plots import plot as plot
