"""The switches of a sandbox, for behaviour that FASHN does not document or that a test wants to change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_type_hints

from .errors import Refusal


@dataclass(frozen=True)
class Settings:
    """All times are in sandbox time. JSON uses the same names in camel case."""

    reject_unknown_fields: bool = False
    input_faults_at_runtime: bool = False
    """Deliver wrong types, enums and ranges as a later InputValidationError instead of a 400."""
    webhook_base64: bool = True
    """Put the data URIs of a ``return_base64`` prediction into its webhook too."""
    retry_after: int | None = None
    """Seconds to name in a Retry-After header on every 429; None sends no header, as FASHN does."""
    output_host: str | None = None
    """Origin of output URLs, such as ``http://localhost:9000``; None means the sandbox's own address."""
    plain_pictures: bool = False
    """Answer a stamped gradient in place of a composed try-on, at a tenth of the CPU: for load tests."""
    concurrency: int = 6
    run_limit: int = 50
    """Requests in 60 s."""
    status_limit: int = 50
    """Requests in 10 s."""
    credits_limit: int = 30
    """Requests in 10 s."""
    max_body_bytes: int = 12_000_000
    """Larger requests answer 500. FASHN names no number; this is above what the product should ever send."""
    url_hours: int = 72
    base64_minutes: int = 60
    id_hours: int = 720
    """How long an id is known. FASHN names no number, only that it outlives base64 results."""

    def to_json(self) -> dict[str, Any]:
        """Return the switches under their JSON names."""
        return {_camel(name): value for name, value in asdict(self).items()}

    def changed(self, values: Mapping[str, Any]) -> "Settings":
        """Return a copy with these JSON values. Raise Refusal for an unknown name or a wrong type."""
        hints = get_type_hints(Settings)
        by_name = {_camel(name): name for name in hints}
        changes = {}
        for key, value in values.items():
            if key not in by_name:
                raise Refusal("BadRequest", f"Unknown setting {key}. Known: {', '.join(sorted(by_name))}")
            kind = hints[by_name[key]]
            if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
                raise Refusal("BadRequest", f"Setting {key} takes {_words(kind)}")
            changes[by_name[key]] = value
        return replace(self, **changes)


def _words(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind)).replace("None", "null").replace("|", "or")


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
