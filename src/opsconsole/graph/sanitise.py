"""Clean text (promise 13): nothing of a token, secret, person, tenant or terminal control is left in what we store or show."""

from __future__ import annotations

import re

GONE = "…"
"""Stands where something was taken out."""

MAX_LENGTH = 300
"""A message longer than this is no sentence any more; the request id leads to the rest."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])?")
_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]+"
)

# A blank, a percent sign, a plus and line ends can stand percent-encoded or JSON-escaped in what is cleaned.
_EQUALS = r"""(?:\\*["'])?\s*(?:=|:|%3[dDaA]|\\u003[dDaA]|=>)\s*"""
_QUOTED = r"""\\*"(?:[^"\\]|\\[^"]|\\+"(?=[^\s,;}\])]))*(?:\\*"|$)|\\*'(?:[^'\\]|\\.)*(?:\\*'|$)"""
_BARE = r"""(?:(?!&|%26|\\u0026)[^\s,;"'<>{}\[\]()])+"""

_NAMES = (
    r"client[_\-. ]?secret|client[_\-. ]?assertion(?![_\-. ]?type)|refresh[_\-. ]?token|access[_\-. ]?token|id[_\-. ]?token"
    r"|app[_\-. ]?(?:secret|password)|api[_\-. ]?key|account[_\-. ]?key|shared[_\-. ]?access[_\-. ]?(?:key|signature)"
    r"|private[_\-. ]?key|pass(?:word|phrase|wd)|pwd|secret|sig(?:nature)?|x-msft-approval-code|device[_\-. ]?code"
    r"|authorization|cookie|set-cookie"
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN[^-]{0,40}-----.*?(?:-----END[^-]{0,40}-----|$)", re.S),
        "(key removed)",
    ),
    (
        re.compile(r"-----BEGIN.*", re.S),
        "(key removed)",
    ),
    (
        re.compile(
            rf"\b(?:authorization|cookie|set-cookie){_EQUALS}(?:{_QUOTED}|(?:bearer|basic|negotiate)?(?:\s|%20|\+)*{_BARE})",
            re.I,
        ),
        "(token removed)",
    ),
    (
        re.compile(r"\b(?:bearer|basic|negotiate)(?:\s|%20|\+|\\u0020|\\t)+[A-Za-z0-9\-._~+/=%\\]{6,}", re.I),
        "(token removed)",
    ),
    (
        re.compile(r"eyJ[A-Za-z0-9_\-+/=%]{5,}(?:(?:\.|%2[eE]|\\u002[eE])[A-Za-z0-9_\-+/=%]*)*"),
        "(token removed)",
    ),
    (
        re.compile(rf"(?<![A-Za-z0-9])(?:{_NAMES}){_EQUALS}(?:{_QUOTED}|{_BARE})", re.I),
        "(secret removed)",
    ),
    # Whole URLs, also percent-encoded and JSON-escaped ones, and what Graph puts behind "Url:".
    (
        re.compile(r"\s*-?\s*\b(?:Url|Uri)\s*:\s*\S+", re.I),
        "",
    ),
    (
        re.compile(
            r"\b[a-z][a-z0-9+.\-]{1,20}(?::|%3a|\\u003a)(?:/|\\/|%2f|\\u002f){2}[^\s\"'<>]*"
            r"(?:'[^\s\"'<>]*'[^\s\"'<>]*)*",
            re.I,
        ),
        "(address removed)",
    ),
    (
        re.compile(
            r"\b(?:[a-z0-9](?:[a-z0-9\-]{0,62})\.)+(?:microsoft|microsoftonline|windows|office|azure|onmicrosoft)\.[a-z.]{2,10}(?:[/?][^\s\"']*)?",
            re.I,
        ),
        "(address removed)",
    ),
    # Paths and filters of a request: they carry ids, device names and user names.
    (
        re.compile(
            r"(?:\$|%24)(?:filter|skiptoken|search|skip|select|orderby|expand|apply|deltatoken)(?:=|%3d)[^\s\"<>]*(?:'[^']*'[^\s\"<>]*)*",
            re.I,
        ),
        "(query removed)",
    ),
    (
        re.compile(
            r"\b\w*(?:device|user|host|computer|machine|serial|imei|account|upn|mail|principal)\w*\s*(?:=|%3d|\beq\b|(?:\+|%20)eq(?:\+|%20))\s*(?:'|%27)(?:[^'%]|%(?!27)|''|%27%27)*(?:'|%27|$)",
            re.I,
        ),
        "(name removed)",
    ),
    (
        re.compile(
            r"[A-Za-z0-9!#$&'*+/=?^_`{|}~.\-%\u00a1-\uffff]*[A-Za-z0-9_+\-\u00a1-\uffff](?:@|%40|\\u0040)[A-Za-z0-9\-\u00a1-\uffff]+(?:\.[A-Za-z0-9\-\u00a1-\uffff]+)*",
            re.I,
        ),
        "(name removed)",
    ),
    (
        re.compile(
            r"\{?\b[0-9a-fA-Fx]{8}(?:-|%2[dD])[0-9a-fA-Fx]{4}(?:-|%2[dD])[0-9a-fA-Fx]{4}(?:-|%2[dD])[0-9a-fA-Fx]{4}(?:-|%2[dD])[0-9a-fA-Fx]{6,12}\b\}?"
        ),
        "(id removed)",
    ),
    (
        re.compile(r"\b[0-9a-fA-F]{32,}\b"),
        "(id removed)",
    ),
)


def sanitise(text: str, limit: int = MAX_LENGTH) -> str:
    """Return ``text`` as one line without secrets, personal data, addresses, ids and controls, cut to ``limit`` characters.

    Names of permissions (``DeviceManagementScripts.Read.All``) stay: they are what an operator needs.
    """
    # Cut first, generously: rules look at a bounded text, and nothing beyond is ever shown.
    clean = _CONTROLS.sub(" ", _ANSI.sub("", text[:20_000]))
    for rule, instead in _RULES:
        clean = rule.sub(instead, clean)
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + GONE
