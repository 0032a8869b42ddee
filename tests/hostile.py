"""Hostile messages: secrets and personal data in every form that graph.md 3.3 names, and what must not be left of them."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

ALPHANUMERIC = string.ascii_letters + string.digits

NAMES = (
    "client_secret", "client_assertion", "refresh_token", "access_token", "password", "clientSecret", "id_token", "api_key",
)  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """A message, and the pieces of which none may be left."""

    text: str
    pieces: tuple[str, ...]

    def left_in(self, shown: str | bytes) -> list[str]:
        """The pieces that are still there."""
        if isinstance(shown, str):
            return [piece for piece in self.pieces if piece in shown]
        return [piece for piece in self.pieces if piece.encode() in shown]


def _word(rng: random.Random, length: int) -> str:
    return rng.choice(string.ascii_lowercase) + "".join(rng.choices(ALPHANUMERIC, k=length - 1))


def _secret(rng: random.Random) -> tuple[str, list[str]]:
    secret = _word(rng, rng.randint(24, 60))
    name = rng.choice(NAMES)
    form = rng.choice(
        (
            f"Authorization: Bearer {secret}",
            f"{name}={secret}",
            f"grant_type=client_credentials&{name}={secret}&scope=x",
            f'{{"{name}": "{secret}", "scope": "x"}}',
            f"'{name}': '{secret}'",
            f"https://acct{secret[:6]}.blob.core.windows.net/c?sv=1&sig={secret}&se=2",
            f"Set-Cookie: session={secret}; path=/",
            f"x-msft-approval-code: {secret}",
            f"Bearer {secret}",
        )
    )
    return form, [secret]


def _token(rng: random.Random) -> tuple[str, list[str]]:
    parts = [_word(rng, 40) for _ in range(3)]
    return f"token eyJ{parts[0]}.eyJ{parts[1]}.{parts[2]} was refused", parts


def _key(rng: random.Random) -> tuple[str, list[str]]:
    lines = [_word(rng, 64) for _ in range(4)]
    return "-----BEGIN PRIVATE KEY-----\n" + "\n".join(lines) + "\n-----END PRIVATE KEY-----", lines


def _person(rng: random.Random) -> tuple[str, list[str]]:
    local, domain = _word(rng, 16), _word(rng, 14)
    name = f"{local}@{domain}.onmicrosoft.com"
    return rng.choice(("{}", "User {} is not licensed.", "users('{}')/devices", "UPN={};", "<{}>")).format(name), [
        local,
        domain,
    ]


def _device(rng: random.Random) -> tuple[str, list[str]]:
    device = _word(rng, 16)
    forms = (
        f"$skiptoken=LastDeviceName='{device}',LastDeviceId='x'",
        f"managedDevices('{device}')/syncDevice failed",
        f"$filter=deviceName eq '{device}'",
        f"deviceName='{device}'",
    )
    return rng.choice(forms), [device]


def _address(rng: random.Random) -> tuple[str, list[str]]:
    account = str(UUID(int=rng.getrandbits(128), version=4))
    unit, path = _word(rng, 14), _word(rng, 16)
    url = f"https://fef.{unit}.manage.microsoft.com/{path}/{account}/deviceManagement/x?api-version=5025-05-19"
    return rng.choice((f"An error has occurred - Url: {url}", f"cannot reach {url} now")), [unit, path, account]


def _id(rng: random.Random) -> tuple[str, list[str]]:
    found = str(UUID(int=rng.getrandbits(128), version=4))
    return rng.choice((f"policy {found} is gone", f"Resource '{found}' does not exist", f"({found})")), [found]


KINDS: tuple[Callable[[random.Random], tuple[str, list[str]]], ...] = (
    _secret, _secret, _token, _key, _person, _person, _device, _address, _id,
)  # fmt: skip

BREAKS = ("\n", "\r\n", "\n    ")


def hostile(rng: random.Random) -> Hostile:
    """Invent one: plain, broken over lines, percent-encoded, JSON inside a string, inside a URL, or several of these."""
    text, needles = rng.choice(KINDS)(rng)
    pieces = []
    is_broken = rng.random() < 0.3
    for needle in needles:
        middle = len(needle) // 2
        if is_broken:
            text = text.replace(needle, needle[:middle] + rng.choice(BREAKS) + needle[middle:])
        pieces += [needle[:middle], needle[middle:]]
    form = rng.choice(("plain", "plain", "percent", "percent all", "json", "url"))
    if form == "percent":
        text = quote(text, safe="=&:/?. ")
    elif form == "percent all":
        text = quote(text, safe="")
    elif form == "json":
        for _ in range(rng.randint(1, 3)):
            text = json.dumps({"Message": text})
    elif form == "url":
        text = f"GET https://graph.example.com/beta/x?q={quote(text, safe='')} failed"
    around = rng.choice(("{}", "Signing in failed: {}", "An error has occurred\n{}", "{} (try again)"))
    return Hostile(around.replace("{}", text), tuple(pieces))
