"""The name of a 2.0.1 variable."""

from dataclasses import dataclass
from typing import Any

from translators.frames import Payload

Place = tuple[int, int]
"""An EVSE and its connector."""


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable of a component. Names are compared without case (2.0.1 part 2, identifierString)."""

    component: str
    name: str
    instance: str | None = None
    evse: int | None = None
    connector: int | None = None
    component_instance: str | None = None

    @classmethod
    def read(cls, item: Payload) -> "Variable":
        """The variable that an item of a list speaks of, by its `component` and `variable`."""
        component, variable = item["component"], item.get("variable", {})
        evse = component.get("evse", {})
        return cls(
            component["name"].strip(),
            variable.get("name", "").strip(),
            variable.get("instance"),
            evse.get("id"),
            evse.get("connectorId"),
            component.get("instance"),
        )

    def written(self) -> Payload:
        """`component` and `variable` as a payload has them."""
        component: dict[str, Any] = {"name": self.component}
        if self.evse is not None:
            component["evse"] = {"id": self.evse}
            if self.connector is not None:
                component["evse"]["connectorId"] = self.connector
        if self.component_instance is not None:
            component["instance"] = self.component_instance
        variable = {"name": self.name}
        if self.instance is not None:
            variable["instance"] = self.instance
        return {"component": component, "variable": variable}

    @property
    def component_id(self) -> tuple[object, ...]:
        return (self.component.casefold(), (self.component_instance or "").casefold(), self.evse, self.connector)

    @property
    def id(self) -> tuple[object, ...]:
        return (*self.component_id, self.name.casefold(), (self.instance or "").casefold())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Variable) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __str__(self) -> str:
        return f"{self.component}.{self.name}" + (f"[{self.instance}]" if self.instance else "")


def variable(text: str) -> Variable:
    """Read `Component.Variable` or `Component.Variable[instance]`."""
    component, _, rest = text.partition(".")
    name, _, instance = rest.partition("[")
    return Variable(component, name, instance.removesuffix("]") or None)
