"""The instruments of the synthetic observatory: arms, detectors, set-ups and observing templates.

Keywords, modes, templates and file prefixes are ESO's; numbers of frames follow the calibration plan.
"""

from dataclasses import dataclass

from demo.fitsbytes import Card


@dataclass(frozen=True, slots=True)
class Arm:
    """One spectrograph arm or camera: what a single raw file comes from.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of one (small) detector frame.
    chips : tuple of str
        EXTNAME of each detector; empty when the frame is in the primary HDU.
    band : tuple of float
        Shortest and longest wavelength in nm.
    resolution : float
        Resolving power; 0 for an imager.
    setup, detector : tuple of Card
        INS and DET keywords, without the leading ``ESO``.
    """

    name: str
    shape: tuple[int, int]
    chips: tuple[str, ...]
    band: tuple[float, float]
    resolution: float
    setup: tuple[Card, ...]
    detector: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A sequence of exposures (DPR and TPL keywords).

    Attributes
    ----------
    kind : str
        How the pixels look: ``bias dark flat arc standard science``.
    when : str
        ``night`` (standards and science) or ``morning`` or ``twilight``.
    nexp : int
        Exposures of each arm in ``arms``.
    exptime : float
        Seconds.
    extra : tuple of Card
        INS or SEQ keywords that differ from the arm's.
    """

    kind: str
    catg: str
    type: str
    tech: str
    tpl_id: str
    name: str
    code: str
    nexp: int
    exptime: float
    arms: tuple[str, ...]
    when: str = "morning"
    extra: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument; ``prefix`` begins its file names, ``field`` is the diameter of its field in degrees."""

    name: str
    prefix: str
    telescope: str
    mode: str
    code: str
    field: float
    arms: tuple[Arm, ...]
    templates: tuple[Template, ...]
    filters: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()

    def arm(self, name: str) -> Arm:
        """The arm of that name."""
        return next(arm for arm in self.arms if arm.name == name)


def _window(nx: int, ny: int, binning: int = 1) -> tuple[Card, ...]:
    """Size of the real detector's read-out window, which the small frame stands for."""
    return (
        ("DET WIN1 NX", nx, "[pix] # of pixels along X"), ("DET WIN1 NY", ny, "[pix] # of pixels along Y"),
        ("DET WIN1 STRX", 1, "[pix] Lower left pixel in X"),
        ("DET WIN1 STRY", 1, "[pix] Lower left pixel in Y"),
        ("DET WIN1 BINX", binning, "Binning factor along X"),
        ("DET WIN1 BINY", binning, "Binning factor along Y"),
    )  # fmt: skip


def _ccd(chips: int, outputs: int, chip_id: str, speed: str, nx: int, ny: int) -> tuple[Card, ...]:
    """DET keywords of an optical CCD (FIERA, NGC)."""
    return (
        ("DET CHIPS", chips, "# of chips in detector array"), ("DET OUTPUTS", outputs, "# of outputs"),
        ("DET CHIP1 ID", chip_id, "Detector chip identification"),
        ("DET CHIP1 NX", nx, "[pix] # of pixels along X"), ("DET CHIP1 NY", ny, "[pix] # of pixels along Y"),
        ("DET CHIP1 PSZX", 15.0, "[um] Size of pixel in X"),
        ("DET CHIP1 PSZY", 15.0, "[um] Size of pixel in Y"),
        ("DET OUT1 CONAD", 1.44, "[e-/ADU] Conversion from ADUs to electrons"),
        ("DET OUT1 RON", 3.1, "[e-] Readout noise per output"),
        ("DET READ SPEED", speed, "Readout speed"), ("DET READ MODE", "normal", "Readout method"),
        ("DET READ CLOCK", speed, "Readout clock pattern used"),
        ("DET SHUT TYPE", "Iris", "type of shutter"),
        ("DET SHUT TMOPEN", 0.007, "[s] Time taken to open shutter"),
        ("DET SHUT TMCLOS", 0.008, "[s] Time taken to close shutter"),
        *_window(nx, ny),
    )  # fmt: skip


def _infrared(chip_id: str, mode: str, dit: float, ndit: int, nx: int, ny: int) -> tuple[Card, ...]:
    """DET keywords of an infrared array (IRACE, NGC)."""
    return (
        ("DET CHIP1 ID", chip_id, "Detector ID"), ("DET CHIP1 NX", nx, "[pix] Pixels in X"),
        ("DET CHIP1 NY", ny, "[pix] Pixels in Y"), ("DET NCORRS NAME", mode, "Read-Out Mode Name"),
        ("DET NCORRS", 2, "Read-Out Mode"), ("DET DIT", dit, "[s] Integration Time"),
        ("DET NDIT", ndit, "# of Sub-Integrations"), ("DET SEQ1 DIT", dit, "[s] Integration time"),
        ("DET NDSAMPLES", 4, "# of Non-Dest. Samples"), ("DET RSPEED", 1, "Read-Speed Factor"),
        ("DET MODE NAME", "", "DCS Detector Mode"), ("DET ITITLE", "", "IRACE title"),
        *_window(nx, ny),
    )  # fmt: skip


def _grating(number: int, disperser: str, wlen: float) -> tuple[Card, ...]:
    """INS.GRATi keywords."""
    return (
        (f"INS GRAT{number} ID", disperser, "Grating unique ID"),
        (f"INS GRAT{number} NAME", disperser, "Grating common name"),
        (f"INS GRAT{number} WLEN", wlen, "[nm] Grating central wavelength"),
    )


_LAMP = "INS LAMP ST"
_OFF: tuple[Card, ...] = ((_LAMP, False, "Lamp activated"),)
_ON: tuple[Card, ...] = ((_LAMP, True, "Lamp activated"),)

UVES = Instrument(
    "UVES", "UVES", "ESO-VLT-U2", "DICHR#1", "UVES_DIC1", 10 / 3600,
    arms=(
        Arm("BLUE", (96, 64), (), (328.0, 456.0), 40_970, (
            ("INS PATH", "BLUE", "Optical path used"), ("INS SLIT1 NAME", "FREE", "Slit common name"),
            ("INS SLIT2 WID", 1.0, "[arcsec] SLIT width"), ("INS SLIT2 LEN", 10.0, "[arcsec] SLIT length"),
            ("INS FILT1 NAME", "BK7_5", "Filter name"), *_grating(1, "CD#2", 390.0),
        ), _ccd(1, 1, "CCD-44", "2pts/225kHz/lg", 2048, 3000)),
        Arm("RED", (96, 48), ("WIN1.CHIP1.OUT1", "WIN1.CHIP2.OUT1"), (476.0, 684.0), 42_310, (
            ("INS PATH", "RED", "Optical path used"), ("INS SLIT1 NAME", "FREE", "Slit common name"),
            ("INS SLIT3 WID", 1.0, "[arcsec] SLIT width"), ("INS SLIT3 LEN", 11.0, "[arcsec] SLIT length"),
            ("INS FILT3 NAME", "SHP700", "Filter name"), *_grating(2, "CD#3", 580.0),
        ), _ccd(2, 2, "CCD-44b", "2pts/225kHz/lg", 2048, 4096)),
    ),
    templates=(
        Template("standard", "CALIB", "STD", "ECHELLE,SLIT", "UVES_dic_cal_std", "Standard star, dichroic",
                 "STD", 1, 120.0, ("BLUE", "RED"), "night"),
        Template("science", "SCIENCE", "OBJECT,POINT", "ECHELLE,SLIT", "UVES_dic_obs_exp",
                 "Science exposure, dichroic", "OBS", 2, 1500.0, ("BLUE", "RED"), "night"),
        Template("bias", "CALIB", "BIAS", "IMAGE", "UVES_blue_cal_bias", "Bias, blue", "BIAS", 5, 0.0,
                 ("BLUE",), extra=_OFF),
        Template("bias", "CALIB", "BIAS", "IMAGE", "UVES_red_cal_bias", "Bias, red", "BIAS", 5, 0.0,
                 ("RED",), extra=_OFF),
        Template("arc", "CALIB", "LAMP,FMTCHK", "ECHELLE,SLIT", "UVES_dic_cal_fmtchk", "Format check",
                 "FMTCHK", 1, 15.0, ("BLUE", "RED"), extra=_ON),
        Template("flat", "CALIB", "LAMP,ORDERDEF", "ECHELLE,SLIT", "UVES_dic_cal_orderdef",
                 "Order definition", "ORDERDEF", 1, 8.0, ("BLUE", "RED"), extra=_ON),
        Template("flat", "CALIB", "LAMP,FLAT", "ECHELLE,SLIT", "UVES_dic_cal_flatatt", "Flat, dichroic",
                 "FLAT", 3, 12.5, ("BLUE", "RED"), extra=_ON),
        Template("arc", "CALIB", "LAMP,WAVE", "ECHELLE,SLIT", "UVES_dic_cal_waveatt", "ThAr arc, dichroic",
                 "WAVE", 1, 25.0, ("BLUE", "RED"), extra=_ON),
    ),
    sensors=("Blue camera", "Red camera", "Blue grating", "Red grating", "Echelle table", "Enclosure"),
)  # fmt: skip

XSHOOTER = Instrument(
    "XSHOOTER", "XSHOO", "ESO-VLT-U3", "SLITSPEC", "XSHOOTER_SLT", 11 / 3600,
    arms=(
        Arm("UVB", (80, 56), (), (298.9, 556.0), 5453, (
            ("SEQ ARM", "UVB", "Arm (UVB, VIS, NIR)"), ("INS OPTI3 NAME", "1.0x11", "Slit of the UVB arm"),
        ), _ccd(1, 1, "E2V CCD44-82", "100k/1pt/hg", 2144, 3000)),
        Arm("VIS", (96, 56), (), (533.7, 1020.0), 8935, (
            ("SEQ ARM", "VIS", "Arm (UVB, VIS, NIR)"), ("INS OPTI4 NAME", "0.9x11", "Slit of the VIS arm"),
        ), _ccd(1, 1, "MIT/LL mosaic", "100k/1pt/hg", 2106, 4000)),
        Arm("NIR", (64, 64), (), (994.0, 2480.0), 5573, (
            ("SEQ ARM", "NIR", "Arm (UVB, VIS, NIR)"), ("INS OPTI5 NAME", "0.9x11", "Slit of the NIR arm"),
        ), _infrared("Hawaii 2RG", "NonDest", 300.0, 1, 2048, 1100)),
    ),
    templates=(
        Template("standard", "CALIB", "STD,FLUX", "ECHELLE,SLIT,NODDING", "XSHOOTER_slt_cal_StdFlux",
                 "Flux standard, slit", "STD", 1, 120.0, ("UVB", "VIS", "NIR"), "night"),
        Template("science", "SCIENCE", "OBJECT", "ECHELLE,SLIT,NODDING", "XSHOOTER_slt_obs_AutoNodOnSlit",
                 "Science, nodding along the slit", "OBS", 2, 900.0, ("UVB", "VIS", "NIR"), "night"),
        Template("bias", "CALIB", "BIAS", "IMAGE", "XSHOOTER_gen_cal_Bias", "Bias", "BIAS", 5, 0.0,
                 ("UVB", "VIS")),
        Template("dark", "CALIB", "DARK", "IMAGE", "XSHOOTER_gen_cal_DarkNIR", "Dark, NIR", "DARK", 3, 300.0,
                 ("NIR",), extra=_OFF),
        Template("arc", "CALIB", "LAMP,FMTCHK", "ECHELLE,PINHOLE", "XSHOOTER_slt_cal_Fmtchk",
                 "Format check", "FMTCHK", 1, 20.0, ("UVB", "VIS", "NIR"), extra=_ON),
        Template("flat", "CALIB", "LAMP,FLAT", "ECHELLE,SLIT", "XSHOOTER_slt_cal_UVBVISNIRLampFlatAtt",
                 "Lamp flat, slit", "FLAT", 5, 14.6, ("UVB", "VIS", "NIR"), extra=_ON),
        Template("arc", "CALIB", "LAMP,WAVE", "ECHELLE,SLIT", "XSHOOTER_slt_cal_UVBVISNIRArcsAtt",
                 "Arc, slit", "WAVE", 1, 30.0, ("UVB", "VIS", "NIR"), extra=_ON),
    ),
    sensors=("Backbone", "UVB camera", "VIS camera", "NIR vessel", "NIR table", "Enclosure"),
)  # fmt: skip

GIRAFFE = Instrument(
    "GIRAFFE", "GIRAF", "ESO-VLT-U2", "MED", "GIRAFFE_MEDUSA1", 25 / 60,
    arms=(
        Arm("MEDUSA", (96, 72), (), (612.0, 640.5), 22_500, (
            ("INS SLIT NAME", "Medusa1", "Slit unit"), ("INS EXP MODE", "H627.3", "Exposure mode"),
            ("INS GRAT ID", "HR", "Grating"), ("INS GRAT NAME", "HR", "Grating name"),
            ("INS GRAT WLEN", 627.3, "[nm] Grating central wavelength"), ("INS GRAT ORDER", 9, "Order"),
            ("INS FILT NAME", "L612.0-640.5", "Order sorting filter"),
            ("INS EXP WLEN", 627.3, "[nm] Exposure wavelength"),
        ), _ccd(1, 1, "CARREL", "50kHz,1port,hg", 2048, 4096)),
    ),
    templates=(
        Template("standard", "CALIB", "STD", "IFU", "FLAMES_giraf_cal_argus_std", "Standard star, ARGUS",
                 "STD", 1, 60.0, ("MEDUSA",), "night"),
        Template("science", "SCIENCE", "OBJECT,OzPoz", "MOS", "FLAMES_giraf_obs_exp", "Science, Medusa",
                 "OBS", 2, 2400.0, ("MEDUSA",), "night"),
        Template("bias", "CALIB", "BIAS", "IMAGE", "FLAMES_giraf_tec_bias", "Bias", "BIAS", 5, 0.0,
                 ("MEDUSA",), extra=_OFF),
        Template("flat", "CALIB", "LAMP,FLAT", "MOS", "FLAMES_giraf_cal_flat", "Fibre flat", "FLAT", 3, 160.0,
                 ("MEDUSA",), extra=_ON),
        Template("arc", "CALIB", "LAMP,WAVE", "MOS", "FLAMES_giraf_cal_wave", "ThAr arc", "WAVE", 1, 300.0,
                 ("MEDUSA",), extra=_ON),
    ),
    sensors=("Optical bench", "Grating", "Camera", "Slit unit", "Positioner plate 1", "Positioner plate 2"),
)  # fmt: skip

MUSE = Instrument(
    "MUSE", "MUSE", "ESO-VLT-U4", "WFM-NOAO-N", "MUSE_WFM", 84.9 / 3600,
    arms=(
        Arm("IFU", (40, 36), tuple(f"CHAN{i:02d}" for i in range(1, 25)), (474.8, 935.2), 2989, (
            ("INS OPTI1 NAME", "Blue", "OPTIi name"), ("INS OPTI2 NAME", "WFM", "OPTIi name"),
            ("INS DROT MODE", "SKY", "Instrument derotator mode"),
            ("INS DROT POSANG", 0.0, "[deg] Position angle"),
        ), (
            ("DET READ CURID", 1, "Used readout mode id"),
            ("DET READ CURNAME", "SCI1.0", "Used readout mode name"),
            ("DET BINX", 1, "Binning X"), ("DET BINY", 1, "Binning Y"), ("DET CHIPS", 24, "Number of chips"),
            ("DET SHUT TYPE", "Slit", "type of shutter"), ("DET SHUT ID", "Bonn", "Shutter identifier"),
            *_window(4224, 4240),
        )),
    ),
    templates=(
        Template("flat", "CALIB", "FLAT,SKY", "IFU", "MUSE_wfm_cal_skyflat", "Twilight flat", "SKYFLAT", 3,
                 6.0, ("IFU",), "twilight"),
        Template("standard", "CALIB", "STD", "IFU", "MUSE_wfm_cal_specphot", "Spectrophotometric standard",
                 "STD", 1, 60.0, ("IFU",), "night"),
        Template("science", "SCIENCE", "OBJECT", "IFU", "MUSE_wfm-noao_obs_genericoffset", "Generic offset",
                 "OBS", 2, 900.0, ("IFU",), "night"),
        Template("bias", "CALIB", "BIAS", "IFU", "MUSE_gen_cal_bias", "Bias", "BIAS", 5, 0.0, ("IFU",)),
        Template("flat", "CALIB", "FLAT,LAMP", "IFU", "MUSE_wfm_cal_specflat", "Lamp flat", "FLAT", 5, 0.65,
                 ("IFU",)),
        Template("arc", "CALIB", "WAVE", "IFU", "MUSE_wfm_cal_wave", "Arc, three lamps", "WAVE", 3, 0.7,
                 ("IFU",)),
    ),
    sensors=("CU", "Fore optics", "Splitter", "IFU 1", "IFU 12", "IFU 24", "Enclosure", "Vacuum line"),
)  # fmt: skip

HAWKI = Instrument(
    "HAWKI", "HAWKI", "ESO-VLT-U4", "IMA", "HAWKI_IMG", 7.5 / 60 * 2**0.5,
    arms=(
        Arm("CAMERA", (64, 64), ("CHIP1.INT1", "CHIP2.INT1", "CHIP4.INT1", "CHIP3.INT1"), (970.0, 2310.0), 0,
            (("INS PIXSCALE", 0.106, "[arcsec] Pixel scale"),),
            _infrared("H2RG-#78", "Double", 10.0, 6, 2048, 2048)),
    ),
    templates=(
        Template("flat", "CALIB", "FLAT,TWILIGHT", "IMAGE", "HAWKI_img_cal_TwFlats", "Twilight flat", "FLAT",
                 3, 12.0, ("CAMERA",), "twilight"),
        Template("standard", "CALIB", "STD", "IMAGE,JITTER", "HAWKI_img_cal_StdStars", "Standard star", "STD",
                 1, 60.0, ("CAMERA",), "night"),
        Template("science", "SCIENCE", "OBJECT", "IMAGE,JITTER", "HAWKI_img_obs_AutoJitter", "Jitter", "OBS",
                 4, 60.0, ("CAMERA",), "night"),
        Template("dark", "CALIB", "DARK", "IMAGE", "HAWKI_img_cal_Darks", "Dark", "DARK", 3, 60.0,
                 ("CAMERA",)),
    ),
    filters=("J", "Ks"),
    sensors=("Detector", "Cold plate", "Filter wheel 1", "Filter wheel 2", "Vessel"),
)  # fmt: skip

INSTRUMENTS = (UVES, XSHOOTER, GIRAFFE, MUSE, HAWKI)
