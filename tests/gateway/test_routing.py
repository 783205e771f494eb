from gateway.config import Match, Route
from gateway.routing import route_for

ROUTES = [
    Route(match=Match(identity="BER-*", subprotocol="ocpp2.0.1"), backend="cloud"),
    Route(match=Match(tag="pilot"), backend="pilot"),
    Route(match=Match(identity="HAM-?"), backend="hamburg"),
]


def backend(identity: str, subprotocol: str = "ocpp1.6", *tags: str) -> str | None:
    route = route_for(ROUTES, identity, subprotocol, frozenset(tags))
    return route.backend if route else None


def test_the_first_route_whose_every_condition_holds() -> None:
    assert backend("ber-1", "ocpp2.0.1") == "cloud"
    assert backend("ber-1", "ocpp1.6") is None
    assert backend("ber-1", "ocpp1.6", "pilot") == "pilot"
    assert backend("ber-1", "ocpp2.0.1", "pilot") == "cloud"
    assert backend("ham-1") == "hamburg"
    assert backend("ham-12") is None


def test_a_route_without_conditions_takes_everybody() -> None:
    assert route_for([Route(backend="all")], "x", "ocpp1.6") is not None
    assert route_for([], "x", "ocpp1.6") is None
