from __future__ import annotations

from ipaddress import ip_address

import pytest

from core.addresses import Target, check_addresses, check_url, is_metadata, is_refused, target_of
from core.errors import AddressRefused

NOBODY: frozenset[str] = frozenset()

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.0.1
169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1
198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::169.254.169.254 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::a9fe:a9fe
64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1
"""
METADATA = """
169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 fd00:ec2::254 fd20:ce::254 ::ffff:169.254.169.254
64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: ::169.254.169.254 fd00:ec2::254%eth0
"""
PUBLIC = """
8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 168.63.129.15
169.253.255.255 172.15.255.255 172.32.0.1 192.0.1.1 192.167.255.255 198.17.255.255 198.20.0.1 223.255.255.255
2001:4860:4860::8888 2606:4700::1111 2a00::1 2003::1 3ffe::1
"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_refuses_everything_that_is_not_public(address: str) -> None:
    assert is_refused(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_lets_public_addresses_pass(address: str) -> None:
    assert not is_refused(address)
    assert not is_metadata(address)


@pytest.mark.parametrize("address", METADATA.split())
def test_knows_metadata_services_in_every_form(address: str) -> None:
    assert is_metadata(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1/messages?x=1",
        "http://api.example.com:8080",
        "HTTPS://API.example.com/",
        "https://bücher.example/sms",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:8443/x",
        "https://api.example.com./x",
    ],
)
def test_accepts_urls_of_providers(url: str) -> None:
    check_url(url, private_hosts=NOBODY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "//api.example.com/",
        "https://",
        "https:///path",
        "https://./",
        "ftp://api.example.com/",
        "file:///etc/passwd",
        "gopher://api.example.com/",
        "data:text/plain,x",
        "unix:///run/x.sock",
        "https://user@api.example.com/",
        "https://user:password@api.example.com/",
        "https://@api.example.com/",
        "https://good.example\\@bad.example/",
        "https://api.example.com:0/",
        "https://api.example.com:99999/",
        "https://api.example.com:port/",
        "https://api.example .com/",
        "https://api.example.com/\n",
        "https://api.exa\tmple.com/",
        "https://{{toNumber}}/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://app.localhost:8000/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://[::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.1.2.3:8080/",
        "http://metadata.google.internal/computeMetadata/",
        "http://metadata.google.internal./",
        "http://169.254.169.254/latest/",
    ],
)
def test_refuses_urls_that_can_never_be_right(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, private_hosts=NOBODY)


def test_a_private_host_must_be_listed_with_its_exact_port() -> None:
    listed = frozenset({"10.1.2.3:8080", "[fd12::1]:443", "localhost:9000"})

    for url in ("http://10.1.2.3:8080/x", "https://[fd12::1]/x", "http://LocalHost:9000/"):
        check_url(url, private_hosts=listed)
    for url in ("http://10.1.2.3/x", "http://10.1.2.4:8080/", "http://[fd12::1]/", "http://localhost/"):
        with pytest.raises(AddressRefused, match="SMSGATEWAY_PRIVATE_HOSTS"):
            check_url(url, private_hosts=listed)


@pytest.mark.parametrize("host", ["169.254.169.254", "100.100.100.200", "metadata.google.internal"])
def test_metadata_services_stay_refused_even_when_listed(host: str) -> None:
    with pytest.raises(AddressRefused, match="never"):
        check_url(f"http://{host}:80/", private_hosts=frozenset({f"{host}:80"}))


def test_one_forbidden_address_among_public_ones_refuses_the_host() -> None:
    target = target_of("https://api.example.com/")
    answers = [ip_address("8.8.8.8"), ip_address("10.0.0.1")]

    check_addresses(target, answers[:1], private_hosts=NOBODY)
    with pytest.raises(AddressRefused):
        check_addresses(target, answers, private_hosts=NOBODY)
    check_addresses(target, answers, private_hosts=frozenset({"api.example.com:443"}))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://API.example.com/x", Target("https", "api.example.com", 443)),
        ("http://api.example.com?x=https://other:1/", Target("http", "api.example.com", 80)),
        ("http://api.example.com#@10.0.0.1/", Target("http", "api.example.com", 80)),
        ("https://[2606:4700::1111]:8443/", Target("https", "2606:4700::1111", 8443)),
    ],
)
def test_reads_the_target_of_a_url(url: str, target: Target) -> None:
    assert target_of(url) == target
