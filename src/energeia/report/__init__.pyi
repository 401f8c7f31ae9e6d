from energeia.report.gather import report_runs as report_runs
from energeia.report.page import write_report as write_report
