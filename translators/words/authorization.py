"""Whether a card may charge: 1.6 AuthorizationStatus (section 7.2) and 2.0.1 AuthorizationStatusEnumType."""

from translators.words.table import table

AUTHORIZATION = table("""
    Accepted      <->  Accepted
    Blocked       <->  Blocked
    ConcurrentTx  <->  ConcurrentTx
    Expired       <->  Expired
    Invalid       <->  Invalid
    Invalid       <-   Unknown
    Blocked       <-   NoCredit
    Blocked       <-   NotAllowedTypeEVSE
    Blocked       <-   NotAtThisLocation
    Blocked       <-   NotAtThisTime
""")


def authorization_16(status: str, *, start: bool = False) -> str:
    """The 1.6 status. `start`: for a StartTransaction.conf, the one answer in which ConcurrentTx has a meaning
    (1.6 section 7.2); elsewhere it is Blocked. A status nobody knows is Invalid: no energy for an unread answer.
    """
    becomes = AUTHORIZATION.to_16.get(status, "Invalid")
    return "Blocked" if becomes == "ConcurrentTx" and not start else becomes


def authorization_201(status: str) -> str:
    """The 2.0.1 status; a status nobody knows is Invalid."""
    return AUTHORIZATION.to_201.get(status, "Invalid")
