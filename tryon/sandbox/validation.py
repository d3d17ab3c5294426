"""The syntax check of a run request. No picture is fetched or decoded here: FASHN does that later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .catalogue import MODELS, Field, Model
from .errors import PredictionError, Refusal
from .settings import Settings


@dataclass(frozen=True)
class RunRequest:
    """A run request that may become a prediction; ``flaw`` is how it will fail at run time, if it will."""

    model: Model
    inputs: dict[str, Any]
    flaw: PredictionError | None = None


def check_run(body: object, settings: Settings) -> RunRequest:
    """Return the request with the documented defaults filled in. Raise Refusal (BadRequest)."""
    if not isinstance(body, dict):
        raise Refusal("BadRequest")
    model = MODELS.get(body["model_name"]) if isinstance(body.get("model_name"), str) else None
    if model is None:
        raise Refusal("BadRequest", f"model_name must be one of: {', '.join(MODELS)}")
    inputs = body.get("inputs")
    if not isinstance(inputs, dict):
        raise Refusal("BadRequest", "inputs must be an object")
    for name, field in model.fields.items():
        if field.required and inputs.get(name) in (None, ""):
            raise Refusal("BadRequest", f"inputs.{name} is required")
    complete = {name: _value(inputs, name, field) for name, field in model.fields.items()}
    flaw = _flaw(model, inputs, settings)
    if flaw and not settings.input_faults_at_runtime:
        raise Refusal("BadRequest", flaw)
    return RunRequest(model, complete, PredictionError("InputValidationError", flaw) if flaw else None)


def _value(inputs: Mapping[str, Any], name: str, field: Field) -> Any:
    """Return the value, or the default where it is absent or wrong: price and picture need sound ones."""
    value = inputs.get(name)
    return value if value is not None and not _complaint(value, field) else field.default


def _flaw(model: Model, inputs: Mapping[str, Any], settings: Settings) -> str:
    for name, value in inputs.items():
        field = model.fields.get(name)
        if field is None:
            if settings.reject_unknown_fields:
                return f"inputs.{name} is not an input of {model.name}"
        elif value is not None and (complaint := _complaint(value, field)):
            return f"inputs.{name} {complaint}"
    return ""


def _complaint(value: object, field: Field) -> str:
    match field.kind:
        case "image" | "text":
            return "" if isinstance(value, str) else "must be a string"
        case "flag":
            return "" if isinstance(value, bool) else "must be true or false"
        case "choice":
            fits = not isinstance(value, bool) and value in field.choices
            return "" if fits else f"must be one of: {', '.join(map(str, field.choices))}"
        case "integer":
            fits = type(value) is int and field.low <= value <= field.high
            return "" if fits else f"must be a whole number from {field.low} to {field.high}"
