"""Whether the operator has said what registries want to know: a part of ``vo-server check``."""

from pathlib import Path

from registry.operator import Operator
from vo_server.checks import Check
from vo_server.config import Settings
from vo_server.errors import UsageFault


def check_operator(settings: Settings, state_dir: Path) -> Check:
    """Whether the file is right, and tells at least whom to ask."""
    name = "registry"
    try:
        operator = Operator.of(settings, state_dir)
    except UsageFault as exc:
        return Check(name, "failed", str(exc))
    if operator.contact.email is None:
        wanted = "before other registries harvest /oai, put contact.email and organisation into registry.toml"
        return Check(name, "warning", f"nobody is named: {wanted}")
    return Check(name, "ok", f"{settings.root_url}/oai, {operator.contact.email}")
