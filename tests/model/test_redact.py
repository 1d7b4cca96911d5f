"""Secrets in texts and in plain data, and what only looks like one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from corpora.secrets import (
    CARD_TEXTS,
    CLEAN_KEYS,
    CLEAN_TEXTS,
    HUNTER,
    KEY_LINE,
    PAIRS,
    SECRET_KEYS,
    TOKENS,
)
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.redact import MASK, Redactor
from dopejar_tracing.model.redact.cards import is_card
from dopejar_tracing.model.redact.keys import MAX_MEMO, SECRET, KeyRule, words_of
from dopejar_tracing.model.redact.pairs import mask_pairs
from dopejar_tracing.model.redact.shapes import is_clean, mask_shapes

SECRETS = [*TOKENS, *CARD_TEXTS, *((pair, HUNTER) for pair in PAIRS)]
SHAPES = [*TOKENS, *CARD_TEXTS]
FRAMES: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: f"see {text} here",
    lambda text: f"it is {text}.",
    lambda text: f"({text})",
    lambda text: f"one\n{text}\ntwo",
    lambda text: f"🙂 {text} 🙂",
    lambda text: f"a: {text}, b",
    lambda text: json.dumps({"a": [text]}, ensure_ascii=False),
    lambda text: json.dumps(json.dumps({"a": text}, ensure_ascii=False), ensure_ascii=False),
    lambda text: repr([text]),
    lambda text: repr({"a": text}),
]
PLACES: list[Callable[[str], Any]] = [
    lambda text: {"note": text},
    lambda text: {"a": {"b": {"c": text}}},
    lambda text: {"a": [[{"b": text}]]},
    lambda text: {"a": ["x", text, "y"]},
    lambda text: {text: 1},
    lambda text: {"a": {text: {"b": 1}}},
]
ADVERSE = r"""a|sk-|4 |://a:|password|password=|-----BEGIN |-----BEGIN PRIVATE KEY-----|a.|a-|\|"
password="|token: |--a
--token x |<|<a>|<token>|Bearer |Basic |eyJ|eyJa.|{|password={|(|["token","|name="token",value="|is |://a:@|a@
key: |4111 |4111-|$2b$|AKIA|ghp_|Cookie: a; |aB|1a|"\|password=a,|&|M.|x.atlasv1.|1234567890:AA|：|-u a:
\"token\": |password=((|\|\n|\\n|%0A|\nt|[1m|;1m|\u003d|Cookie: \|Bearer a|curl -u a:|name: a|4111 - |=3D
input_value=|name="token"|-> |password -> |identified |4 - |_4|password='''|{{ |$A|sk-|token = str = """

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([text for text, _ in SECRETS]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(SECRET_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
texts = st.lists(
    st.text(max_size=8)
    | st.sampled_from([text for text, _ in SECRETS] + SECRET_KEYS + list("=:\"'{}[]()<>,;&@\\ \n")),
    max_size=8,
).map("".join)


class TestWordsOf:
    """The words of a name."""

    @pytest.mark.parametrize(
        "name", ["apiKey", "APIKey", "api-key", "Api Key", "api.key", "API_KEY", "_api__key_"]
    )
    def test_spellings(self, name: str) -> None:
        """All spellings of a name have the same words."""
        assert words_of(name) == ["api", "key"]


class TestKeyRule:
    """Names that stand for a secret."""

    def test_secret(self) -> None:
        """A secret's name is known in every spelling."""
        assert [name for name in SECRET_KEYS if not KeyRule()[name] & SECRET] == []

    def test_clean(self) -> None:
        """A name that only sounds like one is let be."""
        assert [name for name in CLEAN_KEYS if KeyRule()[name] & SECRET] == []

    @pytest.mark.parametrize(
        "name", ["EmployeeNumber", "x-employee-number", "employeenumber", "employee_number_old"]
    )
    def test_own(self, name: str) -> None:
        """A person's further names are secret, also as a part of a longer one."""
        assert KeyRule(["employee_number"])[name] & SECRET
        assert not KeyRule(["employee_number"])["number_of_employees"]

    def test_keep(self) -> None:
        """A name that is to be kept is never secret, in any spelling; longer ones are as before."""
        rule = KeyRule(keep=["session-key"])
        assert not rule["SESSION_KEY"]
        assert rule["old_session_key"]

    def test_bounded(self) -> None:
        """However many names there are, few are remembered, and none that is long."""
        rule = KeyRule()
        for number in range(2 * MAX_MEMO):
            rule[f"name{number}"]
        rule["x" * 100_000]
        assert len(rule) <= MAX_MEMO
        assert max(map(len, rule), default=0) < 1_000


class TestIsCard:
    """Card numbers."""

    def test_issuer_and_length(self) -> None:
        """A right check digit is not enough: prefix and length are an issuer's."""
        assert is_card("4111111111111111")
        assert not is_card("4111111111111112")
        assert not is_card("9111111111111116")
        assert not is_card("41111111111111")


class TestIsClean:
    """The quick look."""

    @given(texts)
    def test_agrees(self, text: str) -> None:
        """What the quick look calls clean, the patterns leave as it is."""
        if is_clean(text):
            assert mask_pairs(mask_shapes(text), KeyRule()) == text

    @given(
        st.sampled_from(SECRETS),
        st.text(alphabet="abc ,.é→\n", max_size=40),
        st.text(alphabet="abc ,.é\n", max_size=40),
    )
    def test_no_secret_is_clean(self, secret: tuple[str, str], before: str, after: str) -> None:
        """In any clean text around it, a secret is found."""
        assert not is_clean(f"{before} {secret[0]} {after}")


class TestText:
    """Secrets in a text."""

    @pytest.mark.parametrize("frame", FRAMES)
    def test_masked(self, frame: Callable[[str], str]) -> None:
        """A secret is masked wherever in a text it stands, and a second time changes nothing."""
        masked = {secret: Redactor().text(frame(secret)) for secret, _ in SECRETS}
        assert [secret for secret, part in SECRETS if part in masked[secret]] == []
        assert [text for text in masked.values() if MASK not in text] == []
        assert [text for text in masked.values() if Redactor().text(text) != text] == []

    def test_clean(self) -> None:
        """A text without a secret stays."""
        assert [text for text in CLEAN_TEXTS if Redactor().text(text) != text] == []

    @given(texts)
    def test_idempotent(self, text: str) -> None:
        """A second time changes nothing."""
        redactor = Redactor()
        masked = redactor.text(text)
        assert redactor.text(masked) == masked

    @pytest.mark.parametrize("piece", [piece for line in ADVERSE.split("\n") for piece in line.split("|")])
    @pytest.mark.parametrize("end", ["", "!", "@", "=x", " -u x:y -- < is :"])
    def test_linear(self, piece: str, end: str) -> None:
        """No text hangs: 100,000 characters take a tenth of a second, and were it their square, hours."""
        began = time.perf_counter()
        Redactor().text(piece * (100_000 // len(piece)) + end)
        assert time.perf_counter() - began < 20

    def test_rest_stays(self) -> None:
        """Of what stands around a secret nothing is lost."""
        assert Redactor().text("{'cookies': {'sid': 'x'}, 'a': 1}") == f"{{'cookies': {MASK}, 'a': 1}}"
        assert Redactor().text(r"'a=1\ntoken=x\nb=2'") == rf"'a=1\ntoken={MASK}\nb=2'"
        assert Redactor().text("['x', '--token', 'y', '-v']") == f"['x', '--token', '{MASK}', '-v']"
        assert Redactor().text("4111\u202f1111\u202f1111\u202f1111 4111111111111111.0") == f"{MASK} {MASK}.0"

    def test_own_patterns(self) -> None:
        """A person's patterns mask too, once, and not inside a mask."""
        redactor = Redactor(patterns=[re.compile(r"[a-z]+-\d+"), re.compile("red")])
        assert redactor.text("red emp-42 password=x") == f"{MASK} {MASK} password={MASK}"
        assert redactor.text(f"{MASK} {MASK}") == f"{MASK} {MASK}"

    def test_own_keys(self) -> None:
        """A person's keys count in texts too."""
        assert Redactor(["employee_number"]).text("employeeNumber: 42") == f"employeeNumber: {MASK}"


class TestValue:
    """Secrets in plain data."""

    @pytest.mark.parametrize("place", PLACES)
    def test_shapes(self, place: Callable[[str], Any]) -> None:
        """A secret is masked at any depth, and in names."""
        for secret, part in SECRETS:
            masked = json.dumps(Redactor().value(place(secret)), ensure_ascii=False)
            assert part not in masked.replace(r"\\", "\\"), secret

    @pytest.mark.parametrize("value", ["x", 42, 4.2, [1, "x"], {"a": "x"}])
    def test_keys(self, value: Any) -> None:
        """The whole value of a secret's name is masked, whatever it is."""
        for key in SECRET_KEYS:
            assert Redactor().value({"a": [{key: value}]}) == {"a": [{key: MASK}]}

    @pytest.mark.parametrize("value", [None, True, False, ""])
    def test_nothing_to_hide(self, value: Any) -> None:
        """Whether there is a password is no secret."""
        assert Redactor().value({"password": value}) == {"password": value}

    def test_clean(self) -> None:
        """What is no secret stays, at any depth."""
        for text in CLEAN_TEXTS:
            data = {"a": {"b": ["x", text, {"c": text}]}, "numbers": [1, 2.5, 1705180800123456789, 10**30]}
            assert Redactor().value(json.loads(json.dumps(data))) == data

    @pytest.mark.parametrize(
        ("given", "masked"),
        [
            (["password", "x1"], ["password", MASK]),
            ([["Authorization", "x1"], ["Accept", "y"]], [["Authorization", MASK], ["Accept", "y"]]),
            (["password", "email"], ["password", "email"]),
            (["token", 4200], ["token", MASK]),
            (["token", 42], ["token", 42]),
            (["secret", "garden"], ["secret", "garden"]),
            (["pass", "fail"], ["pass", "fail"]),
            (["Accept cookies", "Decline"], ["Accept cookies", "Decline"]),
            (["password", "required"], ["password", "required"]),
            (["password", "hunter"], ["password", MASK]),
            (["X-Api-Key", "abc"], ["X-Api-Key", MASK]),
            (["--token", "--verbose"], ["--token", "--verbose"]),
            (["curl", "-u", "bob:x1"], ["curl", "-u", f"bob:{MASK}"]),
            (["/bin/curl", "--user=bob:x1", "y"], ["/bin/curl", f"--user=bob:{MASK}", "y"]),
            (["docker", "run", "-u", "a:b"], ["docker", "run", "-u", "a:b"]),
            ({"card": 4111111111111111.0}, {"card": MASK}),
            ({"name": "Authorization", "value": "x1"}, {"name": "Authorization", "value": MASK}),
            ({"key": "altitude", "value": "x1"}, {"key": "altitude", "value": "x1"}),
            (["x", "--password", "y", "-v"], ["x", "--password", MASK, "-v"]),
            (["x", "--password=y", "-v"], ["x", f"--password={MASK}", "-v"]),
            (["x", "--password", "--token"], ["x", "--password", "--token"]),
            (["x", "token:", "y", "z"], ["x", "token:", MASK, "z"]),
            (["password", "=", "y"], ["password", "=", MASK]),
            (["-H", "Authorization: Bearer x"], ["-H", f"Authorization: {MASK}"]),
            (["forgot the password", "again"], ["forgot the password", "again"]),
            ({"card": 4111111111111111}, {"card": MASK}),
            (["4111", "1111", "1111", "1111"], [MASK] * 4),
            (["sk-" + "proj-", "aB3dE5gH7jK9"], [MASK] * 2),
            (["use", "sk-" + "proj-aB3dE5gH", "7jK9mN1pQ", "now"], ["use", MASK, MASK, "now"]),
        ],
    )
    def test_pairs(self, given: Any, masked: Any) -> None:
        """A name and its value may stand side by side, and a secret in pieces."""
        assert Redactor().value(given) == masked

    def test_private_key_in_lines(self) -> None:
        """Of a private key that is split over a list nothing stays."""
        dashes = "-" * 5
        lines = [
            "a",
            f"{dashes}BEGIN PRIVATE KEY{dashes}",
            KEY_LINE,
            "short=",
            f"{dashes}END PRIVATE KEY{dashes}",
            "b",
        ]
        assert Redactor().value(lines) == ["a", MASK, MASK, MASK, MASK, "b"]

    def test_equal_names(self) -> None:
        """Names that become the same are told apart."""
        secrets = ["sk-" + "proj-aB3dE5gH", "sk-" + "proj-7jK9mN1pQ"]
        assert Redactor().value(dict.fromkeys(secrets, 1)) == {MASK: 1, MASK + "_": 1}

    @given(plain)
    def test_idempotent(self, data: Any) -> None:
        """Whatever is given, nothing is raised, and a second time changes nothing."""
        redactor = Redactor()
        once = repr(redactor.value(data))
        assert repr(redactor.value(redactor.value(data))) == once
