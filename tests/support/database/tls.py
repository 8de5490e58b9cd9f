"""A PostgreSQL that takes connections by TLS alone, as RDS does: Debian's, with a certificate made here.

It knows whom it may let in by name, but for members of a role `rds_iam`: they have to send a password, as clear text,
which is how RDS takes a token.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from console.local.database import unprivileged
from console.local.database.binaries import debian_programs
from console.local.database.server import OWNER, PostgresServer
from console.local.process import HOST

NAME = "localhost"  # that the certificate is for, beside HOST
HOSTS = f"""\
hostssl all +rds_iam {HOST}/32 password
hostssl all all {HOST}/32 trust
"""
_DAYS = datetime.timedelta(days=2)


@dataclass(frozen=True)
class TlsServer:
    """A server, and what proves that it is it.

    Attributes:
        server: the server itself.
        authority: file of the authority that its certificate is from.
        stranger: file of another authority.
    """

    server: PostgresServer
    authority: Path
    stranger: Path

    def url(self, database: str = "postgres", user: str = OWNER, *, authority: Path | None = None) -> str:
        """Return the URL of a database that is connected to by its name, and only if the server proves it."""
        roots = authority or self.authority
        return f"postgresql://{user}@{NAME}:{self.server.port}/{database}?sslmode=verify-full&sslrootcert={roots}"


@contextmanager
def tls_server(folder: Path) -> Generator[TlsServer]:
    """Start a server; needs Debian's. Its authorities' files are in the folder."""
    programs = needed_programs()
    private = unprivileged.make_folder("tls-")
    try:
        certificates = Certificates(folder / "authority.pem")
        files = {"ssl_cert_file": certificates.public, "ssl_key_file": certificates.private, "hba_file": HOSTS.encode()}
        for name, content in files.items():
            (private / name).touch(0o600)
            (private / name).write_bytes(content)
            unprivileged.hand_over(private / name)
        settings = {"ssl": "on", **{name: str(private / name) for name in files}}
        Certificates(folder / "stranger.pem")
        with PostgresServer(programs, settings) as server:
            yield TlsServer(server, folder / "authority.pem", folder / "stranger.pem")
    finally:
        shutil.rmtree(private)


def needed_programs() -> Path:
    """Return Debian's programs; skips the test where there are none, and fails it in CI, which installs them."""
    programs = debian_programs()
    if programs is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("needs PostgreSQL with TLS: apt-get install postgresql")
    return programs


class Certificates:
    """An authority, and a certificate of it for a server here.

    Args:
        authority: the file to write the authority's own certificate to.

    Attributes:
        public, private: the server's certificate and key, as PEM.
    """

    def __init__(self, authority: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority.stem)])
        own = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        authority.write_bytes(own.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
        of_server = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
        names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address(HOST))]
        signed = _builder(subject, name, of_server).add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.public = signed.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        self.private = of_server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - _DAYS)
        .not_valid_after(now + _DAYS)
    )
