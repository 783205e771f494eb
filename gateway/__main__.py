"""`python -m gateway` is the command `ocpp-gateway`."""

from gateway.cli import main

main()
