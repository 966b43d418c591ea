"""What taplint says is read."""

from health.checks.stilts import read_report

REPORT = """
Section QGE: Make ADQL queries in sync GET mode
E-QGE-DQUP-1 Duplicate column in SELECT
W-MDQ-CTYP-1 Declared/result type mismatch (3 more)
F-UWS-TIME-1 Job is not responding
Totals: Errors: 1; Warnings: 1; Infos: 4; Summaries: 9; Failures: 1
"""


def test_errors_and_failures_are_problems_and_warnings_are_doubts() -> None:
    verdict = read_report(REPORT)
    assert verdict.problems == (
        "QGE-DQUP: Duplicate column in SELECT",
        "UWS-TIME: Job is not responding",
    )
    assert verdict.doubts == ("MDQ-CTYP: Declared/result type mismatch (3 more)",)


def test_a_clean_report_is_its_totals() -> None:
    verdict = read_report("Totals: Errors: 0; Warnings: 0; Infos: 4; Summaries: 9; Failures: 0\n")
    assert (verdict.status, verdict.detail[:17]) == ("ok", "Totals: Errors: 0")


def test_a_program_that_does_not_run_is_no_fault_of_the_server() -> None:
    assert read_report("java: not found").status == "warning"
