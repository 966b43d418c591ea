"""Four seeded nights of the synthetic observatory: what was exposed when, and for which programme."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from demo.ephemeris import iso, mjd, period
from demo.instruments import INSTRUMENTS, Arm, Instrument, Template
from demo.targets import MARCH, OCTOBER, STANDARDS, Target

SEED = 20_240_731

#: the evening of each night, its targets and its standard star
NIGHTS = (
    (date(2024, 10, 3), OCTOBER, 0),
    (date(2024, 10, 4), OCTOBER, 1),
    (date(2025, 3, 28), MARCH, 0),
    (date(2025, 3, 29), MARCH, 1),
)
BLOCK_TIMES = (time(4), time(7))  #: UTC; when the night's two observation blocks begin
READOUT = 41.0  #: seconds between two exposures of a template
#: OBs whose data are not public: the end of their proprietary period lies far in the future
PROPRIETARY = frozenset({4_100_002, 4_100_071, 4_100_132, 4_100_191})
RELEASE = "2099-12-31T00:00:00.000"


@dataclass(frozen=True, slots=True)
class Block:
    """An observation block (OBS keywords)."""

    ob_id: int
    name: str
    prog_id: str
    title: str
    target: Target
    start: datetime
    filter: str = ""

    @property
    def release_date(self) -> str:
        """End of the proprietary period; empty when the data are public."""
        return RELEASE if self.ob_id in PROPRIETARY else ""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One raw file before it is written."""

    instrument: Instrument
    arm: Arm
    template: Template
    start: datetime
    tpl_start: datetime
    expno: int
    night: date
    target: Target | None
    block: Block
    filter: str
    counter: int

    @property
    def dp_id(self) -> str:
        """The archive's identifier: prefix and DATE-OBS."""
        return f"{self.instrument.prefix}.{iso(self.start)}"

    @property
    def origfile(self) -> str:
        """The name on the instrument's workstation: mode, type, day of the year, counter."""
        day = self.night.timetuple().tm_yday
        return f"{self.instrument.code}_{self.template.code}{day:03d}_{self.counter:04d}.fits"

    @property
    def end(self) -> datetime:
        """When the exposure ended."""
        return self.start + timedelta(seconds=self.template.exptime)

    @property
    def mjd(self) -> float:
        """MJD-OBS."""
        return mjd(self.start)


def observe(seed: int = SEED) -> list[Exposure]:
    """Every exposure of every night; the same for the same ``seed``, no two with one identifier."""
    rng = np.random.default_rng(seed)
    exposures: list[Exposure] = []
    used: set[str] = set()
    for number, (night, targets, index) in enumerate(NIGHTS):
        for place, instrument in enumerate(INSTRUMENTS):
            first = 4_100_000 + 10 * (number * len(INSTRUMENTS) + place)
            blocks = _blocks(instrument, night, targets[instrument.name][index], first)
            taken = _night(instrument, night, blocks, STANDARDS[number // 2], rng)
            for counter, exposure in enumerate(taken, 1):
                exposures.append(_distinct(replace(exposure, counter=counter), used))
    return exposures


def _distinct(exposure: Exposure, used: set[str]) -> Exposure:
    """``exposure``, later by milliseconds when its identifier is taken: the archive's own rule."""
    while exposure.dp_id in used:
        exposure = replace(exposure, start=exposure.start + timedelta(milliseconds=1))
    used.add(exposure.dp_id)
    return exposure


def _blocks(instrument: Instrument, night: date, targets: tuple[Target, ...], first: int) -> list[Block]:
    """The two science blocks of ``instrument``, and with ``ob_id`` = ``first`` the calibrations' block."""
    noon = datetime.combine(night, time(12), UTC)
    program = f"{period(noon)}.27{instrument.prefix[:2]}.001"
    nothing = Target("CALIB", 0, 0)
    blocks = [Block(first, "Calibrations", "60.A-9100(A)", "Calibration plan", nothing, noon)]
    for i, (target, begin) in enumerate(zip(targets, BLOCK_TIMES, strict=True), 1):
        start = datetime.combine(night + timedelta(days=1), begin, UTC)
        filter_name = instrument.filters[i - 1] if instrument.filters else ""
        name = f"{target.name.replace(' ', '_')}_{instrument.name}_{i}"
        title = f"Synthetic observations of {target.name}"
        blocks.append(Block(first + i, name, program, title, target, start, filter_name))
    return blocks


def _night(
    instrument: Instrument, night: date, blocks: list[Block], standard: Target, rng: np.random.Generator
) -> Iterator[Exposure]:
    """One night of one instrument: twilight flats, standard, science, the morning's calibrations."""
    calibrations, *science = blocks
    morning = night + timedelta(days=1)
    clock = {
        "twilight": datetime.combine(night, time(23, 32), UTC),
        "night": datetime.combine(morning, time(1), UTC),
        "morning": datetime.combine(morning, time(12, 10), UTC),
    }
    for template in sorted(instrument.templates, key=lambda t: list(clock).index(t.when)):
        if template.kind == "science":
            for block in science:
                yield from _run(instrument, template, block, block.target, block.start, night, rng)
            continue
        target = standard if template.kind == "standard" else None
        for filter_name in instrument.filters or ("",):
            block = replace(calibrations, filter=filter_name)
            yield from _run(instrument, template, block, target, clock[template.when], night, rng)
            clock[template.when] += timedelta(seconds=120 + template.nexp * (template.exptime + READOUT))


def _run(
    instrument: Instrument,
    template: Template,
    block: Block,
    target: Target | None,
    start: datetime,
    night: date,
    rng: np.random.Generator,
) -> Iterator[Exposure]:
    """The exposures of one template; arms expose side by side, a fraction of a second apart."""
    tpl_start = start.replace(microsecond=0)
    now = start + timedelta(seconds=17)
    for expno in range(1, template.nexp + 1):
        for name in template.arms:
            milliseconds = int(rng.integers(1, 1999))
            at = now + timedelta(milliseconds=milliseconds)
            aim = target
            if target and "JITTER" in template.tech:
                d_ra, d_dec = rng.uniform(-10 / 3600, 10 / 3600, 2)
                aim = replace(target, ra=round(target.ra + d_ra, 6), dec=round(target.dec + d_dec, 6))
            arm = instrument.arm(name)
            yield Exposure(
                instrument, arm, template, at, tpl_start, expno, night, aim, block, block.filter, 0
            )
        now += timedelta(seconds=template.exptime + READOUT)
