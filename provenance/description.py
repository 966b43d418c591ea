"""What the service tells about itself: its capability, and its descriptor for the answers of others."""

from provenance.params import FORMATS, MAX_DEPTH
from vo_server.capabilities import Capability, Interface, Parameter
from vo_server.services import PROVENANCE_PATH

ID = "Identifier of a product, raw file or activity; may be repeated"
DEPTH = f"How many relations to follow, 0 to {MAX_DEPTH}, or ALL"
DIRECTION = "BACK to what it was made from, FORTH to what was made of it"
RESPONSEFORMAT = f"Form of the answer: {', '.join(form.name for form in FORMATS)}, or a media type"

#: No standard is there yet to be named: the drafts have no identifier.
CAPABILITIES = (
    Capability(
        "",
        (
            Interface(
                PROVENANCE_PATH,
                use="base",
                result_type=FORMATS[0].media_type,
                parameters=(
                    Parameter("ID", ID, ucd="meta.id;meta.main", use="required"),
                    Parameter("DEPTH", DEPTH),
                    Parameter("DIRECTION", DIRECTION),
                    Parameter("RESPONSEFORMAT", RESPONSEFORMAT, ucd="meta.code.mime"),
                ),
            ),
        ),
    ),
)
