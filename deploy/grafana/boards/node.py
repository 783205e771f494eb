"""The dashboard *Nodes*."""

from deploy.grafana.boards.queries import quantiles, query, rate, total
from deploy.grafana.build import Board, Panel, Row

BOARD = Board(
    "ocpp-gateway-node",
    "Nodes",
    "The processes: load, store, certificates.",
    [
        Row(
            "Process",
            [
                Panel(
                    "Versions",
                    "What runs where.",
                    "short",
                    [query("ocpp_gateway_build_info{M}", "{{instance}} {{version}} {{python}} {{loop}}", instant=True)],
                    "table",
                    12,
                    6,
                ),
                Panel(
                    "State",
                    "1 is yes.",
                    "bool_yes_no",
                    [
                        query("ocpp_gateway_store_up{M}", "{{instance}} store works"),
                        query("ocpp_gateway_draining{M}", "{{instance}} drains"),
                        query(
                            "ocpp_gateway_stations_file_valid{M}",
                            "{{instance}} stations file in use is the one on disk",
                        ),
                    ],
                    width=12,
                    height=6,
                    more={"max": 1},
                ),
                Panel(
                    "CPU",
                    "Cores used. One process uses one; a tree of workers is added up.",
                    "short",
                    [query("sum by (instance) (rate(process_cpu_seconds_total{M}[R]))", "{{instance}}")],
                ),
                Panel(
                    "Memory",
                    "Resident.",
                    "bytes",
                    [query("sum by (instance) (process_resident_memory_bytes{M})", "{{instance}}")],
                ),
                Panel(
                    "File descriptors",
                    "In use, and the limit. A station takes two.",
                    "short",
                    [
                        query("process_open_fds{M}", "{{instance}} used"),
                        query("process_max_fds{M}", "{{instance}} limit"),
                    ],
                ),
                Panel(
                    "Event loop",
                    "How late it is: half, and 99 of 100, of the looks at it within. What every message waits for.",
                    "s",
                    quantiles("instance", "event_loop_lag_seconds"),
                ),
                Panel(
                    "Garbage collector",
                    "99 of 100 pauses, by generation. Nobody is served meanwhile.",
                    "s",
                    quantiles("instance, generation", "collector_pause_seconds", of=(0.99,)),
                ),
                Panel("Stations", "By node.", "short", [total("instance", "stations_connected")]),
                Panel(
                    "Uptime",
                    "Since the process began.",
                    "s",
                    [query("time() - process_start_time_seconds{M}", "{{instance}}")],
                ),
                Panel(
                    "Log lines lost",
                    "Nobody read the log in time. Should be 0.",
                    "ops",
                    [rate("instance", "log_lines_dropped_total")],
                ),
                Panel(
                    "Workers",
                    "Worker processes that answer, and those started again (run --workers).",
                    "short",
                    [
                        query("ocpp_gateway_workers{M}", "{{instance}} workers"),
                        query("increase(ocpp_gateway_worker_restarts_total{M}[R])", "{{instance}} started again"),
                    ],
                ),
            ],
        ),
        Row(
            "Store",
            [
                Panel(
                    "Duration",
                    "Half, and 99 of 100, of the operations are done within.",
                    "s",
                    quantiles("operation", "store_duration_seconds"),
                ),
                Panel(
                    "Operations",
                    "A second, by operation.",
                    "ops",
                    [rate("instance, operation", "store_duration_seconds_count")],
                ),
                Panel(
                    "Without the store",
                    "Connections accepted while it was away.",
                    "cps",
                    [rate("instance", "store_bypassed_total")],
                ),
            ],
        ),
        Row(
            "Certificates",
            [
                Panel(
                    "Time left",
                    "Until a certificate in use expires.",
                    "s",
                    [
                        query(
                            "ocpp_gateway_certificate_expiry_timestamp_seconds{M} - time()",
                            "{{instance}} {{certificate}}",
                        )
                    ],
                    width=12,
                    more={
                        "thresholds": {
                            "mode": "absolute",
                            "steps": [
                                {"color": "red", "value": None},
                                {"color": "orange", "value": 259200},
                                {"color": "green", "value": 1814400},
                            ],
                        }
                    },
                ),
                Panel(
                    "Files that cannot be used",
                    "1 while a certificate file on disk cannot be used and the former one still is.",
                    "bool_yes_no",
                    [query("ocpp_gateway_certificate_reload_failed{M}", "{{instance}} {{place}}")],
                    width=12,
                    more={"max": 1},
                ),
            ],
        ),
    ],
)
