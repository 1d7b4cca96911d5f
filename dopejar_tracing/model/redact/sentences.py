"""Secrets that a sentence or a kind of text announces: `the password is …`, a form, `IDENTIFIED BY`."""

from __future__ import annotations

import re

from dopejar_tracing.model.redact.cards import MASK
from dopejar_tracing.model.redact.escapes import Bounded
from dopejar_tracing.model.redact.keys import SECRET, KeyRule
from dopejar_tracing.model.redact.values import LINE_END, Span, replace_spans, value_span

_SAID = Bounded(
    r"\b(?<!nexpected[ ])",  # Unexpected token 'x1'
    r"""(?:password|passwd|pwd|passphrase|passcode|pin|secret|token|api[ _-]?key
    |(?:verification|security|login|access)[ ]code)
    (?:\s(?:is|was|set[ ]to|(?:is|was)[ ](?:now|set[ ]to|changed[ ]to))[ \t:]+
        (?=\S*[0-9])(?!v[0-9]+\b)
        (?![0-9]{1,4}[ ](?:char|digit|letter|word|byte|bit|day|hour|minute|second|week|year))
    |[ ](?=\\*["'][^\s0-9"'`]*+[0-9]))""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = ("pwd", "pin", "secret", " code")
_OF_OBJECT = re.compile(r"\\*[\"'`] (?:not found|does not exist|already exists|in namespace)")
_YAML = re.compile(
    r"""\bname:[ ]{0,4}\\*["']?([\w.-]{1,64}+)\\*["']?
    [ ]{0,4}(?:\r?\n|\\+n|,)[ ]{0,32}value:[ ]{1,4}(?=\S)""",
    re.VERBOSE,
)
_FORM = re.compile(r"\bname=\\*\"([\w.\[\]-]{1,64}+)\\*\"(?:\r?\n|(?:\\{1,4}r)?\\{1,4}n){2}")
_PYDANTIC = re.compile(r"(?:^|\n|\\n)([\w.]{1,64}+)(?:\n|\\{1,4}n)  [^\n]{1,300}?input_value=(?=\\*[\"'])")
_IDENTIFIED = re.compile(
    r"\bidentified\s{1,4}(?:with\s{1,4}\w{1,32}\s{1,4})?by\s{1,4}(?=\\*[\"'])", re.IGNORECASE
)


def mask_sentences(text: str, keys: KeyRule) -> str:
    """The text with the secrets masked that its wording gives away."""
    quotes = "'" in text or '"' in text
    if (quotes or " is" in text or " was" in text or "set to" in text) and _speaks(text):
        text = replace_spans(text, _SAID.of(text), lambda text, match, _done: _said(text, match))
    if quotes and ("IDENTIFIED" in text or "identified" in text):
        text = replace_spans(
            text, _IDENTIFIED, lambda text, match, _done: value_span(text, match.end(), SECRET)
        )
    if "input_value=" in text:
        text = replace_spans(
            text, _PYDANTIC, lambda text, match, _done: value_span(text, match.end(), keys[match[1]])
        )
    if "value:" in text:
        text = replace_spans(
            text, _YAML, lambda text, match, _done: value_span(text, match.end(), keys[match[1]])
        )
    if "name=" in text and '"' in text:
        text = replace_spans(text, _FORM, lambda text, match, _done: _form(text, match, keys))
    return text


def _speaks(text: str) -> bool:
    """Whether one of the words is there that `_SAID` begins with: a quicker look."""
    text = text.lower()
    return "pass" in text or "token" in text or "api" in text or any(word in text for word in _WORDS)


def _said(text: str, match: re.Match[str]) -> Span | None:
    span = value_span(text, match.end(), SECRET)
    return None if span and _OF_OBJECT.match(text, span[1]) else span


def _form(text: str, match: re.Match[str], keys: KeyRule) -> Span | None:
    line = LINE_END.match(text, match.end())
    return line.span() if line and keys[match[1]] & SECRET and line[0] != MASK else None
