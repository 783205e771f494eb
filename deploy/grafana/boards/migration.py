"""The dashboard *Migration*."""

from deploy.grafana.boards.queries import quantiles, query, rate, stat, total
from deploy.grafana.build import Board, Panel, Row

_OF_BACKEND = ', backend=~"$backend"'


def _stations(state: str) -> str:
    return f'sum(ocpp_gateway_migration_stations{{M, state=~"{state}"}}) or vector(0)'


BOARD = Board(
    "ocpp-gateway-migration",
    "Migration",
    "Whether a backend is ready to take over, how far stations have moved, and how the new backend serves them.",
    [
        Row(
            "Now",
            [
                stat(
                    "Still to move",
                    "Stations of migrations that have not begun to move.",
                    "short",
                    query(_stations("pending"), "stations"),
                ),
                stat(
                    "Waiting",
                    "Stations that charge, or are not connected: they move when they can.",
                    "short",
                    query(_stations("waiting_idle|offline"), "stations"),
                ),
                stat(
                    "Switching",
                    "Stations whose new backend is being told their story.",
                    "short",
                    query(_stations("switching"), "stations"),
                ),
                stat("Moved", "Stations that have moved.", "short", query(_stations("done"), "stations")),
                stat(
                    "Failed",
                    "Stations that could not be moved, and stay with the backend they had.",
                    "short",
                    query(_stations("failed"), "stations"),
                    1,
                ),
                stat(
                    "Came home",
                    "Stations that a rollback brought back.",
                    "short",
                    query(_stations("returned"), "stations"),
                ),
            ],
        ),
        Row(
            "Moving",
            [
                Panel(
                    "Stations of migrations",
                    "By state, told by the node that carries the migration out.",
                    "short",
                    [total("migration, state", "migration_stations")],
                    stacked=True,
                ),
                Panel(
                    "Stations by their backend",
                    "What a migration moves: one line falls, another grows.",
                    "short",
                    [total("backend", "stations_connected", _OF_BACKEND)],
                    stacked=True,
                ),
                Panel(
                    "Changes of backend",
                    "Of connected stations, by the new backend and by what came of them; docs/migrate.md has the table.",
                    "cps",
                    [rate("backend, outcome", "switches_total", _OF_BACKEND)],
                ),
                Panel(
                    "Changes that failed",
                    "Of 100 that were tried, by the new backend. A guard of the migration stops it at its limit.",
                    "percentunit",
                    [
                        query(
                            '(sum by (backend) (rate(ocpp_gateway_switches_total{M, backend=~"$backend", outcome!~"done|waiting"}[R])) or 0 * sum by (backend) (rate(ocpp_gateway_switches_total{M, backend=~"$backend"}[R]))) / sum by (backend) (rate(ocpp_gateway_switches_total{M, backend=~"$backend"}[R]))',
                            "{{backend}}",
                        )
                    ],
                ),
                Panel(
                    "Transactions by their backend",
                    "Under way. With `when: idle` a station moves when it has none.",
                    "short",
                    [total("backend", "transactions_open", _OF_BACKEND)],
                    stacked=True,
                ),
                Panel(
                    "Connections that ended",
                    "By reason. A migration closes none.",
                    "cps",
                    [rate("reason", "connections_closed_total")],
                ),
            ],
        ),
        Row(
            "Ready to take over",
            [
                Panel(
                    "Answers that differ, of 100",
                    "Of the answers of a follower: otherwise than the backend in charge, or not at all.",
                    "percentunit",
                    [
                        query(
                            '(sum by (backend) (rate(ocpp_gateway_follower_differences_total{M, backend=~"$backend"}[R])) or 0 * sum by (backend) (rate(ocpp_gateway_follower_answers_total{M, backend=~"$backend"}[R]))) / (sum by (backend) (rate(ocpp_gateway_follower_answers_total{M, backend=~"$backend"}[R])) > 0)',
                            "{{backend}}",
                        )
                    ],
                ),
                Panel(
                    "Answers that differ",
                    "By action. `ocpp-gateway mirror` shows in what.",
                    "mps",
                    [rate("backend, action", "follower_differences_total", _OF_BACKEND)],
                ),
                Panel(
                    "Answers",
                    "Of followers, to copies of what stations say.",
                    "mps",
                    [rate("backend, action", "follower_answers_total", _OF_BACKEND)],
                ),
                Panel(
                    "Copies dropped",
                    "That a follower never got: it is away, too slow, or does not know the transaction.",
                    "mps",
                    [rate("backend", "follower_dropped_total", _OF_BACKEND)],
                    width=12,
                ),
                Panel(
                    "Calls to stations",
                    "Of followers: those that reached a station, and those refused.",
                    "reqps",
                    [rate("backend, action, outcome", "follower_calls_total", _OF_BACKEND)],
                    width=12,
                ),
            ],
        ),
        Row(
            "How the new one serves",
            [
                Panel(
                    "Dials",
                    "By outcome; docs/metrics.md has the table.",
                    "cps",
                    [rate("backend, outcome", "backend_dials_total", _OF_BACKEND)],
                ),
                Panel(
                    "Until a CSMS answers",
                    "Half, and 99 of 100, of the calls, by action.",
                    "s",
                    quantiles("action", "call_duration_seconds", ', peer="csms"'),
                ),
                Panel(
                    "Losses by versions",
                    "What a backend of another version cannot be told.",
                    "ops",
                    [rate("from, to", "translation_losses_total")],
                ),
            ],
        ),
    ],
    {"backend": "ocpp_gateway_backend_connections"},
)
