from gateway.config import Match, Route
from gateway.routing import route_for, share_of

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


def test_a_listener_is_named_or_told_by_its_address() -> None:
    routes = [
        Route(match=Match(listener="depot"), backend="depot"),
        Route(match=Match(listener="[::]:8443"), backend="v6"),
    ]
    for names, expected in ((("depot", "0.0.0.0:9"), "depot"), (("[::]:8443",), "v6"), (("other", "0.0.0.0:9"), None)):
        route = route_for(routes, "x", "ocpp1.6", listener=names)
        assert (route.backend if route is not None else None) == expected


def test_a_share_is_always_the_same_stations_and_grows_without_losing_any() -> None:
    fleet = [f"cp-{number}" for number in range(2000)]

    def chosen(percent: float) -> set[str]:
        routes = [Route(match=Match(percent=percent), backend="canary")]
        return {one for one in fleet if route_for(routes, one, "ocpp1.6") is not None}

    assert chosen(5) < chosen(20) < chosen(100) == set(fleet)
    assert 300 < len(chosen(20)) < 500
    assert all(0 <= share_of(one) < 100 for one in fleet)
