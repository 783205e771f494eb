"""The stations file: what is known of single stations, by identity.

`load_all` reads it with the configuration that names it, `load` reads it alone; a `Roster` keeps it up to date.
"""

from gateway.stations.load import NOBODY, Stations, load, load_all, parse
from gateway.stations.model import Station
from gateway.stations.roster import Roster

__all__ = ["NOBODY", "Roster", "Station", "Stations", "load", "load_all", "parse"]
