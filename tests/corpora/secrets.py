"""Texts that hold a secret, and texts that only look so.

All secrets are made up. Tokens are put together here, so that no scanner takes these files for a leak.
"""

from __future__ import annotations

import base64
import json
from itertools import product
from pathlib import Path

_HERE = Path(__file__).parent
A = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2dE3f"
LETTERS = "AbCdEfGhIjKlMnOpQrStUvWxYzabcdefghijklmn"
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"
UP = "IOSFODNN7EXAMPLE"
B64 = base64.b64encode(b"alice:opensesame-42").decode()
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
KEY_LINE = "MIIEpAIBAAKCAQEAx7Zk3mQ9vT4nWc8YbL2fR6jHsD1pGq5uXeKoNzVtC0aIrEy"
ESCAPES = [
    r"\n",
    r"\r\n",
    r"\\t",
    r"\u003d",
    "%3D",
    "%20",
    "%0A",
    "=3D",
    "\x1b[31m",
    r"\x1b[1;31m",
    r"\u001b[1m",
]
HUNTER = "hunter2Zq"
"""A password that nothing but its name gives away."""


def _pem(kind: str, newline: str = "\n") -> str:
    dashes = "-" * 5
    return newline.join(
        [f"{dashes}BEGIN {kind}{dashes}", KEY_LINE, KEY_LINE[::-1], f"{dashes}END {kind}{dashes}"]
    )


def _token(prefix: str, body: str = A) -> tuple[str, str]:
    return prefix + body, body


TOKENS: list[tuple[str, str]] = [
    *(_token("sk-" + kind) for kind in ("", "proj-", "ant-api03-", "svcacct-", "admin-", "or-v1-")),
    _token("sk-", LETTERS),
    _token("sk-", HEX[:32]),
    *(_token(head, A[:24]) for head in ("sk_" + "live_", "sk_" + "test_", "rk_" + "live_", "whsec" + "_")),
    *(_token("gh" + kind + "_", A[:36]) for kind in "pousr"),
    _token("ghp" + "_", LETTERS[:36]),
    _token("github" + "_pat_", A[:22] + "_" + A),
    _token("AK" + "IA", UP),
    _token("AS" + "IA", UP),
    _token("AI" + "za", A[:35]),
    *(_token(f"xo{'x'}{kind}-", "123456789012-1234567890123-" + A[:24]) for kind in "abeoprs"),
    _token("xa" + "pp-", "1-A0123456789-1234567890123-" + HEX),
    _token("gl" + "pat-", A[:20]),
    _token("gl" + "dt-", A[:20]),
    _token("np" + "m_", A[:36]),
    _token("h" + "f_", LETTERS[:34]),
    _token("S" + "G.", A[:22] + "." + A),
    _token("py" + "pi-", "AgEIcHlwaS5vcmc" + A),
    _token("ya" + "29.", "a0AfH6SMB" + A),
    _token("GOC" + "SPX-", A[:28]),
    _token("1/" + "/0", "g" + A),
    _token("do" + "p_v1_", HEX + HEX[:24]),
    _token("shp" + "at_", HEX[:32]),
    _token("sq0" + "atp-", A[:22]),
    _token("hv" + "s.", A),
    _token("dp" + ".pt.", A),
    _token("lin" + "_api_", A),
    _token("PM" + "AK-", HEX[:24] + "-" + HEX[:34]),
    _token("fig" + "d_", A),
    _token("dck" + "r_pat_", A[:27]),
    _token("AT" + "ATT3", A),
    _token("gl" + "sa_", A[:32] + "_" + HEX[:8]),
    _token("ts" + "key-auth-", A[:17] + "-" + A[:20]),
    _token("gs" + "k_", A),
    _token("r" + "8_", A[:37]),
    _token("pp" + "lx-", A),
    _token("xa" + "i-", A),
    _token("nv" + "api-", A),
    _token("da" + "pi", HEX[:32]),
    _token("NR" + "AK-", (UP + UP)[:27]),
    _token("S" + "K", HEX[:32]),
    _token("ke" + "y-", HEX[:32]),
    _token("AGE-SECRET" + "-KEY-1", UP * 3),
    _token("110201543:" + "AA", "H" + A[:34]),
    _token("npg" + "x ghp" + "_", A[:36]),
    (JWT, JWT[38:60]),
    (JWT.rpartition(".")[0], JWT[38:60]),
    (JWT[:30], JWT[3:30]),
    *((f"{word} {A[:24]}", A[:24]) for word in ("Bearer", "bearer", "BEARER")),
    ("Bearer " + "abc123", "abc123"),
    ("bearer " + LETTERS[:20], LETTERS[:20]),
    ("Basic " + B64, B64),
    ("basic " + B64, B64),
    *((_pem(kind), KEY_LINE[:20]) for kind in ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")),
    (_pem("OPENSSH PRIVATE KEY"), KEY_LINE[::-1][:20]),
    (_pem("ENCRYPTED PRIVATE KEY"), KEY_LINE[:20]),
    (_pem("PGP PRIVATE KEY BLOCK"), KEY_LINE[:20]),
    (_pem("PRIVATE KEY", r"\n"), KEY_LINE[:20]),
    (_pem("RSA PRIVATE KEY").rpartition("\n")[0], KEY_LINE[::-1][:20]),
    (_pem("RSA PRIVATE KEY")[:80], KEY_LINE[:20]),
    ("$2b" + "$12$" + "EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW", "EixZaYVK1fsbw1ZfbX3OXe"),
    ("$apr" + "1$abcdefgh$" + A[:22], A[:22]),
    ("s" + "k-proj-abc123", "abc123"),
    ("s" + "k-abcd1234", "abcd1234"),
    ("s3://" + "AK" + "IA" + UP + f":{HUNTER}@bucket", HUNTER),
    *(
        (f"a {escape}{head}{body} b", body)
        for escape, (head, body) in product(
            ESCAPES, [("ghp" + "_", A[:36]), ("s" + "k-", A), ("AK" + "IA", UP), ("Bearer ", A)]
        )
    ),
    ("https://hooks.slack.com/services/" + "T00000000/B00000000/" + A[:24], A[:24]),
]
"""Secrets that their shape gives away, and the part of each that must not survive."""

CARDS = """4111111111111111 4012888888881881 4222222222222 5555555555554444 5105105105105100 2223003122003222
378282246310005 371449635398431 6011111111111117 6011000990139424 30569309025904 38520000023237
3530111333300000 6200000000000005 6500000000000002""".split()
CARD_TEXTS: list[tuple[str, str]] = [
    *((card, card) for card in CARDS),
    *(
        (f"{c[:4]}{s}{c[4:8]}{s}{c[8:12]}{s}{c[12:]}", c[8:12] + s + c[12:])
        for c, s in product(CARDS[:1] + CARDS[3:5], [" ", "-", "_", "  ", " - ", "\t", "\u2011", "\u2013"])
    ),
    *((f"a {escape}{CARDS[0]} b", CARDS[0]) for escape in ESCAPES),
    ("card_" + CARDS[0], CARDS[0]),
    ("3782 822463 10005", "822463 10005"),
    ("3782-822463-10005", "822463-10005"),
    ("3056 930902 5904", "930902 5904"),
    ("2026 4111 1111 1111 1111 12/27", "1111 1111 1111"),
    ("4111 1111 1111 1111 123", "1111 1111 1111"),
]

PAIRS: list[str] = [
    f"password={HUNTER}",
    f"password = {HUNTER}",
    f"Password: {HUNTER}",
    f"password:{HUNTER}",
    f"PASSWORD={HUNTER}",
    f"DB_PASSWORD={HUNTER}",
    f"export API_KEY={HUNTER}",
    f"userPassword={HUNTER}",
    f"user.password={HUNTER}",
    f"AWS_SECRET_ACCESS_KEY={HUNTER}/x+y",
    f"client_secret={HUNTER}",
    f'"password": "{HUNTER}"',
    f'{{"user": "bob", "password":"{HUNTER}"}}',
    f"'api_key': '{HUNTER}'",
    f"{{'a': 1, 'api_key': '{HUNTER}', 'b': 2}}",
    f'{{\\"token\\": \\"{HUNTER}\\"}}',
    f'{{\\\\\\"token\\\\\\": \\\\\\"{HUNTER}\\\\\\"}}',
    f"User(name='x', password='{HUNTER}')",
    f"User(name='x', password=SecretStr('{HUNTER}'))",
    f"password=b'{HUNTER}'",
    f"https://api.example.com/?access_token={HUNTER}&x=1",
    f"GET /v1?x=1&api_key={HUNTER} HTTP/1.1",
    f"login --password {HUNTER} --verbose",
    f"login --token={HUNTER}",
    f"login --api-key '{HUNTER} x'",
    f"Authorization: Basic {HUNTER}==",
    f"Authorization: Token {HUNTER}",
    f"authorization: {HUNTER}",
    f"Proxy-Authorization: Digest username=bob, response={HUNTER}",
    f"curl -H 'Authorization: Bearer {HUNTER}' https://example.com",
    f"Cookie: a=b; c={HUNTER}",
    f"Set-Cookie: sid={HUNTER}; Path=/; HttpOnly",
    f"X-Api-Key: {HUNTER}",
    f"<password>{HUNTER}</password>",
    f'<password type="text">{HUNTER}</password>',
    f"https://bob:{HUNTER}@example.com/path",
    f"postgres://bob:{HUNTER}@db:5432/app",
    f"redis://:{HUNTER}@cache:6379/0",
    f"amqp://bob:pa:ss{HUNTER}@mq",
    f"postgres://bob:x/{HUNTER}@db/app",
    f"https://bob:p@{HUNTER}@example.com",
    f"API key: {HUNTER}",
    f"Your secret key: {HUNTER}",
    f"access token: {HUNTER}",
    f"the token: {HUNTER}",
    f'"credentials": {{"user": "bob", "x": ["{HUNTER}"]}}',
    f"secrets=['a', '{HUNTER}']",
    f"Server=db;User Id=sa;Password={HUNTER};Encrypt=true",
    f"AccountName=x;AccountKey={HUNTER}==;EndpointSuffix=y",
    f"config['password'] = '{HUNTER}'",
    f'"password" => "{HUNTER}"',
    f"password := {HUNTER}",
    f"the password is {HUNTER}",
    f"passphrase: correct horse {HUNTER} staple",
    f'{{"name": "Authorization", "value": "{HUNTER}"}}',
    f"[('Authorization', '{HUNTER}'), ('Accept', 'x')]",
    f"curl -u bob:{HUNTER} https://example.com",
    f"line one\npassword: {HUNTER}\nline three",
    f"otp={HUNTER}",
    f"jwt: {HUNTER}",
    f"refreshToken={HUNTER}",
    f"csrfmiddlewaretoken={HUNTER}",
    f"X-Amz-Signature={HUNTER}",
    *(
        f"a {escape}{pair} b"
        for escape, pair in product(
            ESCAPES,
            [
                f"token={HUNTER}",
                f"secret: {HUNTER}",
                f"authorization: {HUNTER}",
                f"cookie: a={HUNTER}",
                f"--password {HUNTER}",
                f"the pin is {HUNTER}",
                f"curl -u bob:{HUNTER}",
            ],
        )
    ),
    f"password:\u00a0{HUNTER}",
    json.dumps(f"GET / HTTP/1.1\r\nCookie: sid={HUNTER}\r\nAuthorization: {HUNTER}\r\n\r\n"),
    f"密码：{HUNTER}",
    f"contraseña: {HUNTER}",
    *(
        line.replace("@@", HUNTER).replace(r"\n", "\n")
        for line in _HERE.joinpath("pairs.txt").read_text("utf-8").splitlines()
    ),
]

SECRET_KEYS = """
password Password PASSWORD userPassword DB_PASSWORD db-password db.password password2 passwd pwd
passphrase passcode secret client_secret clientSecret AWS_SECRET_ACCESS_KEY APIKey apikey api-key
api_key X-Api-Key x_api_key OPENAI_API_KEY openaiApiKey apiKeys private_key privateKey privatekey
access_key signing_key encryption_key secret_key session_key master_key token access_token accessToken
refresh_token id_token auth_token authToken csrf_token x-csrf-token github_token bot_token token_value
Authorization proxy-authorization auth basic_auth Cookie Set-Cookie cookies session_cookie jwt bearer
otp totp mfa_code cvv cvc pin card_number cardNumber credit_card ssn credentials creds aws_credentials
connection_password password_hash db_pass smtp_pass seed_phrase recovery_codes private_key_pem
X-Amz-Security-Token webhook_secret app_secret passwort contraseña пароль oauth2_token access_tokens
api_tokens pw db_pw sshkey privkey private_pem jwtsecret csrf xsrf sessionid psk ccnum pincode storage_key
connection_string AZURE_STORAGE_CONNECTION_STRING token_prod token_old token_new token_v2
token_github""".split()

CLEAN_KEYS = """
tokens_saved token_count tokens max_tokens prompt_tokens completion_tokens total_tokens token_ids
token_id token_index token_type token_budget token_usage token_limit pad_token eos_token bos_token
stop_token first_token time_to_first_token cost_per_token next_token last_token keyboard key keys
keyword keywords monkey turkey donkey primary_key foreign_key cache_key sort_key public_key
partition_key hash_key idempotency_key author authors authority authored_by authenticated
authentication_method authentication authorization_url authorized secretary password_length
password_changed_at password_policy password_strength passwordless has_password cookie_consent
cookie_policy cookies_enabled token_expires_at secret_count tokenizer tokenized compass passage bypass
passed passenger session session_id namespace tier operation allowed gate gate_type decision reason
from_level to_level pattern_code strategy confidence signal_type bundle agents altitude intent verdict
input_tokens output_tokens tokens_per_second next_page_token continuation_token page_token
password_required requires_auth secret_name pinned pinning spinning opinion pass_rate first_pass
error_code status_code exit_code card cards cardinality encrypted signature encoding hot_path auth_type
auth_method key_count key_value tokens_used cached_tokens reasoning_tokens token_budget_left token_str
sig_figs password_reset_requested csrf_enabled next_token_new""".split()

CLEAN_TEXTS: list[str] = [
    *(f"{key}=45" for key in CLEAN_KEYS),
    *(f'{{"{key}": "abc"}}' for key in CLEAN_KEYS[:60]),
    *_HERE.joinpath("innocents.txt").read_text("utf-8").splitlines(),
]
"""Texts that hold no secret."""
