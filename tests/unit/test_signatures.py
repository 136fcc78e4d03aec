"""Is a body signed by Stripe, now, with one of our secrets: over exactly its bytes."""

import hmac
import time
from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.credentials import is_signed

SECRET, OTHER = "whsec_of_this_endpoint", "whsec_of_another"
BODY = '{"id": "evt_1", "note": "für Zoë"}'.encode()
NOW = 1_800_000_000
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is NOW, to the microsecond, so that the limits can be met exactly."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))


def v1(body: bytes = BODY, secret: str = SECRET, timestamp: int = NOW) -> str:
    return hmac.new(secret.encode(), b"%d.%s" % (timestamp, body), sha256).hexdigest()


def header(body: bytes = BODY, secret: str = SECRET, timestamp: int = NOW) -> str:
    return f"t={timestamp},v1={v1(body, secret, timestamp)}"


def accepted(signature: str, body: bytes = BODY, secrets: Sequence[str] = (SECRET,)) -> bool:
    return is_signed(body, signature, secrets)


def test_a_body_signed_now_is_accepted() -> None:
    assert accepted(header())


@pytest.mark.parametrize("at", [0, len(BODY) // 2, BODY.index("ü".encode()), len(BODY) - 1])
def test_a_body_with_one_altered_byte_is_refused(at: int) -> None:
    altered = bytes([*BODY[:at], BODY[at] ^ 1, *BODY[at + 1 :]])
    assert not accepted(header(), altered)


@pytest.mark.parametrize(
    "body",
    [BODY + b"\n", BODY[:-1], b"", BODY.replace(b" ", b""), b"\xef\xbb\xbf" + BODY],
    ids=["a byte more", "a byte less", "empty", "written anew", "byte order mark"],
)
def test_another_body_is_refused(body: bytes) -> None:
    assert not accepted(header(), body)


def test_an_empty_body_that_is_signed_is_accepted() -> None:
    assert accepted(header(b""), b"")


@pytest.mark.parametrize("body", [b'{"id": "\xff"}', b"\xed\xa0\x80", b"\x80"])
def test_a_signed_body_that_is_no_utf_8_is_refused(body: bytes) -> None:
    assert not accepted(header(body), body)


@pytest.mark.parametrize(
    ("secrets", "is_accepted"),
    [
        pytest.param((SECRET,), True, id="ours"),
        pytest.param((OTHER, SECRET), True, id="ours second"),
        pytest.param((SECRET, OTHER), True, id="ours first"),
        pytest.param((OTHER,), False, id="another"),
        pytest.param((OTHER, "whsec_third"), False, id="two others"),
        pytest.param((SECRET.upper(),), False, id="another case"),
        pytest.param((), False, id="none"),
    ],
)
def test_any_of_our_secrets_verifies(secrets: tuple[str, ...], is_accepted: bool) -> None:
    assert accepted(header(), secrets=secrets) is is_accepted


@pytest.mark.parametrize("secrets", [(), ("",), (" ",), ("", "")])
def test_a_missing_or_empty_secret_refuses_even_what_it_signed(secrets: tuple[str, ...]) -> None:
    assert not accepted(header(secret="".join(secrets)), secrets=secrets)


def test_an_empty_secret_beside_ours_does_no_harm() -> None:
    assert accepted(header(), secrets=("", SECRET))


@pytest.mark.parametrize(
    ("seconds_ahead", "is_accepted"),
    [
        (-DAY, False),
        (-301, False),
        (-300, True),
        (-299, True),
        (299, True),
        (300, True),
        (301, False),
        (DAY, False),
    ],
)
def test_a_signature_is_good_for_300_seconds_both_ways(
    seconds_ahead: int, is_accepted: bool
) -> None:
    assert accepted(header(timestamp=NOW + seconds_ahead)) is is_accepted


FUTURE = NOW + DAY


@pytest.mark.parametrize(
    "written",
    [
        f"t=+{FUTURE}",
        f"t= {FUTURE} ",
        f"t=\t{FUTURE}",
        f"t=0{FUTURE}",
        f"t={str(FUTURE)[:4]}_{str(FUTURE)[4:]}",
        f"t={FUTURE}=",
        f"t=+{FUTURE},t={NOW}",
        f"t={FUTURE},t={NOW}",
    ],
)
def test_a_future_timestamp_is_refused_however_it_is_written(written: str) -> None:
    assert not accepted(f"{written},v1={v1(timestamp=FUTURE)}")


# Beyond 64 bits, beyond a float, and beyond what Python reads as a number.
@pytest.mark.parametrize("number", ["9" * 20, "-" + "9" * 400, "+" + "9" * 5000])
def test_a_timestamp_of_absurdly_many_digits_is_refused(number: str) -> None:
    assert not accepted(f"t={number},v1={v1()}")


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(f"t={NOW},v1={'0' * 64},v1={v1()}", id="ours second"),
        pytest.param(f"t={NOW},v1={v1()},v1={'0' * 64}", id="ours first"),
        pytest.param(f"t={NOW},v0={'0' * 64},v1={v1()}", id="beside another scheme"),
        pytest.param(f"v0={FUTURE},t={NOW},v1={v1()}", id="beside a number of another scheme"),
        pytest.param(f"v1={v1()},t={NOW}", id="before the timestamp"),
        pytest.param(f"t={NOW},v1={v1()},", id="a comma more"),
    ],
)
def test_one_matching_v1_among_others_is_enough(signature: str) -> None:
    assert accepted(signature)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param("", id="missing"),
        pytest.param(" ", id="blank"),
        pytest.param(",", id="comma"),
        pytest.param("=", id="equals sign"),
        pytest.param("nonsense", id="nonsense"),
        pytest.param("t", id="name alone"),
        pytest.param("t=", id="timestamp empty"),
        pytest.param(f"t={NOW}", id="no signature"),
        pytest.param(f"v1={v1()}", id="no timestamp"),
        pytest.param(f"t={NOW},v1=", id="signature empty"),
        pytest.param(f"t={NOW},v1", id="signature without value"),
        pytest.param(f"t={NOW},v1={v1()[:-1]}", id="signature cut"),
        pytest.param(f"t={NOW},v1={v1()}0", id="signature too long"),
        pytest.param(f"t={NOW},v1={v1().upper()}", id="signature in capitals"),
        pytest.param(f"t={NOW},v0={v1()}", id="another scheme alone"),
        pytest.param(f"T={NOW},V1={v1()}", id="names in capitals"),
        pytest.param(f"t=now,v1={v1()}", id="timestamp in words"),
        pytest.param(f"t={NOW}.5,v1={v1()}", id="timestamp with a fraction"),
        pytest.param(f"t={NOW + 1},v1={v1()}", id="timestamp of another moment"),
        pytest.param(f"t={NOW};v1={v1()}", id="semicolon"),
        pytest.param(f"t={NOW},v1={v1()}é", id="not ASCII"),
        pytest.param(f"t={NOW},v1=\ud800", id="lone surrogate"),
        pytest.param(f"t=١٨,v1={v1()}", id="digits of another script"),
    ],
)
def test_a_missing_or_malformed_header_is_refused(signature: str) -> None:
    assert not accepted(signature)


PIECE = st.sampled_from(["t=", "v1=", "v0=", ",", "=", "+", "_", " ", str(NOW), str(FUTURE), v1()])


HUGE_TIME = st.integers(-(10**400), 10**400).map(lambda seconds: f"t={seconds},v1={v1()}")


@given(st.text() | st.lists(PIECE).map("".join) | HUGE_TIME)
def test_no_header_raises(signature: str) -> None:
    assert accepted(signature) in (True, False)


@given(body=st.binary(), signature=st.text())
def test_no_body_raises_and_none_is_accepted_unsigned(body: bytes, signature: str) -> None:
    assert not accepted(signature, body)


@given(body=st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_any_text_is_accepted_once_it_is_signed(body: bytes) -> None:
    assert accepted(header(body), body)
