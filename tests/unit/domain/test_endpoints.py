"""URLs of tenants: what may be registered. Tricks are collected from advisories of guards that were passed by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlane.domain.endpoints import LONGEST_URL, Endpoint, endpoint
from fairlane.domain.errors import Refused


def accepted(url: str, *, allow_private: bool = False) -> Endpoint:
    return endpoint(url, allow_private=allow_private)


def refusal(url: str, *, allow_private: bool = False) -> str:
    with pytest.raises(Refused) as caught:
        endpoint(url, allow_private=allow_private, pointer="#/target/http/url")
    (error,) = caught.value.errors
    assert (caught.value.status, error.pointer) == (422, "#/target/http/url")
    return error.detail


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("https://Example.COM/Path?q=1&r=%2F", "example.com", 443, "/Path?q=1&r=%2F"),
        ("HTTPS://a.b-c.example.com:8443/x", "a.b-c.example.com", 8443, "/x"),
        ("https://example.com?x=1", "example.com", 443, "/?x=1"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/"),
        ("https://93.184.215.14/x", "93.184.215.14", 443, "/x"),
        ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443/", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", 443, "/"),
        ("https://_dmarc.example.com/a:b@c", "_dmarc.example.com", 443, "/a:b@c"),
        ("https://1.example/", "1.example", 443, "/"),
    ],
)
def test_a_plain_public_https_url_is_taken_apart(url: str, host: str, port: int, target: str) -> None:
    at = accepted(url)

    assert (at.scheme, at.host, at.port, at.target) == ("https", host, port, target)


@pytest.mark.parametrize("url", ["http://example.com/", "ftp://example.com/", "file:///etc/passwd", "//example.com/"])
def test_only_https_is_allowed(url: str) -> None:
    assert "https://" in refusal(url)


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "https:", "https:/example.com/x", "javascript:alert(1)", "https:example.com", " https://a.com"],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:443@127.0.0.1:8080/",
    ],
)
def test_users_and_passwords_are_refused(url: str) -> None:
    assert "user" in refusal(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104 - to be refused
        *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.255", "100.100.100.200", "168.63.129.16"),
        *("192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1"),
        *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:8.8.8.8]", "[::ffff:0:127.0.0.1]"),
        *("[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2001:0:53aa:64c:0:fffe:80ff:fffe]"),
        *("[2001:db8::1]", "[100::1]", "[3fff::1]", "[5f00::1]", "[2600::5efe:7f00:1]", "[2600::200:5efe:10.0.0.1]"),
    ],
)
def test_addresses_that_are_not_public_are_refused_in_every_form(host: str) -> None:
    assert "private, local or reserved" in refusal(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.1", "127.1", "127.0.1", "0"),
        *("127.0.0.01", "127.0.0.1.", "1.2.3.4.5", "256.1.1.1", "127.0.0.0x1", "0x", "example.com.123", "1..1"),
        *(
            "[::1",
            "::1",
            "[::1%25eth0]",
            "[::1%eth0]",
            "[fe80::1%1]",
            "[127.0.0.1]",
            "[::1]a",
            "a[::1]",
            "[]",
            "[[::1]]",
        ),
    ],
)
def test_addresses_in_unusual_forms_are_refused(host: str) -> None:
    refusal(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST", "a.localhost", "db", "metadata", "metadata.google.internal", "x.local"),
        *("instance-data.ec2.internal", "printer.lan", "router.home.arpa", "x.localdomain", "abc.onion"),
    ],
)
def test_names_of_private_networks_are_refused(host: str) -> None:
    assert "public" in refusal(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *("exa mple.com", "exa\tmple.com", "example.com\\@127.0.0.1", "example.com\\", "ex%61mple.com", "%31%32%37.1"),
        *("-a.example", "a-.example-", "a..example", ".example", "example.", "", "a" * 64 + ".example", "a,b.com"),
        ".".join(["a" * 60] * 5),
    ],
)
def test_names_that_two_parsers_could_read_differently_are_refused(host: str) -> None:
    refusal(f"https://{host}/")


@pytest.mark.parametrize(
    "host", ["①②⑦.0.0.1", "\uff45xample.com", "bücher.example", "example。com", "examp\u00adle.com", "ex\x00.com"]
)
def test_hosts_beyond_ascii_are_refused(host: str) -> None:
    refusal(f"https://{host}/")


@pytest.mark.parametrize(
    "port", ["0", "80", "22", "25", "1023", "65536", "99999", "-1", "", "+443", "0443", "\uff1443", "443x", "4 43"]
)
def test_ports_of_other_protocols_and_odd_ports_are_refused(port: str) -> None:
    refusal(f"https://example.com:{port}/")


@pytest.mark.parametrize(
    "rest",
    ["/#f", "#f", "?#", "/a b", "/\r\nHost: evil", "/\t", "/%", "/%2", "/%zz", "/\\", "/{x}", '/"', "/<", "/\x7f"],
)
def test_fragments_and_characters_that_must_be_escaped_are_refused(rest: str) -> None:
    refusal(f"https://example.com{rest}")


def test_a_url_may_be_long_but_not_endless() -> None:
    longest = "https://example.com/".ljust(LONGEST_URL, "x")

    assert accepted(longest).target.endswith("x")
    assert str(LONGEST_URL) in refusal(longest + "x")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost/", "http://10.0.0.1:22/", "https://db:5432/", "http://[::1]/"]
)
def test_a_deployment_may_allow_its_private_network_and_http(url: str) -> None:
    assert accepted(url, allow_private=True).host


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "224.0.0.1", "[::ffff:127.0.0.1]", "127.1"]
)
def test_metadata_and_odd_forms_are_refused_even_there(host: str) -> None:
    refusal(f"http://{host}/", allow_private=True)


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_a_url_or_a_refusal(text: str, allow_private: bool) -> None:
    for url in (text, f"https://{text}", f"https://example.com{text}"):
        try:
            at = endpoint(url, allow_private=allow_private)
        except Refused:
            continue
        assert at.host.isascii()
        assert at.target.startswith("/")
