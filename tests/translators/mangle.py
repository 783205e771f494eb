"""What peers do to payloads: the same message with other types, other spellings, too little and too much in it."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    None,
    "",
    " ",
    "null",
    "0",
    "12,345",
    "1.0",
    0,
    1.0,
    -1,
    2**63 - 1,
    1e20,
    True,
    [],
    {},
    [None],
    {"a": None},
    "x" * 300,
    "A\x00\x10",
    "1970-01-01T00:00:00Z",
    "2026-11-21T10:00:00",
]


@st.composite
def mangled(draw: st.DrawFn, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with one to three things wrong."""
    payload = deepcopy(payload)
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(_places(payload)) or [(payload, "extra")]))
        value = holder[key] if key != "extra" else None
        match draw(st.sampled_from(["odd", "drop", "text", "float", "case", "extra", "list", "name"])):
            case "odd":
                holder[key] = deepcopy(draw(st.sampled_from(ODD)))
            case "drop" if isinstance(holder, dict):
                holder.pop(key, None)
            case "text" if isinstance(value, int | float):
                holder[key] = str(value)
            case "float" if isinstance(value, int):
                holder[key] = float(value)
            case "case" if isinstance(value, str):
                holder[key] = value.swapcase()
            case "list" if isinstance(value, list) and len(value) == 1:
                holder[key] = value[0]
            case "name" if isinstance(holder, dict) and key in holder:
                holder[key.swapcase()] = holder.pop(key)
            case _:
                payload["extra"] = deepcopy(draw(st.sampled_from(ODD)))
    return payload


def _places(value: Any) -> Any:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        yield value, key
        yield from _places(member)
