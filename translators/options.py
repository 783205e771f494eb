"""What configuration says about a station on a backend, in the words of the translators."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Adoption:
    """What the gateway verifies of this station, for guarded calls that it is to follow (`adopt`)."""

    verifies_password: bool = False
    verifies_certificate: bool = False
    signs: bool = False
    """The station's certificate is signed here, whatever the CSMS would do."""
    profiles: frozenset[int] = frozenset()
    """The security profiles it may come back with."""
    host: str = ""
    """The host by which it came in; a network profile may lead nowhere else."""


@dataclass(frozen=True, slots=True)
class Options:
    """What configuration says about this station on this backend."""

    identity: str = "station"
    id_token_type: str = "auto"  # noqa: S105
    """`auto`, or the 2.0.1 IdTokenEnum member that every idTag gets."""
    id_tag_of_nobody: str | None = None
    """The idTag that a 2.0.1 token without a name (NoAuthorization) gets; without one a CSMS is not told of it."""
    connectors: dict[int, tuple[int, int]] = field(default_factory=dict)
    """1.6 connector -> (EVSE, connector)."""
    answer_locally: frozenset[str] = frozenset()
    """Station actions this CSMS cannot take: answered here."""
    guard: Mapping[str, str] = field(default_factory=dict)
    """Calls that could move or lock out a station -> reject | adopt | forward."""
    adoption: Adoption = Adoption()
    quirks: tuple[str, ...] = ()
    """Names of `translators.quirks` that this station has, whoever made it; `-name` for one it has not."""
    provision: bool = True
    """Set a 2.0.1 station's transaction start and stop points after its boot."""
    ends_lost_transactions: bool = False
    """End a transaction that a boot of the station cut off, where its stop has not come within minutes."""
    clears_cache_for_customer: bool = False
    """Clear the whole authorization cache of a 1.6 station where a CSMS asks to clear what it keeps of one customer."""
    aliases_long_tokens: bool = False
    """A token of more than 20 characters has an idTag that stands for it; without, it is refused."""
    immediate_reset: str = "Hard"
    """The 1.6 Reset that a 2.0.1 Immediate is: `Hard`, `Soft`."""
    soft_reset: str = "Immediate"
    """The 2.0.1 Reset that a 1.6 Soft is: `Immediate`, which ends transactions as 1.6 does, or `OnIdle`."""
    buffer_messages: int = 5000
    """How many messages wait for a CSMS that is away, for those that are buffered."""
