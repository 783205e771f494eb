"""What the sections of the configuration are made of: scalar types, and the section itself."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    model_validator,
)

from gateway.config.values import (
    DEFAULT_STORE,
    Bind,
    Network,
    Store,
    Subprotocol,
    read_backend_url,
    read_bind,
    read_file_name,
    read_network,
    read_path_pattern,
    read_store,
    read_trace_endpoint,
)


def _base(info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base")
    return base if isinstance(base, Path) else Path.cwd()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("should be text")
    return value


def _as_bind(value: Any) -> Any:
    return value if isinstance(value, Bind) else read_bind(_text(value))


def _as_file(value: Any, info: ValidationInfo) -> Any:
    return read_file_name(value, _base(info)) if isinstance(value, str) else value


def _as_store(value: Any, info: ValidationInfo) -> Any:
    if value is None:
        value = DEFAULT_STORE
    return value if isinstance(value, Store) else read_store(_text(value), _base(info))


def _as_network(value: Any) -> Any:
    return read_network(value) if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} more than once")
    return values


def _secret(value: Any) -> Any:
    if value == "":
        raise ValueError("is empty")
    return value


OneOrMore = BeforeValidator(_as_list)
Once = AfterValidator(_each_once)
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Text = Annotated[str, Field(min_length=1)]
BindText = Annotated[Bind, BeforeValidator(_as_bind)]
ReadableFile = Annotated[Path, BeforeValidator(_as_file)]
NetworkText = Annotated[Network, BeforeValidator(_as_network)]
StoreText = Annotated[Store, BeforeValidator(_as_store)]
PathPattern = Annotated[str, AfterValidator(read_path_pattern)]
BackendUrl = Annotated[str, AfterValidator(read_backend_url)]
TraceEndpoint = Annotated[str, AfterValidator(read_trace_endpoint)]
Subprotocols = Annotated[tuple[Subprotocol, ...], OneOrMore, Field(min_length=1), Once]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SecondsOrNone = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]


class Section(BaseModel):
    """A mapping of the file. An empty one (`limits:` with nothing under it) means its defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return {} if value is None else value
