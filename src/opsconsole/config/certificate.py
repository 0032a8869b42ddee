"""Until when a certificate is valid: read from its PEM text, without a library for it."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)

SEQUENCE, CONTEXT_0, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
"""The tags of X.690 that lie on the way to a certificate's validity (RFC 5280, section 4.1)."""

BEFORE_VALIDITY = 3
"""Serial number, signature algorithm and issuer stand between the version and the validity."""


def end_of_certificate(content: bytes) -> datetime | None:
    """Return the end of the first certificate in ``content``; None where no PEM certificate can be read.

    A PKCS #12 file is closed by its password: nothing is said about it.
    """
    match = _PEM.search(content)
    if match is None:
        return None
    try:
        return _end(base64.b64decode(b"".join(match[1].split()), validate=True))
    except (ValueError, IndexError, binascii.Error):
        return None


def _end(der: bytes) -> datetime:
    _, certificate, _ = _part(der)
    _, fields, _ = _part(certificate)
    tag, _, rest = _part(fields)
    if tag != CONTEXT_0:  # a certificate of version 1 names none
        rest = fields
    for _ in range(BEFORE_VALIDITY):
        _, _, rest = _part(rest)
    tag, validity, _ = _part(rest)
    if tag != SEQUENCE:
        raise ValueError("no validity")
    _, _, rest = _part(validity)
    tag, text, _ = _part(rest)
    return _moment(tag, text.decode("ascii"))


def _part(der: bytes) -> tuple[int, bytes, bytes]:
    """Return tag and content of the first element, and what follows it."""
    tag, length, start = der[0], der[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    if start + length > len(der):
        raise ValueError("cut off")
    return tag, der[start : start + length], der[start + length :]


def _moment(tag: int, text: str) -> datetime:
    form = (
        {UTC_TIME: "%y%m%d%H%M%SZ", GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}[tag]
        if tag in (UTC_TIME, GENERALIZED_TIME)
        else ""
    )
    return datetime.strptime(text, form).replace(tzinfo=UTC)
