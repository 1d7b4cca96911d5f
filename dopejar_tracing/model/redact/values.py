"""Where the value ends that stands behind a secret's name in a text."""

from __future__ import annotations

import re
from collections.abc import Callable

from dopejar_tracing.model.redact.cards import MASK
from dopejar_tracing.model.redact.keys import PATH, SECRET, VAGUE, WORDS

Span = tuple[int, int]

_FIRST = re.compile(r"[^\s;]{1,64}")
QUOTE = re.compile(r"[bBrRuUfF]{0,2}(\\*)([\"'`])(?:\1\2\1\2)?+")
_BRACKET = re.compile(r"[\w.]*+([\[({])")
_INSIDE = re.compile(r"[\[({]|[\])}]|(\\*)([\"'])")
SCHEME = re.compile(
    r"(?:bearer|basic|digest|token|apikey|api-key|negotiate|ntlm|hmac|aws4-hmac-sha256)(?:[ \t]++|%20)(?=\S)",
    re.IGNORECASE,
)
# A value may hold any punctuation, but not where it closes or separates: before a blank, a pair, the end.
_BARE = re.compile(
    r"""(?:\[redacted\]|[^\s,;&"'<>()\[\]{}|`\\]
    |[,;&"'<>()\[\]{}|`](?=[\w!@\#$%^*+~/-])(?!["']?[\w.-]{1,64}["']?[:=])
    |\\(?![nrt"'\\]))++""",
    re.VERBOSE,
)
LINE_END = re.compile(r"(?:[^\r\n\\]|\\(?!\\{0,8}[nr]))++")
STAYS = re.compile(
    r"""[(\[]?(?:true|false|disabled|enabled|anonymous|sent|pending|skipped|absent|present|provided|rejected
    |name|number|op|eof|newline|indent|dedent|ident|identifier|keyword|comment
    |null|none|nil|undefined|nan|yes|no|on|off|n/?a|required|missing|invalid|expired|wrong|incorrect
    |must|should|cannot|can(?:'t)?|not|is|was|are|has|too|set|unset|ok|empty|expected|optional|changed|updated|reset
    |rotated|revoked|denied|accepted|allowed|valid|verified|unknown|default|hidden|masked|unchanged|mismatch|failed
    |removed|found|and|or|to|for|the|a|an|in|of|with|if|flag|option|field|str|string|int|bytes|bool|any|class|pass|token
    |password|secret|secretstr|%s|<[a-zA-Z _-]+>?|[*•.…x_#-]{2,})[.,;:!?)]*+""",
    re.IGNORECASE | re.VERBOSE,
)
_PLACEHOLDER = re.compile(
    r"(?:\$[A-Z][A-Z0-9_]*+|\$?\{{1,2}\s?[\w.-]{0,32}\s?\}{1,2}|<[a-zA-Z _-]{1,32}>)(?=[\"'`]|[\r\n]|\\|$)"
)
_LOOKED_UP = re.compile(
    r"""\$[A-Z][A-Z0-9_]*+(?![\w!@#$%^*+/-])|\$\{[^{}\s]{0,64}\}|\$\{\{|\{\{\s?[\w.-]{1,32}\s?\}\}
    |\{[a-z_]{0,32}\}|<[a-zA-Z _-]{1,32}>
    |os\.(?:environ|getenv)\b|[a-z_.]{1,40}\.(?:split|get|pop|strip)\(
    |[a-z_]{1,32}\[["']?[0-9a-z_]{1,32}["']?\]|getpass(?:\.getpass)?\(|process\.env\.|Optional\[
    |(?:self|settings|config|args|env|os|req|request|headers|kwargs|params)\.[A-Za-z_.]++(?![\w-])""",
    re.VERBOSE,
)


def replace_spans(
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


def line_span(text: str, start: int, at: int) -> Span | None:
    """A header's value: to the end of the line, or of the quotes that hold the header."""
    if QUOTE.match(text, at):
        return value_span(text, at, SECRET)
    first = _FIRST.match(text, at)
    if first is None or text.startswith(MASK, at):
        return None
    scheme = SCHEME.match(text, at)
    if scheme and _PLACEHOLDER.match(text, scheme.end()):
        return None
    if not scheme and STAYS.fullmatch(first[0]) and not text.startswith(";", first.end()):
        return None
    line = LINE_END.match(text, at)
    if line is None:
        return None
    outer = text[start - 1 : start]
    end = line.end()
    if outer and outer in "\"'`" and (close := text.find(outer, at, end)) >= 0:
        end = close - (text[close - 1] == "\\")
    return at, max(at, end)


def value_span(text: str, at: int, verdict: int) -> Span | None:
    """The value that begins at `at`; None where there is none, or none to hide."""
    if not verdict & SECRET or text.startswith(MASK, at):
        return None
    if quote := QUOTE.match(text, at):
        start = quote.end()
        end = _closing(text, start, quote[2], len(quote[1]))
        inner = text[start:end]
        stays = (
            is_other(inner, verdict)
            or not inner.strip()
            or inner.lower() in {"true", "false", "null", "none", MASK}
            or not inner.strip("*•.…")
            or (verdict & VAGUE and STAYS.fullmatch(inner))
        )
        return None if stays else (start, end)
    scheme = SCHEME.match(text, at)
    start = scheme.end() if scheme else at
    bare = _BARE.match(text, start)
    word = bare[0] if bare else ""
    if text.startswith(MASK, start) or _LOOKED_UP.match(text, at) or is_other(word, verdict):
        return None
    if bracket := _BRACKET.match(text, at):
        if text[bracket.end() : bracket.end() + 1] in "])}":
            return None
        end = _balanced(text, bracket.start(1))
        more = _BARE.match(text, end) if text[end : end + 1].isalnum() else None
        return at, more.end() if more else end
    if bare is None or STAYS.fullmatch(word) or not any(map(str.isalnum, word)):
        return None
    return at, bare.end()


def is_other(value: str, verdict: int) -> bool:
    """Whether an ambiguous name has its harmless meaning here: `pwd=/home`, `pass: 12`."""
    return bool(
        (verdict & PATH and value[:1] in {"/", "~"})
        or (verdict & WORDS and value.isdigit())
        or (verdict & VAGUE and len(value) <= 2 and value.isdigit())
    )


def _closing(text: str, at: int, quote: str, escapes: int) -> int:
    """Where the quotes close, behind as many backslashes as they opened with; else the end."""
    begin = at
    while (at := text.find(quote, at)) >= 0:
        first = at
        while first > begin and text[first - 1] == "\\":
            first -= 1
        count = at - first
        closes = count % 2 == 0 if escapes == 0 else count <= escapes
        if closes and not text[at + 1 : at + 2].isalnum():  # else it is a quote in a value, escaped once more
            return at - min(count, escapes)
        at += 1
    return len(text)


def _balanced(text: str, at: int) -> int:
    """Behind the bracket that closes the one at `at`; else the end."""
    depth = 0
    while match := _INSIDE.search(text, at):
        at = match.end()
        if match[2]:
            at = min(_closing(text, at, match[2], len(match[1])) + len(match[1]) + 1, len(text))
            continue
        depth += 1 if match[0] in "[({" else -1
        if depth == 0:
            return at
    return len(text)
