"""How much of everything a run measures. PURE."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds are those of one measured window. An empty tuple or 0 leaves out what it would be the size of."""

    name: str
    rounds: int
    connections: tuple[int, ...]
    """Full load."""
    window: float
    warmup: float
    light_connections: int
    light_rate: float
    light_seconds: float
    idle: int
    """Nearly idle pairs, which together send `idle_rate` calls a second."""
    idle_rate: float
    idle_seconds: float
    memory: tuple[int, ...]
    """Pairs between whose first and last number the slope is taken."""
    churn: int
    churn_rounds: int
    connect_seconds: float
    storm: int
    storm_live: int
    crowd: int
    crowd_workers: int
    store_seconds: float
    starts: int
    claims: tuple[int, ...]
    alone_series: int


FULL = Scale(
    name="full",
    rounds=3,
    connections=(100, 500, 2000),
    window=2.5,
    warmup=0.7,
    light_connections=50,
    light_rate=300.0,
    light_seconds=4.0,
    idle=5000,
    idle_rate=500.0,
    idle_seconds=180.0,
    memory=(1000, 2000, 3000),
    churn=1000,
    churn_rounds=20,
    connect_seconds=2.5,
    storm=10_000,
    storm_live=200,
    crowd=20_000,
    crowd_workers=3,
    store_seconds=5.0,
    starts=5,
    claims=(10_000, 100_000),
    alone_series=30,
)
QUICK = Scale(
    name="quick",
    rounds=1,
    connections=(100, 500, 2000),
    window=0.6,
    warmup=0.2,
    light_connections=50,
    light_rate=300.0,
    light_seconds=0.8,
    idle=300,
    idle_rate=300.0,
    idle_seconds=1.0,
    memory=(200, 600),
    churn=0,
    churn_rounds=0,
    connect_seconds=0.4,
    storm=0,
    storm_live=0,
    crowd=0,
    crowd_workers=0,
    store_seconds=0.8,
    starts=1,
    claims=(2000,),
    alone_series=2,
)
SMALLEST = Scale(
    name="smallest",
    rounds=1,
    connections=(5,),
    window=0.2,
    warmup=0.05,
    light_connections=4,
    light_rate=100.0,
    light_seconds=0.3,
    idle=10,
    idle_rate=50.0,
    idle_seconds=0.3,
    memory=(5, 10),
    churn=5,
    churn_rounds=2,
    connect_seconds=0.2,
    storm=20,
    storm_live=4,
    crowd=20,
    crowd_workers=2,
    store_seconds=0.3,
    starts=1,
    claims=(100,),
    alone_series=1,
)
SCALES = {scale.name: scale for scale in (FULL, QUICK, SMALLEST)}
