"""The soak harness: fleets and backends that write down what they saw, faults between them, and a checker that proves
from the histories that nothing was lost, doubled or lied about. docs/reliability.md tells what is promised."""
