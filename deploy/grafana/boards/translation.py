"""The dashboard *Translation and losses*."""

from deploy.grafana.boards.queries import query, rate
from deploy.grafana.build import Board, Panel, Row

BOARD = Board(
    "ocpp-gateway-translation",
    "Translation and losses",
    "What becomes of calls between versions, what has no place in the other one, and what is refused or kept back.",
    [
        Row(
            "Calls",
            [
                Panel(
                    "Calls by outcome",
                    "Translated, answered by the gateway, unsupported in the other version, or invalid.",
                    "reqps",
                    [rate("outcome", "translations_total")],
                    width=12,
                    stacked=True,
                ),
                Panel(
                    "Calls by versions",
                    "From the caller's version to the other.",
                    "reqps",
                    [rate("from, to", "translations_total")],
                    width=12,
                    stacked=True,
                ),
                Panel(
                    "Unsupported",
                    "Calls the other version has nothing for, by action.",
                    "reqps",
                    [rate("from, to, action", "translations_total", ', outcome="unsupported"')],
                ),
                Panel(
                    "Invalid",
                    "Calls that broke their schema beyond mending, by action.",
                    "reqps",
                    [rate("from, to, action", "translations_total", ', outcome="invalid"')],
                ),
                Panel(
                    "Defects",
                    "Messages the gateway failed to translate. Should be empty.",
                    "ops",
                    [rate("action", "translation_failures_total")],
                ),
            ],
        ),
        Row(
            "Losses",
            [
                Panel(
                    "Losses for each call",
                    "Values without a place in the other version, divided by translated calls.",
                    "short",
                    [
                        query(
                            "sum by (from, to) (rate(ocpp_gateway_translation_losses_total{M}[R])) / (sum by (from, to) (rate(ocpp_gateway_translations_total{M}[R])) > 0)",
                            "{{from}} {{to}}",
                        )
                    ],
                ),
                Panel(
                    "Losses by action",
                    "Values a second, by action.",
                    "ops",
                    [rate("action", "translation_losses_total")],
                ),
                Panel(
                    "What was lost",
                    "In the time shown, by field; docs/mapping.md says of each why.",
                    "short",
                    [
                        query(
                            "topk(50, sum by (from, to, action, field) (increase(ocpp_gateway_translation_losses_total{M}[$__range]))) > 0",
                            "{{from}} {{to}} {{action}} {{field}}",
                            instant=True,
                        )
                    ],
                    "table",
                ),
            ],
        ),
        Row(
            "Schemas and refusals",
            [
                Panel(
                    "Mended",
                    "Messages read in spite of breaking their schema.",
                    "mps",
                    [rate("subprotocol, action", "mended_messages_total")],
                ),
                Panel(
                    "Schema violations",
                    "Same-version messages that break their schema.",
                    "mps",
                    [rate("subprotocol, action", "schema_violations_total")],
                ),
                Panel(
                    "Guarded calls",
                    "Calls that could have taken a station away, refused.",
                    "reqps",
                    [rate("action", "guarded_calls_total")],
                ),
            ],
        ),
    ],
)
