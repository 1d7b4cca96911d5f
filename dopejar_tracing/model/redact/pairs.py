"""Secrets in a text that a name in front of them gives away: `password=…`, `"token": "…"`, `://user:…@host`."""

from __future__ import annotations

import re

from dopejar_tracing.model.redact.cards import MASK
from dopejar_tracing.model.redact.escapes import AFTER, Bounded, behind_escape, is_escaped
from dopejar_tracing.model.redact.keys import ASK, LINE, SECRET, KeyRule
from dopejar_tracing.model.redact.sentences import mask_sentences
from dopejar_tracing.model.redact.shapes import is_random
from dopejar_tracing.model.redact.values import (
    QUOTE,
    SCHEME,
    STAYS,
    Span,
    line_span,
    replace_spans,
    value_span,
)

_PAIR = Bounded(
    r"(?<![\w.-])",
    r"""([\w.-]++)(?:\\*["'`]|%2[27]|\*\*|&quot;)?+\]?+(?:[ \t\xa0]|\\+t)*+
    (?:=>|->|:=|={1,3}|:(?!:|//)|%3[AaDd]|\\+u003[aAdD]|[：＝])(?:\*\*(?=[ ]))?+(?:[ \t\xa0]|\\+t)*+
    (?:(?:\r?\n|\\+n)[ \t]*+(?=\\*["']))?+""",
    re.VERBOSE,
)
_OPTION = re.compile(
    rf"(?:(?<![\w-])|{AFTER})--([A-Za-z][\w.-]*+)"
    r"""(?:[ \t]++(?=[^\s-])|\\*["'],\s{0,2}(?=[bru]?\\*["'][^\s"'-]))"""
)
_ELEMENT = re.compile(r"<([\w:.-]++)(?:\s[^<>]*+)?+>(?:<!\[CDATA\[)?(?=[^<>])")
_NAMED = re.compile(
    r"""\b(?:name|key|header|field|param|parameter|variable)(?:\\*["'])?+\s{0,4}[:=]\s{0,4}
    (\\*["'])([\w. -]{1,64}+)\1\s{0,4},?\s{0,4}(?:\\*["'])?+
    (?:value|content|val|data)(?:\\*["'])?+\s{0,4}[:=]\s{0,4}(?=\\*["'])""",
    re.VERBOSE | re.IGNORECASE,
)
_TUPLE = re.compile(r"[\[(][bru]?(\\*[\"'])(\w[\w.-]{0,63}+)\1,\s{0,2}(?=[bru]?\\*[\"'])")
_USERINFO = re.compile(
    r"://(?:\[redacted\]|[^\s/?#:@\[\]\"'<>])*+:(?!//|[0-9]{1,5}(?:[/?#\s\"'<>,]|$))(?=((?:(?!://)[^\s\"'<>]){1,256}+))"
)
_USER_KEY = re.compile(r"://(?=([A-Za-z0-9_-]{20,}+)@|([A-Za-z0-9_-]{8,}+)@(?:github|gitlab|bitbucket)\.)")
_CURL_USER = re.compile(
    rf"(?:(?<![\w-])|{AFTER})"
    r"""(?:-u[ =]?|--user[ =]|--proxy-user[ =]|(?:-u|--user|--proxy-user)\\*["'],[ ]?)\\*["']?[^\s:"'\\]*+:"""
    r"""(?=[^\s"'])(?![0-9]{1,5}(?:[\s"'\\]|$))"""
)
_CURL = re.compile(r"(?:curl|wget|https?)\b")

_TYPED = re.compile(
    r"(?:str|bytes|SecretStr|String|Final|Optional\[str\])(?: \| None)?\s?=\s?(?=[bru]?\\*[\"'])"
)
_RECIPE = re.compile(r"(?:[a-z]{3,12}|[0-9]{1,2})(?![^\s,.])")
_WORD = re.compile(r"[A-Za-z][a-z]{1,11}")
_BEFORE_WORD = re.compile(r"[\"'`(\[{]|\\+[nrtbfv]?")
_URNS = ("grant-type", "token-type", "client-assertion-type")
"""Behind `urn:ietf:params:oauth:`."""
_OPENING = frozenset("[({")
_PROSE = re.compile(r"[A-Za-z][a-z']*,?[ ]+[A-Za-z(]")
_VAGUE = frozenset(
    "secret secrets cookie cookies token auth pin pins pass bearer authorization credentials oauth".split()
)
_FIELDS = frozenset("user username email name login host id role url port phone".split())


def mask_pairs(text: str, keys: KeyRule) -> str:
    """The text with the values of secret names masked."""
    low = text.lower()
    if "://" in text:
        text = replace_spans(text, _USERINFO, lambda _text, match, _done: _userinfo(match))
        text = replace_spans(
            text,
            _USER_KEY,
            lambda _text, match, _done: (
                match.span(match.lastindex or 0) if is_random(match[match.lastindex or 0]) else None
            ),
        )
    if "--" in text:
        text = replace_spans(
            text, _OPTION, lambda text, match, _done: value_span(text, match.end(), keys[match[1]])
        )
    if "-u" in text:
        text = replace_spans(text, _CURL_USER, lambda text, match, _done: _curl_user(text, match))
    if "<" in text:
        text = replace_spans(text, _ELEMENT, lambda text, match, _done: _element(text, match, keys))
    text = mask_sentences(text, keys)
    if "'" in text or '"' in text:
        text = replace_spans(text, _TUPLE, lambda text, match, _done: _tuple(text, match, keys))
    if ("'" in text or '"' in text) and ("val" in low or "content" in low or "data" in low):
        text = replace_spans(
            text, _NAMED, lambda text, match, _done: value_span(text, match.end(), keys[match[2]])
        )
    if (
        ":" in text or "=" in text or not text.isascii() or "%3" in text or "->" in text or "u003" in text
    ) and (is_escaped(text) or any(map(keys.__getitem__, set(_PAIR.of(text).findall(text))))):
        text = replace_spans(text, _PAIR.of(text), lambda text, match, done: _pair(text, match, done, keys))
    return text


def _pair(text: str, match: re.Match[str], done: int, keys: KeyRule) -> Span | None:
    start = behind_escape(text, match.start())
    name = text[start : match.end(1)]
    if start > match.start() and not keys[name]:
        start, name = match.start(), match[1]
    verdict = keys[name]
    if verdict & ASK:
        verdict = _asked(text[max(done, start - 50) : start], name, keys)
    if not verdict & SECRET:
        return None
    at = match.end()
    quoted = text[match.end(1)] in "\\\"'`]"
    if (
        not quoted
        and name.lower() in _VAGUE
        and match[0][-1] in " \t"
        and _PROSE.match(text, at)
        and not SCHEME.match(text, at)
    ):
        return None  # The secret: patience and time
    if (
        not quoted
        and name.lower() in {"cookie", "cookies"}
        and match[0][-1:] in " \t"
        and _RECIPE.match(text, at)
    ):
        return None  # cookie: oatmeal
    if name.lower() == "oauth" and text.startswith(_URNS, at):
        return None
    if "->" in match[0] and name.lower() in _VAGUE:
        return None  # auth -> billing
    if typed := _TYPED.match(text, at):
        at = typed.end()
    if not quoted and "==" in match[0] and not QUOTE.match(text, at):
        return None  # if password == confirm
    if verdict & LINE and not text.startswith("=", at - 1):
        # A closing quote of the name's own is not the one that closes the header.
        return (
            value_span(text, at, verdict)
            if quoted and text[at : at + 1] in _OPENING
            else line_span(text, 0 if quoted else start, at)
        )
    return value_span(text, at, verdict)


def _asked(before: str, name: str, keys: KeyRule) -> int:
    """The verdict on `key` or `token` with the words before it, which may make it one or unmake it."""
    words = before.split(" ")[-3:-1] if before.endswith(" ") else []
    words = [_BEFORE_WORD.split(word.split()[-1])[-1] if word.strip() else "" for word in words]
    if not words or not words[-1].replace("-", "_").isidentifier():
        return keys[name]
    verdict = keys[f"{words[-1]} {name}"]
    if words[0].replace("-", "_").isidentifier():
        # Both with one word and with two: "it is access token" is a secret, "time to first token" is none.
        verdict |= keys[" ".join([*words, name])]
    return verdict


def _curl_user(text: str, match: re.Match[str]) -> Span | None:
    """The password of `-u user:password`, which is another thing behind `docker run`."""
    start = match.start()
    return value_span(text, match.end(), SECRET) if _CURL.search(text, max(0, start - 500), start) else None


def _userinfo(match: re.Match[str]) -> Span | None:
    """The password up to the last `@` before the path, or, as it may hold a slash, before the end."""
    rest = match[1]
    size = re.split(r"[/?#]", rest, maxsplit=1)[0].rfind("@")
    if size < 0:
        size = rest.rfind("@")
    if size <= 0 or rest.startswith(MASK):
        return None
    return match.end(), match.end() + size


def _element(text: str, match: re.Match[str], keys: KeyRule) -> Span | None:
    if not keys[match[1]] & SECRET:
        return None
    start = match.end()
    end = text.find("<", start)
    end = len(text) if end < 0 else end
    inner = text[start:end].strip()
    return None if not inner or inner == MASK or STAYS.fullmatch(inner) else (start, end)


def _tuple(text: str, match: re.Match[str], keys: KeyRule) -> Span | None:
    if not keys[match[2]] & SECRET:
        return None
    span = value_span(text, match.end(), SECRET)
    if span is None or not re.match(r"\\*[\"'][\])]", text[span[1] : span[1] + 12]):
        return None
    return None if is_no_value(match[2], text[span[0] : span[1]], keys) else span


def is_no_value(name: str, value: str, keys: KeyRule) -> bool:
    """Whether this is no pair: a list of fields, `("password", "email")`, of words, or of options."""
    return (
        value.lower() in _FIELDS
        or bool(keys[value] & SECRET)
        or STAYS.fullmatch(value) is not None
        or (value.startswith("--") and name.startswith("-"))
        or (name.lower().split(" ")[-1] in _VAGUE and _WORD.fullmatch(value) is not None)
    )
