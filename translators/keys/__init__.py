"""Configuration keys of 1.6 and variables of the 2.0.1 device model: one table, read both ways."""

from translators.keys.constants import CONSTANTS, Constant
from translators.keys.guards import (
    GUARDED,
    guarded_key,
    guarded_variable,
    is_adoptable,
    is_guarded_name,
    let_through,
    rule,
)
from translators.keys.markdown import constant_rows, key_rows
from translators.keys.parts import changed, joined, seen, split, variables_of
from translators.keys.table import COMPONENTS, KEYS, LEGACY, LIMITS, PRICE_TEXT, ROWS, Key, key_behind, key_named
from translators.keys.values import STRANGERS, Kind, UnfitValueError, cut, members, values_list
from translators.keys.variable import Place, Variable, variable

__all__ = [
    "COMPONENTS",
    "CONSTANTS",
    "GUARDED",
    "KEYS",
    "LEGACY",
    "LIMITS",
    "PRICE_TEXT",
    "ROWS",
    "STRANGERS",
    "Constant",
    "Key",
    "Kind",
    "Place",
    "UnfitValueError",
    "Variable",
    "changed",
    "constant_rows",
    "cut",
    "guarded_key",
    "guarded_variable",
    "is_adoptable",
    "is_guarded_name",
    "joined",
    "key_behind",
    "key_named",
    "key_rows",
    "let_through",
    "members",
    "rule",
    "seen",
    "split",
    "values_list",
    "variable",
    "variables_of",
]
