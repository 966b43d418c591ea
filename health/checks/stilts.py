"""STILTS's own validators, where they are installed: taplint, the reference among those of TAP."""

import re
import shutil
import subprocess
from collections.abc import Iterator

from health.site import Site
from health.verdict import Check, Verdict

#: All stages but LOC, which is about the data model of planned observations, and TMV and CPV, which fetch
#: schemas from the network: `health.xsd` has them.
STAGES = "TME TMS TMC CAP AVV QGE QPO QAS UWS MDQ OBS UPL EXA"
LONGEST = 900.0  #: seconds for all of them
#: A line of the report: E-QGE-DQUP-1 and a message; E and F are faults, W is a warning.
LINE = re.compile(r"([EFW])-(\w+-\w+)-\d+x? (.*)")
SUMMARY = re.compile(r"^Totals: .*$", re.MULTILINE)


def checks() -> Iterator[Check]:
    """taplint, if there is one."""
    if (program := shutil.which("stilts")) is not None:
        yield Check("tap", "taplint", lambda site: look_at_taplint(site, program))


def look_at_taplint(site: Site, program: str) -> Verdict:
    """What taplint says of the TAP service."""
    address = f"tapurl={site.asked_at or site.root}/tap"
    command = [program, "taplint", f"stages={STAGES}", "report=EWF", "maxrepeat=3", address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return Verdict("", (), (f"taplint has not ended in {LONGEST:g} s",))
    return read_report(done.stdout + done.stderr)


def read_report(report: str) -> Verdict:
    """The verdict of a report."""
    totals = SUMMARY.search(report)
    if totals is None:
        return Verdict("", (), (f"taplint did not run: {report[-200:]}",))
    lines = [(kind, f"{code}: {text}") for kind, code, text in LINE.findall(report)]
    problems = [text for kind, text in lines if kind != "W"]
    return Verdict.of(totals[0], problems, [text for kind, text in lines if kind == "W"])
