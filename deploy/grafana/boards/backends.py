"""The dashboard *Backends and latency*."""

from deploy.grafana.boards.queries import quantiles, query, rate, total
from deploy.grafana.build import Board, Panel, Row

_OF_BACKEND = ', backend=~"$backend"'
BOARD = Board(
    "ocpp-gateway-backends",
    "Backends and latency",
    "Whether the backends can be reached, how fast they and the stations answer, and what the gateway adds.",
    [
        Row(
            "Backends",
            [
                Panel(
                    "Reached",
                    "1 while some node's last dial reached the backend.",
                    "bool_yes_no",
                    [query(f"max by (backend) (ocpp_gateway_backend_up{{M{_OF_BACKEND}}})", "{{backend}}")],
                    more={"max": 1},
                ),
                Panel(
                    "Connections",
                    "Open towards the backend.",
                    "short",
                    [total("backend", "backend_connections", _OF_BACKEND)],
                    stacked=True,
                ),
                Panel(
                    "Dials",
                    "By outcome; docs/metrics.md has the table.",
                    "cps",
                    [rate("backend, outcome", "backend_dials_total", _OF_BACKEND)],
                ),
                Panel(
                    "Answers withheld",
                    "Transaction messages the backend did not answer usefully. The stations keep them.",
                    "mps",
                    [rate("action", "withheld_answers_total")],
                    width=12,
                ),
                Panel(
                    "Messages refused for good",
                    "Transaction messages a backend that is well never takes, and whether the station heard of it.",
                    "mps",
                    [rate("action, passed_on", "poison_messages_total")],
                    width=12,
                ),
                Panel(
                    "Messages kept",
                    "Answered in the backend's place, not delivered yet (when_down: buffer).",
                    "short",
                    [total("backend", "buffered_messages", _OF_BACKEND)],
                    width=12,
                ),
                Panel(
                    "Stations with messages kept",
                    "Connected or not; looked at by one node, every 20 seconds.",
                    "short",
                    [total("backend", "outbox_stations", _OF_BACKEND)],
                    width=12,
                ),
                Panel(
                    "What became of messages kept",
                    "By event; docs/metrics.md has the table.",
                    "mps",
                    [rate("event", "outbox_events_total")],
                    width=12,
                ),
            ],
        ),
        Row(
            "Time until a peer answers",
            [
                Panel(
                    "By peer",
                    "Half, and 99 of 100, of the calls are answered within.",
                    "s",
                    quantiles("peer", "call_duration_seconds"),
                ),
                Panel(
                    "CSMS, by action",
                    "95 of 100 are answered within.",
                    "s",
                    quantiles("action", "call_duration_seconds", ', peer="csms"', (0.95,)),
                ),
                Panel(
                    "Stations, by action",
                    "95 of 100 are answered within.",
                    "s",
                    quantiles("action", "call_duration_seconds", ', peer="station"', (0.95,)),
                ),
                Panel(
                    "No answer in time",
                    "Calls that timed out, by who was called.",
                    "reqps",
                    [rate("peer, action", "call_timeouts_total")],
                    width=12,
                ),
                Panel(
                    "Answered with an error",
                    "CALLERRORs, by who sent them.",
                    "reqps",
                    [rate("peer, action, code", "call_errors_total")],
                    width=12,
                ),
            ],
        ),
        Row(
            "Time inside the gateway",
            [
                Panel(
                    "By direction",
                    "Half, and 99 of 100, of the messages are through within. The store's write is included, the peers are not.",
                    "s",
                    quantiles("direction", "forward_duration_seconds"),
                    width=12,
                ),
                Panel(
                    "Distribution",
                    "Messages a second by the time they were inside.",
                    "s",
                    [query("sum by (le) (rate(ocpp_gateway_forward_duration_seconds_bucket{M}[R]))", "{{le}}")],
                    "heatmap",
                    12,
                ),
            ],
        ),
    ],
    {"backend": "ocpp_gateway_backend_connections"},
)
