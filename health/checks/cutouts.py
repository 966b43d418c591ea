"""Parts of random images and cubes (SODA 1.0)."""

import io
from collections.abc import Iterator

from astropy.io import fits

from health.checks.links import read_links
from health.checks.products import Product, sample
from health.site import Reply, Site
from health.verdict import Check, Verdict

PRODUCTS = 5
LARGEST_RADIUS = 0.01  #: degrees
CUTTABLE = "dataproduct_type IN ('image', 'cube') AND s_ra IS NOT NULL AND access_url IS NOT NULL"


def checks() -> Iterator[Check]:
    """The checks of cutouts."""
    yield Check("soda", "cutouts", look_at_cutouts)


def look_at_cutouts(site: Site) -> Verdict:
    """A small circle around the middle of some images that the server offers to cut."""
    products = [product for product in sample(site, PRODUCTS, CUTTABLE) if is_offered(site, product)]
    problems = [f"{product.did}: {fault}" for product in products for fault in cutout_faults(site, product)]
    doubts = [] if products else ["no product can be cut"]
    return Verdict.of(f"{len(products)} cutouts", problems, doubts)


def is_offered(site: Site, product: Product) -> bool:
    """Whether the product's links have a cutout that everybody may have."""
    if not site.is_ours(product.access_url) or "datalink" not in product.access_format:
        return False
    reply = site.get(product.access_url)
    if reply.status != 200:
        return False
    links = read_links(reply.body)
    return any(row.semantics == "#cutout" for row in links) and any(
        row.semantics == "#this" and row.is_open for row in links
    )


def cutout_faults(site: Site, product: Product) -> Iterator[str]:
    """What is wrong with one cutout; an empty one is right too, the middle may be between two detectors."""
    radius = min(LARGEST_RADIUS, (product.fov or LARGEST_RADIUS) / 8)
    circle = f"{product.ra} {product.dec} {radius:.6f}"
    reply = site.get("/soda/sync", {"ID": product.did, "CIRCLE": circle})
    if reply.status == 204:
        return
    if reply.status != 200:
        yield f"a circle of {radius:g} degrees has the status {reply.status}: {reply.text[:200]}"
    elif fault := _fits_fault(reply):
        yield f"a circle of {radius:g} degrees: {fault}"


def _fits_fault(reply: Reply) -> str | None:
    try:
        with fits.open(io.BytesIO(reply.body), checksum=False) as found:
            found.verify("exception")
            if not any(hdu.data is not None for hdu in found if hdu.is_image):
                return "no pixels"
    except (OSError, ValueError, TypeError, fits.VerifyError) as exc:
        return f"no FITS file: {exc}"
    return None
