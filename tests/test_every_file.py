"""Every source file has its tests: a file of the same name at the same place, or those that are named here."""

from pathlib import Path

ROOT = Path(__file__).parents[1]

ELSEWHERE = {
    "gateway/__main__.py": "tests/gateway/cli/test_main.py",
    "gateway/admin/migration_operations.py": "tests/integration/test_migrate.py",
    "gateway/admin/operations.py": "tests/gateway/admin/test_described.py",
    "gateway/admin/problems.py": "tests/gateway/admin/test_server.py",
    "gateway/admin/reading.py": "tests/gateway/admin/test_server.py",
    "gateway/admin/route_operations.py": "tests/integration/test_switch.py",
    "gateway/admin/shapes.py": "tests/gateway/admin/test_described.py",
    "gateway/admin/station_operations.py": "tests/gateway/admin/test_api.py",
    "gateway/admission.py": "tests/integration/test_handshake.py",
    "gateway/app.py": "tests/gateway/cli/test_run.py",
    "gateway/boards.py": "tests/integration/test_followers.py",
    "gateway/caller.py": "tests/gateway/test_origin.py",
    "gateway/cli/api.py": "tests/gateway/cli/test_admin_verbs.py",
    "gateway/cli/backends.py": "tests/gateway/cli/test_admin_verbs.py",
    "gateway/cli/call.py": "tests/gateway/cli/test_admin_verbs.py",
    "gateway/cli/demo.py": "tests/gateway/demo/test_demo.py",
    "gateway/cli/migrate.py": "tests/gateway/cli/test_move_verbs.py",
    "gateway/cli/mirror.py": "tests/integration/test_followers.py",
    "gateway/cli/route.py": "tests/gateway/cli/test_move_verbs.py",
    "gateway/cli/stations.py": "tests/gateway/cli/test_admin_verbs.py",
    "gateway/cluster/redis.py": "tests/gateway/cluster/test_redis_cluster.py",
    "gateway/config/checks.py": "tests/gateway/test_config_checks.py",
    "gateway/config/document.py": "tests/gateway/test_config.py",
    "gateway/config/listeners.py": "tests/gateway/test_config_checks.py",
    "gateway/config/load.py": "tests/gateway/test_config.py",
    "gateway/config/model.py": "tests/gateway/test_config.py",
    "gateway/config/parts.py": "tests/gateway/test_config.py",
    "gateway/config/restart.py": "tests/gateway/test_config_restart.py",
    "gateway/config/tls.py": "tests/gateway/test_config_checks.py",
    "gateway/config/values.py": "tests/gateway/test_config_values.py",
    "gateway/config/wording.py": "tests/gateway/test_config.py",
    "gateway/courier.py": "tests/gateway/test_delivering.py",
    "gateway/demo/act.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/acts.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/csms.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/csms16.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/csms201.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/describe.py": "tests/gateway/demo/test_lanes.py",
    "gateway/demo/device_model.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/move.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/move_summary.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/meter.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/pairs.py": "tests/gateway/demo/test_lanes.py",
    "gateway/demo/peer.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/process.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/run.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/station.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/station16.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/station201.py": "tests/gateway/demo/test_simulators.py",
    "gateway/demo/summary.py": "tests/gateway/demo/test_demo.py",
    "gateway/demo/wire.py": "tests/gateway/demo/test_simulators.py",
    "gateway/door.py": "tests/integration/test_door.py",
    "gateway/edge.py": "tests/integration/test_handshake.py",
    "gateway/errors.py": "tests/gateway/cli/test_run.py",
    "gateway/followers.py": "tests/integration/test_followers.py",
    "gateway/leg.py": "tests/integration/test_weather.py",
    "gateway/listener.py": "tests/integration/test_door.py",
    "gateway/opening.py": "tests/gateway/cli/test_run.py",
    "gateway/profiles.py": "tests/integration/test_profiles.py",
    "gateway/prospects.py": "tests/gateway/test_candidates.py",
    "gateway/proving.py": "tests/integration/test_handshake.py",
    "gateway/pump.py": "tests/gateway/test_bridge.py",
    "gateway/refusal.py": "tests/integration/test_handshake.py",
    "gateway/stations/load.py": "tests/gateway/test_stations.py",
    "gateway/stations/model.py": "tests/gateway/test_stations.py",
    "gateway/stations/plain.py": "tests/gateway/test_stations.py",
    "gateway/stations/roster.py": "tests/gateway/test_stations.py",
    "gateway/store/memory.py": "tests/gateway/store/test_store.py",
    "gateway/store/redis_scan.py": "tests/gateway/store/test_store.py",
    "gateway/store/sqlite.py": "tests/gateway/store/test_store.py",
    "gateway/store/sqlite_documents.py": "tests/gateway/store/test_documents.py",
}
"""What is tested as a part of something larger, and where."""


def test_every_file_of_the_gateway_has_its_tests() -> None:
    sources = [path.relative_to(ROOT) for path in sorted((ROOT / "gateway").rglob("*.py")) if path.stem != "__init__"]
    assert len(sources) > 100
    beside = {str(path): ROOT / "tests" / path.parent / f"test_{path.name}" for path in sources}
    without = [path for path, tests in beside.items() if path not in ELSEWHERE and not tests.is_file()]
    assert without == []


def test_what_is_said_to_be_tested_elsewhere_is_there_and_nowhere_else() -> None:
    gone = [path for path in (*ELSEWHERE, *ELSEWHERE.values()) if not (ROOT / path).is_file()]
    assert gone == []
    moved = [path for path in ELSEWHERE if (ROOT / "tests" / Path(path).parent / f"test_{Path(path).name}").is_file()]
    assert moved == []
