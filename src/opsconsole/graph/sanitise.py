"""Clean text (promise 13): nothing of a token, secret, person, tenant or terminal control is left in what we store or show."""

from __future__ import annotations

import re

ELLIPSIS = "…"
"""Ends a text that was cut."""

MAX_LENGTH = 300
"""A message longer than this is no sentence any more; the request id leads to the rest."""

MAX_INPUT = 4_000
"""Rules look at no more than this: nothing beyond is ever shown, and a rule's time stays bounded."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[@-Z\\-_])?")
# A line break may stand in the middle of a secret, as where base64 or a log is wrapped: while the rules look, it is this
# character, which ends no value, whether it came as itself, as a backslash and a letter, or percent-encoded.
_BREAK = "¶"
_BREAKS = re.compile(r"(?:[\r\n\x0b\x0c\x85\u2028\u2029]+|(?:\\+[rn])+|(?:%0[ad])+(?:%20)*)\s*", re.IGNORECASE)
_SPLIT = r"¶?"
# What is cleaned may be percent-encoded, or JSON inside a string inside a string.
_EQUALS = r"""(?:\\*["']|%22|%27)?\s*(?:=>|=|:|>|%3[dDaA]|\\+u003[dDaA])\s*"""
_VALUE = r"""(?:(?P<q>\\*["'])(?:(?!(?<!\\)(?P=q)).)*(?:(?P=q)|$)|(?:(?!&|%26|\\+u0026)[^\s"'<>])+)"""
_AT = r"(?:@|%40|\\+u0040)"
_QUOTE = r"(?:'|%27)"

_NAMES_OF_KEPT = (
    r"client[_\-. ]?secret|client[_\-. ]?assertion|(?:refresh|access|id|device|sas)[_\-. ]?token|app[_\-. ]?(?:secret|password)"
    r"|(?:api|account|private|subscription|shared[_\-. ]?access)[_\-. ]?key|shared[_\-. ]?access[_\-. ]?signature"
    r"|pass(?:word|phrase|wd)|pwd|secret|token|signature"
    r"|(?:(?<![a-z])|(?<=\\[nrt])|(?<=%[0-9a-f]{2}))sig|x-msft-approval-code|(?:device|user|auth(?:orization)?)[_\-. ]?code"
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), instead)
    for pattern, instead in (
        (r"-----BEGIN.*?(?:-----END[^-]{0,40}-----|$)", "(key removed)"),
        (
            rf"(?:authorization|set-cookie|cookie)(?![_\-. ]?code){_EQUALS}"
            rf"(?:(?:bearer|basic|negotiate)(?:\s|%20|\+)+)?{_VALUE}",
            "(token removed)",
        ),
        (
            # A word alone, as in "Basic authentication", is no token.
            r"(?:bearer|basic|negotiate)(?:\s|%20|\+|\\+u0020)+(?:(?=\S{0,200}[\d=.~+/_%])|(?=\S{16}))[a-z0-9\-._~+/=%\\¶]{6,}",
            "(token removed)",
        ),
        (
            rf"(?-i:eyJ)(?:{_SPLIT}[a-z0-9_\-+/=%]){{5,}}(?:{_SPLIT}(?:\.|%2e|\\+u002e)(?:{_SPLIT}[a-z0-9_\-+/=%])*)*",
            "(token removed)",
        ),
        # Query options hold device names and user names, in quotes with blanks around them.
        (
            r"(?:\$|%24)(?:filter|skiptoken|search|skip|select|orderby|expand|apply|deltatoken)(?:=|%3d)"
            r"(?:'(?:''|[^'])*(?:'|$)|%27(?:(?!%27).)*(?:%27|$)|[^\s\"<>']|\s+(?:eq|ne|g[te]|l[te]|and|or|in)\b\s*)*",
            "(query removed)",
        ),
        (rf"(?:{_NAMES_OF_KEPT}){_EQUALS}{_VALUE}", "(secret removed)"),
        # What Graph puts behind "Url:", then every whole URL, also percent-encoded and JSON-escaped ones.
        (r" ?-? ?\b(?:url|uri) ?: ?\S+", ""),
        (
            r"[a-z][a-z0-9+.\-]{1,20}(?::|%3a|\\+u003a)(?:\\*/|%2f|\\+u002f){2}[^\s\"'<>]*(?:'[^\"'<>]*'[^\s\"'<>]*)*",
            "(address removed)",
        ),
        (
            rf"[a-z0-9!#$&*+/=?^_`{{|}}~.\-%\\\u00a1-\uffff]{{0,200}}[a-z0-9_+\-\u00a1-\uffff]{_AT}(?!odata\.)"
            r"[a-z0-9\u00a1-\uffff][a-z0-9.\-\u00a1-\uffff]*",
            "(name removed)",
        ),
        (
            r"(?:[a-z0-9][a-z0-9\-]{0,62}\.){1,8}(?:microsoft|microsoftonline|onmicrosoft|windows|office|azure)\.[a-z.]{2,10}"
            r"(?:[/?][^\s\"']*)?",
            "(address removed)",
        ),
        (r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", "(address removed)"),
        # So do keys of a path.
        (rf"(?:\(|%28)\s*{_QUOTE}.{{0,300}}?{_QUOTE}\s*(?:\)|%29)", "(name removed)"),
        (
            r"\w{0,40}(?:device|user|host|computer|machine|serial|imei|account|upn|mail|principal|displayname)\w{0,40}\s*"
            rf"(?:=|%3d|\beq\b|(?:\+|%20)eq(?:\+|%20))\s*{_QUOTE}(?:''|%27%27|(?!{_QUOTE}).)*(?:{_QUOTE}|$)",
            "(name removed)",
        ),
        (
            rf"\{{?(?:[0-9a-fx]{_SPLIT}){{8}}(?:(?:-|%2d){_SPLIT}(?:[0-9a-fx]{_SPLIT}){{4}}){{3}}(?:-|%2d)(?:{_SPLIT}[0-9a-fx]){{6,12}}\}}?",
            "(id removed)",
        ),
        (r"(?:[0-9a-f]¶?){31,}[0-9a-f]", "(id removed)"),
        # Whatever else is long, without blanks and rich in digits is no word.
        (r"(?=(?:[^\s\d]{0,200}\d){3})[a-z0-9_~+/=\-¶]{40,}", "(token removed)"),
    )
)


def sanitise(text: str, limit: int = MAX_LENGTH) -> str:
    """Return ``text`` as one line without secrets, personal data, addresses, ids and controls, cut to ``limit`` characters.

    Names of permissions (``DeviceManagementScripts.Read.All``) stay: they are what an operator needs.
    """
    # Blanks of any kind become one; what else cannot be printed goes without a trace, so that it cannot split a token.
    text = _ANSI.sub("", text[:MAX_INPUT]).replace(_BREAK, " ")
    clean = "".join(filter(str.isprintable, " ".join(_BREAKS.sub(_BREAK, text.strip()).split())))
    for rule, instead in _RULES:
        clean = rule.sub(instead, clean)
    clean = " ".join(clean.replace(_BREAK, " ").split())
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + ELLIPSIS
