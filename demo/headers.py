"""The primary header of a synthetic raw frame: the keywords of ESO's data interface, category by category.

Every file says that it is synthetic: ``HIERARCH VOS SYNTHETIC = T`` and an ORIGIN that is not ESO's.
"""

from math import cos, radians

import numpy as np

from demo.ephemeris import ALTITUDE, LATITUDE, LONGITUDE, iso, mjd, pointing, sidereal_time
from demo.fitsbytes import Card
from demo.observatory import Exposure

ORIGIN = "SYNTHETIC-PARANAL"  #: no file of the synthetic observatory passes for one of ESO's

#: guide star and lamp positions change nothing that is tested; their values are drawn once per file
_AMBIENT = (
    ("AMBI FWHM START", 0.55, 1.6, 2, "[arcsec] Seeing at start"),
    ("AMBI FWHM END", 0.55, 1.6, 2, "[arcsec] Seeing at end"),
    ("AMBI PRES START", 741.0, 745.0, 2, "[hPa] Ambient pressure at start"),
    ("AMBI PRES END", 741.0, 745.0, 2, "[hPa] Ambient pressure at end"),
    ("AMBI RHUM", 4.0, 38.0, 1, "[%] Relative humidity"),
    ("AMBI TEMP", 7.0, 15.5, 2, "[Celsius] Ambient temperature"),
    ("AMBI WINDSP", 0.5, 13.0, 2, "[m/s] Wind speed"),
    ("AMBI WINDDIR", 0.0, 359.0, 0, "[deg] Wind direction"),
    ("AMBI TAU0", 0.0015, 0.007, 6, "[s] Average coherence time"),
    ("AMBI IRSKY TEMP", -105.0, -70.0, 2, "[Celsius] Sky temperature"),
    ("AMBI IWV START", 0.8, 6.0, 2, "[mm] Integrated water vapour"),
    ("IA FWHM", 0.5, 1.4, 2, "[arcsec] Delivered seeing corrected by airmass"),
    ("IA FWHMLIN", 0.5, 1.4, 2, "[arcsec] Delivered seeing on IA detector"),
    ("TH M1 TEMP", 8.0, 14.0, 2, "[Celsius] M1 superficial temperature"),
)


def primary_cards(exposure: Exposure, rng: np.random.Generator) -> list[Card]:
    """Everything but the FITS structure: about 150 to 190 cards, in the order of ESO's files."""
    return [
        *_standard(exposure),
        ("VOS SYNTHETIC", True, "made by a seeded program, not observed"),
        *_release(exposure),
        *_eso(_observation(exposure)),
        *_eso(_template(exposure)),
        *_eso(_telescope(exposure, rng)),
        *_eso(_adapter(exposure, rng)),
        *_eso(_instrument(exposure, rng)),
        *_eso(_detector(exposure, rng)),
    ]


def _eso(cards: list[Card]) -> list[Card]:
    """``cards`` in ESO's hierarchy."""
    return [(f"ESO {keyword}", value, comment) for keyword, value, comment in cards]


def _standard(exposure: Exposure) -> list[Card]:
    """The plain FITS keywords of a raw frame."""
    start, target = exposure.start, exposure.target
    cards: list[Card] = [
        ("ORIGIN", ORIGIN, "Synthetic observatory"),
        ("DATE", iso(exposure.end), "Date this file was written"),
        ("TELESCOP", exposure.instrument.telescope, "ESO <TEL>"),
        ("INSTRUME", exposure.instrument.name, "Instrument used"),
        ("OBJECT", target.name if target else exposure.template.type, "Original target"),
    ]
    if target:
        cards += [
            ("RA", round(target.ra, 6), "[deg] RA (J2000) pointing"),
            ("DEC", round(target.dec, 6), "[deg] DEC (J2000) pointing"),
            ("EQUINOX", 2000.0, "[yr] Standard FK5"),
            ("RADECSYS", "FK5", "Coordinate system"),
        ]
    seconds = start.hour * 3600 + start.minute * 60 + start.second + start.microsecond / 1e6
    return [
        *cards,
        ("EXPTIME", exposure.template.exptime, "[s] Integration time"),
        ("MJD-OBS", exposure.mjd, "[d] Obs start"),
        ("DATE-OBS", iso(start), "Observing date"),
        ("UTC", round(seconds, 3), "[s] UTC at start"),
        ("LST", round(sidereal_time(start) * 240, 3), "[s] LST at start"),
        ("PI-COI", "UNKNOWN", "PI-COI name"),
        ("OBSERVER", "UNKNOWN", "Name of observer"),
        ("ORIGFILE", exposure.origfile, "Original file name"),
        ("ARCFILE", f"{exposure.dp_id}.fits", "Archive file name"),
    ]


def _release(exposure: Exposure) -> list[Card]:
    """The end of the proprietary period, for what is not public."""
    date = exposure.block.release_date if exposure.template.catg == "SCIENCE" else ""
    return [("VOS RELEASE DATE", date, "end of the proprietary period")] if date else []


def _observation(exposure: Exposure) -> list[Card]:
    """OBS keywords."""
    block = exposure.block
    return [
        ("OBS DID", "ESO-VLT-DIC.OBS-1.12", "OBS Dictionary"),
        ("OBS ID", block.ob_id, "Observation block ID"),
        ("OBS NAME", block.name, "OB name"),
        ("OBS GRP", "0", "linked blocks"),
        ("OBS PROG ID", block.prog_id, "ESO program identification"),
        ("OBS PI-COI ID", 70_000 + block.ob_id % 1000, "ESO internal PI-COI ID"),
        ("OBS PI-COI NAME", "UNKNOWN", "PI-COI name"),
        ("OBS OBSERVER", "UNKNOWN", "Observer Name"),
        ("OBS TARG NAME", block.target.name, "OB target name"),
        ("OBS START", block.start.replace(tzinfo=None).isoformat(), "OB start time"),
        ("OBS EXECTIME", 3600, "Expected execution time"),
        ("OBS TPLNO", 2, "Template number within OB"),
        ("OBS CONTAINER ID", 0, "Scheduling container ID"),
        ("OBS CONTAINER TYPE", "", "Scheduling container type"),
        ("OBS NTPL", 3, "Number of templates within OB"),
        ("OBS WATERVAPOUR", 30.0, "[mm] Requested precipitable water vapour"),
        ("OBS AIRM", 2.8, "Req. max. airmass"),
        ("OBS AMBI FWHM", 1.4, "[arcsec] Req. seeing"),
        ("OBS MOON DIST", 30, "[deg] Req. min. angular distance to the Moon"),
        ("OBS MOON FLI", 1.0, "Req. max. fractional lunar illumination"),
        ("OBS STREHLRATIO", 0.0, "Req. Strehl ratio"),
        ("OBS TWILIGHT", 0, "[min] Req. time after twilight"),
    ]


def _template(exposure: Exposure) -> list[Card]:
    """TPL and DPR keywords."""
    template = exposure.template
    return [
        ("TPL DID", "ESO-VLT-DIC.TPL-1.9", "Data dictionary for TPL"),
        ("TPL ID", template.tpl_id, "Template signature ID"),
        ("TPL NAME", template.name, "Template name"),
        ("TPL PRESEQ", f"{template.tpl_id}.seq", "Sequencer script"),
        ("TPL START", exposure.tpl_start.replace(tzinfo=None).isoformat(), "TPL start time"),
        ("TPL VERSION", "$Revision: 1.1 $", "Version of the template"),
        ("TPL NEXP", template.nexp, "Number of exposures within template"),
        ("TPL EXPNO", exposure.expno, "Exposure number within template"),
        ("TPL SEQNO", exposure.expno, "Sequence number within template"),
        ("DPR CATG", template.catg, "Observation category"),
        ("DPR TYPE", template.type, "Exposure type"),
        ("DPR TECH", template.tech, "Observation technique"),
    ]


def _telescope(exposure: Exposure, rng: np.random.Generator) -> list[Card]:
    """TEL keywords: where it points, and the weather."""
    cards: list[Card] = [
        ("TEL DID", "ESO-VLT-DIC.TCS", "Data dictionary for TEL"),
        ("TEL ID", "v 7.02", "TCS version number"),
        ("TEL DATE", "2024-01-15T12:00:00", "TCS installation date"),
        ("TEL GEOELEV", ALTITUDE, "[m] Elevation above sea level"),
        ("TEL GEOLAT", LATITUDE, "[deg] Tel geo latitude (+=North)"),
        ("TEL GEOLON", LONGITUDE, "[deg] Tel geo longitude (+=East)"),
        ("TEL OPER", "I, Synthetic", "Telescope Operator"),
        ("TEL FOCU ID", "NB", "Telescope focus station ID"),
        ("TEL FOCU LEN", 120.0, "[m] Focal length"),
        ("TEL FOCU SCALE", 1.718, "[arcsec/mm] Focal scale"),
        ("TEL DOME STATUS", "FULLY-OPEN" if exposure.target else "CLOSED", "Dome status"),
        ("TEL CHOP ST", False, "True when chopping is active"),
    ]
    if exposure.target:
        target = exposure.target
        start = pointing(target.ra, target.dec, exposure.start)
        end = pointing(target.ra, target.dec, exposure.end)
        cards += [
            ("TEL ALT", start.alt, "[deg] Alt angle at start"),
            ("TEL AZ", start.az, "[deg] Az angle at start S=0,W=90"),
            ("TEL AIRM START", start.airmass, "Airmass at start"),
            ("TEL AIRM END", end.airmass, "Airmass at end"),
            ("TEL PARANG START", start.parang, "[deg] Parallactic angle at start"),
            ("TEL PARANG END", end.parang, "[deg] Parallactic angle at end"),
            ("TEL TARG ALPHA", _sexagesimal(target.ra / 15), "Alpha coordinate for the target"),
            ("TEL TARG DELTA", _sexagesimal(target.dec), "Delta coordinate for the target"),
            ("TEL TARG EPOCH", 2000.0, "Epoch"),
            ("TEL TARG EQUINOX", 2000.0, "Equinox"),
            ("TEL TARG COORDTYPE", "M", "Coordinate type (M=mean A=apparent)"),
            ("TEL TARG PMA", 0.0, "[arcsec/yr] Proper Motion Alpha"),
            ("TEL TARG PMD", 0.0, "[arcsec/yr] Proper Motion Delta"),
            ("TEL TARG RADVEL", 0.0, "[km/s] Radial velocity"),
            ("TEL TRAK STATUS", "NORMAL", "Tracking status"),
        ]
    moon = (mjd(exposure.start) - 51550.1) * 13.1764 % 360
    return [
        *cards,
        ("TEL MOON RA", round(moon, 6), "[deg] RA (J2000)"),
        ("TEL MOON DEC", round(23.4 * cos(radians(moon - 90)), 5), "[deg] DEC (J2000)"),
        *((f"TEL {name}", round(float(rng.uniform(low, high)), digits), comment)
          for name, low, high, digits, comment in _AMBIENT),
    ]  # fmt: skip


def _sexagesimal(value: float) -> float:
    """``value`` as ESO packs it into one number: ``hhmmss.sss`` or ``ddmmss.sss``."""
    total = round(abs(value) * 3600, 3)
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(int(minutes), 60)
    packed = round(hours * 10_000 + minutes * 100 + seconds, 3)
    return packed if value >= 0 else -packed


def _adapter(exposure: Exposure, rng: np.random.Generator) -> list[Card]:
    """ADA keywords: adapter, rotator, guide star."""
    cards: list[Card] = [
        ("ADA ABSROT START", round(float(rng.uniform(-180, 180)), 5), "[deg] Abs rot angle at exp start"),
        ("ADA ABSROT END", round(float(rng.uniform(-180, 180)), 5), "[deg] Abs rot angle at exp end"),
        ("ADA ABSROT PPOS", "POS", "sign of probe position"),
        ("ADA POSANG", 0.0, "[deg] Position angle at start"),
        ("ADA GUID STATUS", "ON" if exposure.target else "OFF", "Status of autoguider"),
    ]
    if exposure.target:
        offset = rng.uniform(-0.1, 0.1, 2)
        cards += [
            ("ADA GUID RA", round((exposure.target.ra + float(offset[0])) % 360, 6), "[deg] Guide star RA"),
            ("ADA GUID DEC", round(exposure.target.dec + float(offset[1]), 5), "[deg] Guide star DEC"),
        ]
    return cards


def _instrument(exposure: Exposure, rng: np.random.Generator) -> list[Card]:
    """INS and SEQ keywords: the set-up, then the sensors."""
    instrument = exposure.instrument
    cards: list[Card] = [
        ("INS ID", f"{instrument.name}/5.12", "Instrument identification"),
        ("INS DID", f"ESO-VLT-DIC.{instrument.name}_ICS-1.3", "Data dictionary for INS"),
        ("INS SWSIM", "NORMAL", "Software simulated functions"),
        ("INS MODE", instrument.mode, "Instrument mode used"),
        ("INS DATE", "2024-02-01", "Instrument release date"),
        *exposure.arm.setup,
        *exposure.template.extra,
    ]
    if exposure.filter:
        # HAWK-I has two wheels: one holds the filter, the other one is open.
        wheel = 1 if exposure.filter == "Ks" else 2
        for number in (1, 2):
            name = exposure.filter if number == wheel else "OPEN"
            cards += [
                (f"INS FILT{number} ID", name, "Filter unique id"),
                (f"INS FILT{number} NAME", name, "Filter name"),
                (f"INS FILT{number} NO", 1 if name == "OPEN" else 4, "Filter wheel position index"),
            ]
    if exposure.template.kind == "arc" and instrument.name == "MUSE":
        # The open shutter tells the lamp: Ne, Xe, HgCd.
        cards += [
            (f"INS SHUT{2 + i} ST", i == (exposure.expno - 1) % 3 + 1, "Shutter open") for i in (1, 2, 3)
        ]
    for number, sensor in enumerate(instrument.sensors, 1):
        base = f"INS TEMP{number}"
        value = round(float(rng.uniform(8, 16)), 2)
        cards += [
            (f"{base} ID", f"TEMP{number}", "Temperature sensor ID"),
            (f"{base} NAME", sensor, "Temperature sensor name"),
            (f"{base} VAL", value, "[Celsius] Temperature sensor value"),
            (f"{base} MIN", round(value - 0.05, 2), "[Celsius] Minimum value"),
            (f"{base} MAX", round(value + 0.05, 2), "[Celsius] Maximum value"),
            (f"{base} MEAN", value, "[Celsius] Average value"),
        ]
    for number, lamp in enumerate(("ThAr", "Deuterium", "Quartz"), 1):
        is_on = exposure.template.kind in ("arc", "flat") and (lamp == "ThAr") == (
            exposure.template.kind == "arc"
        )
        cards += [
            (f"INS LAMP{number} ID", lamp, "Lamp ID"),
            (f"INS LAMP{number} NAME", f"{lamp} lamp", "Lamp name"),
            (f"INS LAMP{number} ST", is_on, "Lamp activated"),
            (f"INS LAMP{number} TIME", int(rng.integers(0, 3600)) if is_on else 0, "[s] Lamp ON time"),
        ]
    return cards


def _detector(exposure: Exposure, rng: np.random.Generator) -> list[Card]:
    """DET keywords."""
    exptime = exposure.template.exptime
    return [
        ("DET DID", "ESO-VLT-DIC.NGCDCS-2.40", "Data dictionary for DET"),
        ("DET ID", "NGC 5.4", "Detector system ID"),
        ("DET NAME", f"{exposure.instrument.name.lower()}_{exposure.arm.name.lower()}", "Detector name"),
        ("DET DATE", "2024-01-20", "Installation date"),
        ("DET EXP ID", int(rng.integers(1, 9999)), "Exposure ID"),
        ("DET EXP NO", exposure.counter, "Unique exposure ID number"),
        ("DET EXP TYPE", "Dark" if exposure.template.kind in ("bias", "dark") else "Normal", "Exposure type"),
        ("DET UIT1", exptime, "[s] User defined integration time"),
        ("DET WIN1 UIT1", exptime, "[s] User defined integration time"),
        ("DET WIN1 DIT1", exptime, "[s] Actual sub-integration time"),
        ("DET WIN1 DKTM", round(exptime + 0.35, 3), "[s] Dark current time"),
        ("DET FRAM NO", 1, "Frame number"),
        ("DET FRAM TYPE", "Normal", "Type of frame"),
        ("DET FRAM ID", 1, "Image sequential number"),
        ("DET SOFW MODE", "Normal", "CCD sw operational mode"),
        ("DET TELE INT", 60.0, "[s] Interval between two successive telemetry readings"),
        ("DET TELE NO", 2, "# of sources active"),
        ("DET TLM1 NAME", "Cryostat temperature", "Description of telemetry param"),
        ("DET TLM1 START", round(float(rng.uniform(-125, -120)), 2), "[Celsius] Telemetry value at start"),
        ("DET TLM2 NAME", "CCD temperature", "Description of telemetry param"),
        ("DET TLM2 START", round(float(rng.uniform(-121, -119)), 2), "[Celsius] Telemetry value at start"),
        *exposure.arm.detector,
    ]
