"""What looks like a secret wherever it stands: tokens of well-known services, private keys, card numbers.

All patterns take linear time: what repeats is possessive or bounded, and no two parts of a repetition can
match the same character.
"""

from __future__ import annotations

import binascii
import re

from dopejar_tracing.model.redact.cards import MASK, mask_cards
from dopejar_tracing.model.redact.escapes import AFTER, Bounded

_TOKEN = Bounded(
    "(?<![A-Za-z0-9])",
    r"""(?:
    s(?:k-(?:(?:ant|proj|svcacct|admin|or|live|test|lf)-[\w-]{6,}|[\w-]{8,})
      |[kq](?:_(?:live|test|prod)_\w{6,}|0(?:atp|csp|idp)-[\w-]{9,})
      |hp(?:at|ca|pa|ss)_[A-Fa-f0-9]{12,}|ntry[su]_[\w=+/-]{12,}|bp_[a-f0-9]{20,}|b_secret_[\w-]{8,}
      |ecret_[A-Za-z0-9]{24,}|l\.[\w-]{40,})
    |rk_(?:live|test)_\w{6,}
    |gh[opusr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}|gl(?:pat|dt|rt|ptt|ft|imt|cbt|oas|soat|agent|ffct|sa)[-_][\w-]{8,}
    |(?:AKIA|ABIA|ACCA)[A-Z0-9]{16,}|ASIA(?=[A-Z]*[0-9])[A-Z0-9]{16}(?![A-Z0-9])|LTAI(?=[A-Za-z]*[0-9])[A-Za-z0-9]{12,}
    |AIza[\w-]{16,}|ya29\.[\w.-]{12,}|GOCSPX-[\w-]{10,}
    |xox[a-z](?:\.xox[a-z])?-(?=[\w-]{0,40}[0-9])[A-Za-z0-9-]{7,}|xapp-[0-9]-[A-Za-z0-9-]{8,}|xai-[A-Za-z0-9]{16,}
    |npm_[A-Za-z0-9]{16,}|hf_[A-Za-z0-9]{12,}|api_org_[A-Za-z0-9]{16,}|pypi-Ag[\w-]{10,}|rubygems_[a-f0-9]{16,}
    |SG\.[\w-]{12,}(?:\.[\w-]+)?|SK[a-f0-9]{32}|key-[a-f0-9]{32}|whsec_[\w+/=]{12,}
    |e(?:yJ[\w-]{9,}(?:\.[\w-]{2,}){1,4}|yJ[\w-]{13,}\.?|AAA[A-Za-z0-9]{30,})|EAA[A-Za-z0-9]{30,}
    |hv[sbr]\.[\w-]{16,}|d(?:o[por]_v1_[a-f0-9]{12,}|p\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{12,}
      |ckr_[po]at_[\w-]{10,}|api[a-f0-9]{32})
    |lin_(?:api|oauth)_[A-Za-z0-9]{12,}|lsv2_(?:pt|sk)_\w{12,}|ntn_[A-Za-z0-9]{16,}|nvapi-[\w-]{16,}
    |figd_[\w-]{12,}|fm[12][a-z]?_[\w+/=-]{20,}|gsk_[A-Za-z0-9]{12,}|r8_[A-Za-z0-9]{16,}|pplx-[A-Za-z0-9]{16,}
    |p(?:csk_\w{16,}|ul-[a-f0-9]{20,}|hx_[A-Za-z0-9]{16,}|at[A-Za-z0-9]{14}\.[a-f0-9]{20,}|scale_(?:tkn|pw)_[\w.-]{12,})
    |tvly-[\w-]{12,}|tskey-[a-z]+-[\w-]{8,}|jina_[A-Za-z0-9]{16,}|csk-[a-z0-9]{16,}
    |A(?:TATT3[\w=-]{12,}|TCTT3[\w=-]{12,}|TBB[A-Za-z0-9]{16,}|GE-SECRET-KEY-1[A-Z0-9]{16,}|KCp[A-Za-z0-9]{30,})
    |NRAK-[A-Z0-9]{12,}|PMAK-[a-f0-9-]{16,}|CFPAT-[\w-]{16,}|bkua_[a-f0-9]{16,}|oy2[a-z0-9]{43}
    |FlyV1[ ][\w+/=,-]{16,}
    )[\w-]*+""",
    re.ASCII | re.VERBOSE,
)
# Those that begin in any way: Terraform, Telegram, Discord, and a refresh token of Google's.
_RARE = Bounded(
    "(?<![A-Za-z0-9])",
    r"""(?:[A-Za-z0-9]{14}\.atlasv1\.[\w-]{20,}|[0-9]{8,10}:AA[\w-]{30,}|1//0[\w-]{20,}
    |[MNO][\w-]{23,26}\.[\w-]{6}\.[\w-]{27,})""",
    re.ASCII | re.VERBOSE,
)
_KEY = re.compile(r"sk-(?:ant|proj|svcacct|admin|or)-[\w-]*[0-9]")
_TELLING = re.compile(r"[0-9_IJB-]")
_HASH = re.compile(
    r"\$(?:2[abxy]|apr1|argon2(?:id|i|d)|[156]|y|scrypt|pbkdf2[\w-]*+)\$[\w./+=,$-]{20,}", re.ASCII
)
_HOOK = re.compile(
    r"(?<=hooks\.slack\.com/)[\w/-]++|(?<=/api/webhooks/)[0-9]++/[\w-]++|(?<=/bot)[0-9]++:[\w-]{20,}"
)
_BEARER = re.compile(
    rf"(?:\b|{AFTER})([Bb]earer|BEARER)"
    r"((?:[\s:=]|%20|\\?[\"'])++(?:token[ \t:=]++)?+)([\w.~+/=-]{6,})",
    re.ASCII,
)
# What may stand behind the word in prose, or in a header that asks for a token.
_PLAIN = re.compile(r"[A-Z]?[a-z]+[.-]*|[a-z_]+=.*|(.)\1*")
_BASIC = re.compile(rf"(?:\b|{AFTER})([Bb]asic|BASIC)( ++)([A-Za-z0-9+/_-]{{6,}}+={{0,2}})")
_PEM = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY")
_PEM_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,60}-{0,5}")
_PEM_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s:,.-]|\\+[nrt])*+")
_RANDOM = re.compile(r"(?=[A-Za-z]*+[0-9])(?=[0-9]*+[A-Za-z])[A-Za-z0-9]{8,}|[A-Za-z0-9]{16,}")
_MIXED = re.compile(r"[a-z][A-Z]+[a-z]+[A-Z]|[a-z][0-9]|[0-9][a-zA-Z]")


# The screen. A text that SCREEN makes all blank is no match of any pattern here or in pairs, if it
# has neither scheme in small letters nor `u003`. Pairs need `:` `=` `<` `>` `--` `%3A`, two quotes, or
# a digit and "is", "set to" or a quote; private keys `--`, hashes `$`, cards 13 digits; BEARER and Basic
# a B. Tokens have what _TELLING finds, and a run of 12 or `sk-`.
# `\xef` begins the colon of Chinese and Japanese.
def _screened(byte: int) -> int:
    for those, sign in (
        (b":=<>$%B\xef", b"!"),
        (b"0123456789", b"0"),
        (b"'\"", b'"'),
        (b"-", b"-"),
        (b"_IJ", b"_"),
    ):
        if byte in those:
            return sign[0]
    return 32


SCREEN = bytes(map(_screened, range(256)))
"""For bytes.translate: a table, since deleting takes three times as long."""
_RUNS = bytes(97 if byte < 128 and (chr(byte).isalnum() or byte in b"-_") else 32 for byte in range(256))
_RUN = b"a" * 12


def is_clean(text: str) -> bool:
    """Whether there can be no secret in the text, by a quick look; false means that it has to be searched."""
    raw = text.encode("utf-8", "replace")
    rest = raw.translate(SCREEN)
    if "earer" in text or "basic " in text or "u003" in text:
        return False
    if not rest or rest.isspace():
        return True
    if 33 in rest or rest.find(b"--") >= 0 or rest.count(b'"') >= 2:  # 33: the first group
        return False
    if 48 in rest and (
        rest.count(b"0") >= 13 or 34 in rest or " is" in text or " was" in text or "set to" in text
    ):
        return False
    return "sk-" not in text and (len(raw) < len(_RUN) or raw.translate(_RUNS).find(_RUN) < 0)


def mask_shapes(text: str) -> str:
    """The text with what looks like a secret masked."""
    raw = text.encode("utf-8", "replace")
    if "PRIVATE KEY" in text:
        text = _mask_private_keys(text)
    if "earer" in text or "EARER" in text:
        text = _BEARER.sub(_bearer, text)
    if "asic" in text or "ASIC" in text:
        text = _BASIC.sub(_basic, text)
    if "sk-" in text or raw.translate(_RUNS).find(_RUN) >= 0:
        text = _TOKEN.of(text).sub(_token, text)
        if ":AA" in text or "//0" in text or text.count(".") >= 2:
            text = _RARE.of(text).sub(_token, text)
        if "hooks.slack.com/" in text or "/api/webhooks/" in text or "/bot" in text:
            text = _HOOK.sub(_token, text)
    if "$" in text:
        text = _HASH.sub(MASK, text)
    if raw.translate(SCREEN).count(b"0") >= 13:
        text = mask_cards(text)
    return text


def opens_private_key(text: str) -> bool:
    """Whether a private key begins here that does not end here."""
    match = _PEM.search(text)
    return match is not None and _PEM_END.search(text, match.end()) is None


def ends_private_key(text: str) -> bool:
    """Whether the last line of a key is here."""
    return _PEM_END.search(text) is not None


def is_random(text: str) -> bool:
    """Whether a text of token characters was made by a machine, and is no compound of words."""
    return any(
        (len(part) >= 8 and _RANDOM.fullmatch(part)) or (len(part) >= 8 and _MIXED.search(part))
        for part in re.split(r"[-_./+=~]", text)
    )


def _token(match: re.Match[str]) -> str:
    found = match[0]
    if not _TELLING.search(found):
        return found  # none of them has letters alone; and so the screen is right
    if found.startswith(("sk-", "hf_")) and not is_random(found[3:]):
        # sk-learn-compatible-estimator, but a company's own `sk-proj-` with a digit is none
        return MASK if _KEY.match(found) else found
    return MASK


def _bearer(match: re.Match[str]) -> str:
    token = match[3]
    secret = is_random(token) or (any(map(str.isdigit, token)) and not token[0].isdigit())
    if not secret and match[1] == "Bearer" and not match[2].strip(" :="):
        secret = not _PLAIN.fullmatch(token) and any(map(str.islower, token))
        secret = secret or ("oken" in token and token.lower() not in {"tokens", "tokens.", "token-based"})
    return f"{match[1]}{match[2]}{MASK}" if secret else match[0]


def _basic(match: re.Match[str]) -> str:
    coded = match[3].rstrip("=").replace("-", "+").replace("_", "/")
    coded += "=" * (-len(coded) % 4)
    try:
        secret = b":" in binascii.a2b_base64(coded)
    except ValueError:  # one character too many: it was cut
        secret = True
    return f"{match[1]}{match[2]}{MASK}" if secret and is_coded(match[3]) else match[0]


def is_coded(text: str) -> bool:
    """Whether capitals and small letters are mixed as in base64, or there are digits."""
    return any(map(str.isdigit, text)) or not (text.islower() or text.isupper() or text.istitle())


def _mask_private_keys(text: str) -> str:
    parts: list[str] = []
    done = 0
    while match := _PEM.search(text, done):
        end = _PEM_END.search(text, match.end())
        upto = end.end() if end else _PEM_BODY.match(text, match.end()).end()  # type: ignore[union-attr]  # may be empty
        parts += text[done : match.start()], MASK
        done = upto
    return "".join([*parts, text[done:]])
