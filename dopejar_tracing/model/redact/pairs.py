"""Secrets in a text that a name in front of them gives away: `password=…`, `"token": "…"`, `://user:…@host`."""

from __future__ import annotations

import re
from collections.abc import Callable

from dopejar_tracing.model.redact.cards import MASK
from dopejar_tracing.model.redact.keys import ASK, LINE, SECRET, KeyRule
from dopejar_tracing.model.redact.shapes import is_random
from dopejar_tracing.model.redact.values import QUOTE, SCHEME, STAYS, Span, line_span, value_span

_PAIR = re.compile(
    r"""(?<![\w.-])([\w.-]++)(?:\\*["'`]|%2[27])?+\]?+(?:[ \t]|\\+t)*+
    (?:=>|:=|={1,3}|:(?!:|//)|%3[AaDd]|[：＝])(?:[ \t]|\\+t)*+
    (?:(?:\r?\n|\\+n)[ \t]*+(?=\\*["']))?+""",
    re.VERBOSE,
)
_OPTION = re.compile(r"(?<![\w-])--([A-Za-z][\w.-]*+)[ \t]++(?=[^\s-])")
_ELEMENT = re.compile(r"<([\w:.-]++)(?:\s[^<>]*+)?+>(?:<!\[CDATA\[)?(?=[^<>])")
_NAMED = re.compile(
    r"""\b(?:name|key|header|field|param|parameter|variable)(?:\\*["'])?+\s{0,4}[:=]\s{0,4}
    (\\*["'])([\w. -]{1,64}+)\1\s{0,4},?\s{0,4}(?:\\*["'])?+
    (?:value|content|val|data)(?:\\*["'])?+\s{0,4}[:=]\s{0,4}(?=\\*["'])""",
    re.VERBOSE | re.IGNORECASE,
)
_TUPLE = re.compile(r"[\[(](\\*[\"'])([\w.-]{1,64}+)\1,\s{0,2}(?=[bru]?\\*[\"'])")
_SAID = re.compile(
    r"""\b(?:password|passwd|pwd|passphrase|passcode|pin|secret|token|api[ _-]?key
    |(?:verification|security|login|access)[ ]code)
    (?:\s(?:is|was)[ \t:]+(?=\S*[0-9])|[ ](?=\\*["'][^\s0-9"'`]*+[0-9]))""",
    re.IGNORECASE | re.VERBOSE,
)
_USERINFO = re.compile(
    r"://[^\s/?#:@\[\]\"'<>]*+:(?!//|[0-9]{1,5}(?:[/?#\s\"'<>,]|$))(?=((?:(?!://)[^\s\"'<>]){1,256}+))"
)
_USER_KEY = re.compile(r"://(?=([A-Za-z0-9_-]{20,}+)@)")
_CURL_USER = re.compile(r"(?<!\S)(?:-u[ =]?|--user[ =]|--proxy-user[ =])[\"']?[^\s:\"']*+:(?=[^\s\"'])")

_PROSE = re.compile(r"[A-Za-z][a-z']*,?[ ]+[A-Za-z(]")
_VAGUE = frozenset(
    "secret secrets cookie cookies token auth pin pins pass bearer authorization credentials oauth".split()
)
_FIELDS = frozenset("user username email name login host id role url port phone".split())


def mask_pairs(text: str, keys: KeyRule) -> str:
    """The text with the values of secret names masked."""
    if "://" in text:
        text = _replace(text, _USERINFO, lambda _text, match, _done: _userinfo(match))
        text = _replace(
            text, _USER_KEY, lambda _text, match, _done: match.span(1) if is_random(match[1]) else None
        )
    if "--" in text:
        text = _replace(
            text, _OPTION, lambda text, match, _done: value_span(text, match.end(), keys[match[1]])
        )
    if "-u" in text:
        text = _replace(text, _CURL_USER, lambda text, match, _done: value_span(text, match.end(), SECRET))
    if "<" in text:
        text = _replace(text, _ELEMENT, lambda text, match, _done: _element(text, match, keys))
    if " is" in text or " was" in text or "'" in text or '"' in text:
        text = _replace(text, _SAID, lambda text, match, _done: value_span(text, match.end(), SECRET))
    if "'" in text or '"' in text:
        text = _replace(text, _TUPLE, lambda text, match, _done: _tuple(text, match, keys))
        text = _replace(
            text, _NAMED, lambda text, match, _done: value_span(text, match.end(), keys[match[2]])
        )
    if (":" in text or "=" in text or not text.isascii() or "%3" in text) and any(
        map(keys.__getitem__, _PAIR.findall(text))
    ):
        text = _replace(text, _PAIR, lambda text, match, done: _pair(text, match, done, keys))
    return text


def _replace(
    text: str, pattern: re.Pattern[str], span_of: Callable[[str, re.Match[str], int], Span | None]
) -> str:
    """Mask the span that belongs to each match, if one does; `done` is where the last one ended."""
    parts: list[str] = []
    done = at = 0
    while match := pattern.search(text, at):
        at = match.end()
        span = span_of(text, match, done)
        if span is not None and span[0] < span[1]:
            parts += text[done : span[0]], MASK
            done = span[1]
            at = max(at, done)
    return "".join([*parts, text[done:]]) if parts else text


def _pair(text: str, match: re.Match[str], done: int, keys: KeyRule) -> Span | None:
    name = match[1]
    verdict = keys[name]
    if verdict & ASK:
        verdict = _asked(text[max(done, match.start() - 50) : match.start()], name, keys)
    if not verdict & SECRET:
        return None
    at = match.end()
    quoted = match[0].rstrip()[len(name) :][:1] in "\\\"'`]"
    if (
        not quoted
        and name.lower() in _VAGUE
        and match[0][-1] in " \t"
        and _PROSE.match(text, at)
        and not SCHEME.match(text, at)
    ):
        return None  # The secret: patience and time
    if not quoted and "==" in match[0] and not QUOTE.match(text, at):
        return None  # if password == confirm
    if verdict & LINE and not text.startswith("=", at - 1):
        return line_span(text, match.start(), at)
    return value_span(text, at, verdict)


def _asked(before: str, name: str, keys: KeyRule) -> int:
    """The verdict on `key` or `token` with the words before it, which may make it one or unmake it."""
    words = before.split(" ")[-3:-1] if before.endswith(" ") else []
    words = [word.split()[-1].lstrip("\"'`([{\\") if word.strip() else "" for word in words]
    if not words or not words[-1].replace("-", "_").isidentifier():
        return keys[name]
    verdict = keys[f"{words[-1]} {name}"]
    if words[0].replace("-", "_").isidentifier():
        # Both with one word and with two: "it is access token" is a secret, "time to first token" is none.
        verdict |= keys[" ".join([*words, name])]
    return verdict


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
    return None if is_field(text[span[0] : span[1]], keys) else span


def is_field(text: str, keys: KeyRule) -> bool:
    """Whether this is rather the name of a further field than a value: `("password", "email")`."""
    return text.lower() in _FIELDS or bool(keys[text] & SECRET)
