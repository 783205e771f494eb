"""What the answers of the admin API look like, as JSON Schemas. Members may be added: who reads them passes over what it
does not know."""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def maybe(schema: Schema) -> Schema:
    """This, or null for what is not known."""
    return {**schema, "type": [schema["type"], "null"]}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object."""
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def many(schema: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": schema}


def counted() -> Schema:
    """Counts by name."""
    return {"type": "object", "additionalProperties": COUNT}


_CONNECTION: dict[str, Schema] = {
    "node": TEXT,
    "subprotocol": TEXT,
    "backend": TEXT,
    "upstream_subprotocol": TEXT,
    "backend_away": FLAG,
    "remote": TEXT,
    "connected_since": NUMBER,
}
STATION_LINE = record(
    {"identity": TEXT, "connected": FLAG},
    {
        **_CONNECTION,
        "vendor": maybe(TEXT),
        "model": maybe(TEXT),
        "tags": TEXTS,
        "statuses": many({}),
        "transactions_open": COUNT,
    },
)
STATION = record(
    {"identity": TEXT, "connected": FLAG, "vendor": maybe(TEXT), "model": maybe(TEXT), "firmware": maybe(TEXT)},
    {
        **_CONNECTION,
        "tags": TEXTS,
        "route": {
            "type": ["object", "null"],
            "required": ["backend"],
            "properties": {"backend": TEXT, "migration": maybe(TEXT)},
        },
        "connectors": many(record({"evse": {}, "connector": {}, "status": {}, "errorCode": {}, "at": {}})),
        "version": TEXT,
        "primary": TEXT,
        "transactions": many(record({"station": {}, "csms": {}, "connector": {}, "started": {}})),
        "counters": counted(),
        "frames": counted(),
        "followers": many(record({"backend": TEXT, "subprotocol": TEXT, "connected": FLAG, "waiting": COUNT})),
    },
)
STATIONS = record({"stations": many(STATION_LINE), "next_cursor": maybe(TEXT), "unreachable_nodes": TEXTS})
CALLED = record(
    {
        "subprotocol": TEXT,
        "payload": {"type": ["object", "null"]},
        "error": {
            "type": ["object", "null"],
            "required": ["code", "description", "details"],
            "properties": {"code": TEXT, "description": TEXT, "details": {"type": "object"}},
        },
    }
)
DISCONNECTED = record({"identity": TEXT, "disconnected": FLAG})
ROUTED = record({"identity": TEXT, "backend": maybe(TEXT), "connected": FLAG})
NODES = record(
    {
        "nodes": many(
            record(
                {
                    "id": TEXT,
                    "name": TEXT,
                    "worker": maybe(COUNT),
                    "version": TEXT,
                    "started": NUMBER,
                    "addresses": TEXTS,
                    "stations": COUNT,
                    "draining": FLAG,
                }
            )
        )
    }
)
BACKENDS = record(
    {
        "backends": many(
            record(
                {"name": TEXT, "stations": COUNT, "down_for_nodes": TEXTS},
                {"url": TEXT, "subprotocols": TEXTS, "when_down": TEXT, "follows": FLAG},
            )
        ),
        "unreachable_nodes": TEXTS,
    }
)
MIRROR = record(
    {
        "follower": TEXT,
        "compared": COUNT,
        "different": COUNT,
        "missing": COUNT,
        "dropped": COUNT,
        "refused_calls": counted(),
        "actions": {"type": "object"},
        "samples": many({"type": "object"}),
        "unreachable_nodes": TEXTS,
    }
)
MIGRATION_LINE = record(
    {"name": TEXT, "to": TEXT, "state": TEXT, "why": TEXT, "wave": COUNT, "counts": counted()},
    {"when": TEXT, "created": NUMBER, "wave_at": NUMBER},
)
MIGRATION = {
    **MIGRATION_LINE,
    "properties": {
        **MIGRATION_LINE["properties"],
        "stations": many(
            record({"identity": TEXT, "home": maybe(TEXT), "state": TEXT, "why": TEXT, "wave": COUNT, "at": NUMBER})
        ),
    },
}
MIGRATIONS = record({"migrations": many(MIGRATION_LINE)})
PLAN = record(
    {
        "name": TEXT,
        "to": TEXT,
        "when": TEXT,
        "stations": many(record({"identity": TEXT, "connected": FLAG, "action": TEXT, "why": TEXT, "warnings": TEXTS})),
        "losses": {"type": "object"},
        "summary": counted(),
        "unreachable_nodes": TEXTS,
    }
)
DRAINING = record({"node": TEXT, "draining": FLAG})
RELOADED = record({"node": TEXT, "reloaded": FLAG})
PROBLEM = record(
    {"type": TEXT, "title": TEXT, "status": {"type": "integer"}},
    {"detail": TEXT, "reason": TEXT, "mistakes": TEXTS},
)
CERTIFICATES = record(
    {
        "certificates": many(
            record(
                {
                    "file": TEXT,
                    "place": TEXT,
                    "use": {"enum": ["certificate", "authority", "revocations"]},
                    "subject": maybe(TEXT),
                    "issuer": maybe(TEXT),
                    "names": TEXTS,
                    "expires": maybe(NUMBER),
                    "nodes": TEXTS,
                }
            )
        ),
        "unreachable_nodes": TEXTS,
    }
)
FLEET_EVENT = record({"data": TEXT}, {"event": {"enum": ["fleet", "stations", "migrations"]}})
EVENT = record({"data": TEXT}, {"event": {"enum": ["listening", "frame", "lost"]}})
"""One of a stream."""
