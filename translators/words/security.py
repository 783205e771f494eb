"""Certificates and security events: 1.6 security whitepaper and 2.0.1 part 2 sections A and M."""

from translators.words.table import same, table

CERTIFICATE_USE = table("""
    CentralSystemRootCertificate  <->  CSMSRootCertificate
    ManufacturerRootCertificate   <->  ManufacturerRootCertificate
    -                             <-   V2GRootCertificate
    -                             <-   MORootCertificate
    -                             <-   V2GCertificateChain
""")
"""V2GCertificateChain is known to GetInstalledCertificateIds alone."""
HASH_ALGORITHM = same("SHA256 SHA384 SHA512")
INSTALL_CERTIFICATE = same("Accepted Failed Rejected")
DELETE_CERTIFICATE = same("Accepted Failed NotFound")
INSTALLED_CERTIFICATES = same("Accepted NotFound")

SECURITY_EVENT = table("""
    InvalidCentralSystemCertificate      <->  InvalidCsmsCertificate
    InvalidChargePointCertificate        <->  InvalidChargingStationCertificate
    FailedToAuthenticateAtCentralSystem  <->  FailedToAuthenticateAtCsms
    CentralSystemFailedToAuthenticate    <->  CsmsFailedToAuthenticate
""")
"""The events whose names differ. The type is free text in both versions; every other name is the same."""


def security_event_201(name: str) -> str:
    """The 2.0.1 name of a 1.6 security event."""
    return SECURITY_EVENT.to_201.get(name, name)


def security_event_16(name: str) -> str:
    """The 1.6 name of a 2.0.1 security event."""
    return SECURITY_EVENT.to_16.get(name, name)
