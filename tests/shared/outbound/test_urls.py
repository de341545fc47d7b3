"""Which URLs of strangers are called at all: those that can be read in one way only."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from shared.outbound.urls import UrlRefused, public_url

GOOD = (
    "https://keys.elm.example", "https://keys.elm.example/", "https://keys.elm.example:8443/.well-known/jwks.json", "https://xn--bcher-kva.example/k",
    "https://8.8.8.8/jwks", "https://[2600::1]/jwks", "https://[2600::1]:8443/jwks", "https://a.b/c~d/e_f-g",
)  # fmt: skip
BAD = {
    "plain": "http://keys.elm.example/jwks",
    "another scheme": "file:///etc/passwd",
    "gopher": "gopher://keys.elm.example/1",
    "no scheme": "//keys.elm.example/jwks",
    "upper case": "HTTPS://keys.elm.example/jwks",
    "a host in upper case": "https://Keys.elm.example/jwks",
    "a user": "https://user@keys.elm.example/jwks",
    "user and password": "https://u:p@keys.elm.example/jwks",
    "a host in the user": "https://keys.elm.example@127.0.0.1/jwks",
    "a query": "https://keys.elm.example/jwks?a=b",
    "a fragment": "https://keys.elm.example/jwks#a",
    "a backslash": "https://keys.elm.example\\@127.0.0.1/",
    "a tab": "https://keys.elm.example\t/jwks",
    "a line": "https://keys.elm.example/jwks\nHost: evil",
    "a space": "https://keys.elm.example /jwks",
    "a dot at the end": "https://keys.elm.example./jwks",
    "an empty label": "https://keys..example/jwks",
    "a label with a hyphen first": "https://-a.example/jwks",
    "an underscore": "https://a_b.example/jwks",
    "a label too long": f"https://{'a' * 64}.example/jwks",
    "not ASCII": "https://bücher.example/jwks",
    "full-width digits": "https://１２７.0.0.1/jwks",
    "an ideographic dot": "https://127。0。0。1/jwks",
    "decimal": "https://2130706433/jwks",
    "hexadecimal": "https://0x7f000001/jwks",
    "hexadecimal parts": "https://0x7f.0x0.0x0.0x1/jwks",
    "octal": "https://0177.0.0.1/jwks",
    "short": "https://127.1/jwks",
    "five parts": "https://1.2.3.4.5/jwks",
    "a part too large": "https://256.1.1.1/jwks",
    "a name that ends in a number": "https://a.example.7/jwks",
    "a zone": "https://[fe80::1%25eth0]/jwks",
    "an address not canonical": "https://[2600:0:0:0:0:0:0:1]/jwks",
    "an address without brackets": "https://2600::1/jwks",
    "mapped in dots": "https://[::ffff:127.0.0.1]/jwks",
    "mapped in hexadecimal": "https://[::ffff:7f00:1]/jwks",
    "brackets around a name": "https://[a.example]/jwks",
    "escapes": "https://keys.elm.example/%2e%2e/jwks",
    "an escaped host": "https://%6b.example/jwks",
    "dots": "https://keys.elm.example/../jwks",
    "port 0": "https://keys.elm.example:0/jwks",
    "a port too large": "https://keys.elm.example:65536/jwks",
    "an empty port": "https://keys.elm.example:/jwks",
    "no host": "https:///jwks",
    "nothing": "",
    "too long": "https://keys.elm.example/" + "a" * 500,
}


@pytest.mark.parametrize("url", GOOD)
def test_a_plain_https_url_is_taken(url: str) -> None:
    assert str(public_url(url)) == url


@pytest.mark.requirement("DOOR-ssrf")
@pytest.mark.parametrize("name", BAD)
def test_a_url_that_could_be_read_in_two_ways_is_not(name: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        public_url(BAD[name])
    assert "elm" not in str(refused.value)


@given(st.text(max_size=60).map(lambda text: f"https://{text}"))
@example("https://a.example\\.evil.example")
def test_the_host_that_was_read_is_the_host_that_is_called(url: str) -> None:
    try:
        taken = public_url(url)
    except UrlRefused:
        return
    assert taken == URL(url)
    assert (taken.user, taken.password, taken.fragment, taken.query_string) == (None, None, "", "")
    assert url.removeprefix("https://").startswith((taken.host or "", f"[{taken.host}]"))
