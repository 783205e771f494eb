"""The dashboard *Fleet*."""

from deploy.grafana.boards.queries import query, rate, stat, total
from deploy.grafana.build import Board, Panel, Row

BOARD = Board(
    "ocpp-gateway-fleet",
    "Fleet",
    "Who is connected, who comes and goes, and what is said.",
    [
        Row(
            "Now",
            [
                stat(
                    "Stations",
                    "Stations connected now.",
                    "short",
                    query("sum(ocpp_gateway_stations_connected{M})", "stations"),
                ),
                stat(
                    "Transactions",
                    "Transactions under way at the stations connected now.",
                    "short",
                    query("sum(ocpp_gateway_transactions_open{M})", "transactions"),
                ),
                stat(
                    "Nodes ready",
                    "Nodes that do not drain and whose store works.",
                    "short",
                    query(
                        "sum((ocpp_gateway_draining{M} == bool 0) * on (job, instance) (ocpp_gateway_store_up{M} == bool 1))",
                        "nodes",
                    ),
                ),
                stat(
                    "Backends down",
                    "Backends that no node reached when it last dialled.",
                    "short",
                    query("count(max by (job, backend) (ocpp_gateway_backend_up{M}) == 0) or vector(0)", "backends"),
                    1,
                ),
                stat(
                    "Calls a second",
                    "Calls that came in, of stations and CSMSs.",
                    "reqps",
                    query('sum(rate(ocpp_gateway_messages_total{M, type="call"}[R]))', "calls"),
                ),
                stat(
                    "Answers withheld",
                    "Transaction messages left unanswered in the last hour. The stations keep them.",
                    "short",
                    query("sum(increase(ocpp_gateway_withheld_answers_total{M}[1h])) or vector(0)", "answers"),
                    1,
                ),
            ],
        ),
        Row(
            "Connections",
            [
                Panel(
                    "Stations by version",
                    "Stations connected, by the version they speak.",
                    "short",
                    [total("subprotocol", "stations_connected")],
                    stacked=True,
                ),
                Panel(
                    "Stations by backend",
                    "Stations connected, by the backend that serves them.",
                    "short",
                    [total("backend", "stations_connected")],
                    stacked=True,
                ),
                Panel(
                    "Transactions by backend",
                    "Transactions under way, read off the stations' messages.",
                    "short",
                    [total("backend", "transactions_open")],
                    stacked=True,
                ),
                Panel(
                    "Connections accepted",
                    "By version. A wave is a fleet that comes back.",
                    "cps",
                    [rate("subprotocol", "connections_total")],
                ),
                Panel(
                    "Connections refused",
                    "By reason; docs/operations.md has the table.",
                    "cps",
                    [rate("reason", "connections_rejected_total")],
                ),
                Panel(
                    "Connections ended",
                    "By reason; docs/operations.md has the table.",
                    "cps",
                    [rate("reason", "connections_closed_total")],
                ),
                Panel(
                    "Takeovers",
                    "Sessions replaced by a newer connection of the same identity, and wars of two that go by one name.",
                    "cps",
                    [
                        rate("reason", "takeovers_total"),
                        query("sum(rate(ocpp_gateway_takeover_wars_total{M}[R]))", "wars"),
                    ],
                ),
                Panel(
                    "Slowed down or refused by a limit",
                    "By reason; docs/metrics.md has the table.",
                    "ops",
                    [rate("reason", "rate_limited_total")],
                ),
                Panel(
                    "Texts that are no frame",
                    "By who sent them and what is wrong.",
                    "ops",
                    [rate("peer, kind", "bad_frames_total")],
                ),
            ],
        ),
        Row(
            "Messages",
            [
                Panel(
                    "Messages",
                    "Received, by direction and type.",
                    "mps",
                    [rate("direction, type", "messages_total")],
                    width=12,
                    stacked=True,
                ),
                Panel(
                    "Calls of stations",
                    "The ten most frequent.",
                    "reqps",
                    [
                        query(
                            'topk(10, sum by (action) (rate(ocpp_gateway_messages_total{M, direction="from_station", type="call"}[R])))',
                            "{{action}}",
                        )
                    ],
                    width=12,
                ),
                Panel(
                    "Calls of CSMSs",
                    "The ten most frequent.",
                    "reqps",
                    [
                        query(
                            'topk(10, sum by (action) (rate(ocpp_gateway_messages_total{M, direction="from_csms", type="call"}[R])))',
                            "{{action}}",
                        )
                    ],
                    width=12,
                ),
                Panel(
                    "Answers nobody waits for",
                    "Late: the call had timed out. Unknown: there was none.",
                    "mps",
                    [rate("peer, reason", "unmatched_answers_total")],
                    width=12,
                ),
            ],
        ),
    ],
)
