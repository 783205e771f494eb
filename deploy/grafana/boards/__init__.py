"""What the dashboards show."""

from deploy.grafana.boards import backends, fleet, node, translation

BOARDS = (fleet.BOARD, translation.BOARD, backends.BOARD, node.BOARD)
