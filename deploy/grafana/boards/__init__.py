"""What the dashboards show."""

from deploy.grafana.boards import backends, fleet, migration, node, translation

BOARDS = (fleet.BOARD, translation.BOARD, backends.BOARD, migration.BOARD, node.BOARD)
