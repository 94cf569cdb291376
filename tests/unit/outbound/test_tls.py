"""TLS: the connection goes to a pinned address, the certificate is still checked against the name."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fairlane.outbound import Outbound
from fairlane.ports.web import NoReply, NoReplyReason, Reply
from tests.unit.outbound.serving import ok, serving

NAME = "hooks.test"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for NAME with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path: Path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def posted(certificate: Path, name: str, *, trusted: bool = True) -> tuple[Reply | NoReply, list[bytes], list[str]]:
    """The answer, what the server read, and the names that it was asked for by SNI."""
    secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secured.load_cert_chain(certificate)
    asked: list[str] = []
    secured.sni_callback = lambda _connection, server_name, _context: asked.append(server_name)

    def tls() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificate) if trusted else None)

    def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    with serving(ok(b"1"), tls=secured) as server:
        outbound = Outbound(allow_private=True, resolve=resolve, tls=tls)
        url = f"https://{name}:{server.port}/"
        answer = outbound.post(url, b"{}", {}, timeout=timedelta(seconds=5), answer_limit=100)
    return answer, server.requests, asked


def test_the_name_goes_out_as_sni_and_is_checked(certificate: Path) -> None:
    answer, requests, asked = posted(certificate, NAME)

    assert answer == Reply(200, b"1")
    assert len(requests) == 1
    assert asked == [NAME]


def test_a_certificate_of_another_name_is_refused_before_anything_is_sent(certificate: Path) -> None:
    answer, requests, _ = posted(certificate, "other.test")

    assert isinstance(answer, NoReply)
    assert answer.reason is NoReplyReason.UNREACHABLE
    assert "certificate" in answer.message.lower()
    assert requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    answer, requests, _ = posted(certificate, NAME, trusted=False)

    assert isinstance(answer, NoReply)
    assert answer.reason is NoReplyReason.UNREACHABLE
    assert requests == []


def test_plain_http_behind_https_is_unreachable() -> None:
    with serving(ok(b"1"), reads=False) as server:
        outbound = Outbound(allow_private=True, resolve=lambda _host, _port: ["127.0.0.1"])
        url = f"https://{NAME}:{server.port}/"
        answer = outbound.post(url, b"{}", {}, timeout=timedelta(seconds=5), answer_limit=100)

    assert isinstance(answer, NoReply)
    assert answer.reason is NoReplyReason.UNREACHABLE
