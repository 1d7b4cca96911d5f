"""Which names stand for a secret: `DB_PASSWORD`, `X-Api-Key`, but neither `tokens_saved` nor `cache_key`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

MAX_MEMO = 4_096
"""Names whose verdict is remembered."""
MAX_NAME = 128
"""Characters of a name that are looked at, its last ones."""


# What a name says about its value: bits, and no IntFlag, whose `&` takes longer than all else here.
SECRET = 1
LINE = 2
"""Secret, and may have spaces: in a text, it goes on to the end of the line."""
PATH = 4
"""Secret unless the value is a path: `pwd` is a password, or the directory one is in."""
ASK = 8
"""In a text, the words before decide as well: `API key: …`, `time to first token: …`."""
WORDS = 16
"""Secret unless the value is a number: `pass` is a password, or counts tests; so do plurals."""
VAGUE = 32
"""Secret unless the value is a number of two digits, or a word of prose: `cookies: 3`, `token: NAME`."""

# The longer alternatives first: APIKey is API and Key.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")

_SECRETS = frozenset(
    """password passwords passwd pwd passphrase passphrases passcode passcodes secret secrets credential
    credentials creds cred apikey apikeys cvv cvc cvv2 csc ssn mnemonic sig passwort kennwort contrasena
    senha пароль 密码 パスワード phpsessid jsessionid sessionid totp psk pincode ccnum""".split()
)
"""Secret wherever they stand in a name, unless its last word only describes."""
_LAST = frozenset(
    "token auth oauth authorization cookie cookies bearer jwt jwts otp otps pin pins pw csrf xsrf".split()
)
"""Secret only as the last word, or before a word for the value: `token_value`, not `token_count`."""
_OWNERS = frozenset(
    """api secret private access signing signature encryption decryption crypto master account ssh rsa dsa
    ecdsa ed25519 pgp gpg aes des hmac session service license licence client app application auth
    shared deploy webhook stripe openai anthropic claude gemini mistral groq cohere huggingface aws
    azure gcp github gitlab slack twilio sendgrid mailgun datadog sentry pinecone subscription admin
    cipher wrapping tls ssl jwt x509 symmetric wallet vault fernet django flask consumer restricted
    functions storage""".split()
)
"""Whose `key` is a secret; a `primary_key` or `cache_key` is none."""
_CODES = frozenset(
    "mfa otp verification auth authorization recovery backup security login sms 2 fa access pin".split()
)
_PHRASES = frozenset("seed recovery secret mnemonic backup pass wallet".split())
_PASS = frozenset(
    """db database user usr my mysql smtp imap ftp sftp redis pg postgres mongo admin root login email mail
    proxy auth wifi http https ssh ldap rabbitmq amqp sudo account client server basic test""".split()
)
_GLUED = tuple(
    """password passwords passwd passphrase passcode clientsecret appsecret apisecret secretkey privatekey
    accesskey apikey apikeys signingkey encryptionkey masterkey sessionkey authkey accountkey
    accesstoken authtoken refreshtoken sessiontoken apitoken bearertoken idtoken csrftoken xsrftoken
    middlewaretoken bottoken securitytoken usertoken passwordhash passworddigest secretvalue dbpass
    userpass sshpass dbpwd sshkey privkey storagekey jwtsecret
    cardnumber webhooksecret sharedsecret""".split()
)
_VALUES = frozenset(
    """value values header headers string str raw data plain plaintext hex b64 base64 bytes pem secret hash
    digest code codes jwt payload content key bundle""".split()
)
_BEFORE_TOKENS = frozenset("access auth api refresh bearer session csrf xsrf oauth personal bot jwt".split())
"""Whose `tokens`, in the plural, are secrets too; all others are counted."""
_WHOSE = frozenset("prod production staging dev old new live v github gitlab slack".split())
"""Behind `token`: which one it is."""
_COUNTED = frozenset(
    """pad eos bos unk sep cls mask special stop start end begin first last next prev previous per each
    every new max min num total count input output prompt completion reasoning cached context system
    assistant word sub page continuation cancel cancellation sync fencing idempotency lookahead current
    unexpected expected unknown nft erc20 one single any by thought vocab image audio""".split()
)
"""Before `token`: a language model's, a parser's, a page's."""
_DESCRIBING = frozenset(
    """count counts counter length len size policy policies strength type types enabled disabled required
    requires expires expiry expired expiration exp at age ttl url urls uri uris endpoint status state id
    ids uuid name names valid invalid validity present changed method methods consent in on for until
    since after before date time timestamp created updated modified rotated rotation last days hours
    minutes seconds ms reset resets manager provider providers field fields strategy store attempts
    attempt retries tries failures error errors message warning prompt label title placeholder
    description column form page path file filename dir directory location source backend version
    algorithm alg format encoding scheme mode category kind class scope scopes owner issuer audience
    user username email domain region limit index position offset supported allowed exists found
    detected missing provided used verified match matches matched check checks checked validated empty
    masked redacted hidden visible set ok rule rules requirements complexity score entropy bits hasher
    santa garden recipe recipes sauce ingredient ingredients banner preferences notice accepted managers
    level levels usage scan scanner scanning history lifetime max min vault reuse rejected granted
    denied result needed less agent agents weather service protection generator validator validators
    requested figs fd helper handler sent is leaked optional redactor""".split()
)
"""Last words of names that say something about a secret, and hold none."""
_ASKING = frozenset("has is are was needs need requires require uses should can with without no not".split())
_VAGUE = frozenset("token auth authorization cookie cookies pin pins otp csrf xsrf".split())
_LINES = frozenset("authorization cookie cookies passphrase mnemonic phrase".split())
_TAILS = frozenset("token key keys code codes phrase number".split())


def words_of(name: str) -> list[str]:
    """The lower-case words of a name in any spelling: `x-api-key`, `xApiKey`, `X_API_KEY`."""
    name = name[-MAX_NAME:]
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return [word.lower() for word in _WORD.findall(name)]


class KeyRule(dict[str, int]):
    """Names → verdicts, each found once.

    Args:
        keys: further names that are secret, also as a part of a longer one.
        keep: names that never are.
    """

    def __init__(self, keys: Iterable[str] = (), keep: Iterable[str] = ()) -> None:
        super().__init__()
        self._keys = [words for words in map(words_of, keys) if words]
        self._keep = {"".join(words_of(name)) for name in keep} - {""}

    def __missing__(self, name: str) -> int:
        if len(self) >= MAX_MEMO:
            self.clear()  # names are few; who makes them up pays for it
        verdict = self._judge(words_of(name))
        if len(name) <= MAX_NAME:
            self[name] = verdict
        return verdict

    def _judge(self, words: list[str]) -> int:
        squashed = "".join(words)
        if squashed in self._keep:
            return 0
        spaced = f" {' '.join(words)} "
        for own in self._keys:
            if f" {' '.join(own)} " in spaced or squashed == "".join(own):
                return SECRET
        words = [word for word in words if not word.isdigit()]
        if not words:
            return 0
        verdict = ASK if len(words) == 1 and words[0] in _TAILS else 0
        if words[0] in _ASKING or not _is_secret(words):
            return verdict
        if words[-1] in _LINES:
            verdict |= LINE
        if words[-1] == "pwd":
            verdict |= PATH
        if words in (["pass"], ["passwords"], ["secrets"]):
            verdict |= WORDS
        if len(words) == 1 and words[0] in _VAGUE:
            verdict |= VAGUE
        return verdict | SECRET


def _is_secret(words: list[str]) -> bool:
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    if last == "str" and before == "token":
        return False  # a tokenizer's
    if last in _VALUES and before in _LAST:
        return len(words) < 3 or before != "token" or words[-3] not in _COUNTED
    if last in _LAST:
        return last != "token" or before not in _COUNTED
    if last == "tokens":
        return before in _BEFORE_TOKENS
    if last in _WHOSE and before == "token":
        return len(words) < 3 or words[-3] not in _COUNTED
    if last in _DESCRIBING:
        return False
    return (
        not _SECRETS.isdisjoint(words)
        or any(word.endswith(_GLUED) for word in words)
        or any(then in {"key", "keys"} and word in _OWNERS for word, then in pairwise(words))
        or (last == "pass" and (before in _PASS or not before))
        or (last in {"code", "codes"} and before in _CODES)
        or (last in {"phrase", "phrases"} and before in _PHRASES)
        or (last in {"number", "no", "num"} and before in {"card", "cc", "security"})
        or (last == "card" and before in {"credit", "debit"})
        or (last == "signature" and before in {"amz", "goog", "hub", "webhook"})
        or words[-2:] in (["code", "verifier"], ["connection", "string"], ["private", "pem"])
    )
