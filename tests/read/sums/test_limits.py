"""The language of --fail-if."""

from __future__ import annotations

import pytest

from dopejar_tracing.errors import QueryError
from dopejar_tracing.read.sums.durations import Durations
from dopejar_tracing.read.sums.limits import METRICS, Limit, metric, parse_limit
from dopejar_tracing.read.sums.summary import Tally


def tally(*lengths: int, events: int = 0, errors: int = 0, blocked: int = 0, own_us: int = 0) -> Tally:
    """A group with spans of these lengths."""
    durations = Durations()
    durations.add(lengths)
    return Tally(events or len(lengths), errors, blocked, durations, own_us)


NOTHING = tally()
SOME = tally(*range(1, 101), errors=3, blocked=2, own_us=4_000)


class TestMetric:
    """What can be limited."""

    @pytest.mark.parametrize(
        ("name", "expected", "of_nothing"),
        [
            ("events", 100, 0), ("errors", 3, 0), ("blocked", 2, 0), ("p50", 50, None), ("p95", 95, None),
            ("p99", 99, None), ("max", 100, None), ("mean", 50, None), ("total", 5_050, 0),
            ("self", 4_000, 0),
        ],
    )  # fmt: skip
    def test_metric(self, name: str, expected: int, of_nothing: int | None) -> None:
        """Each figure, and that of an empty group."""
        assert (metric(SOME, name), metric(NOTHING, name)) == (expected, of_nothing)
        assert name in METRICS


class TestParse:
    """What a person writes."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("errors > 0", (None, "errors", ">", 0, "", False)),
            ("errors>0", (None, "errors", ">", 0, "", False)),
            ("  errors  >=  1.5  ", (None, "errors", ">=", 1.5, "", False)),
            ("blocked <= 2", (None, "blocked", "<=", 2, "", False)),
            ("count < 10", (None, "events", "<", 10, "", False)),
            ("errors > 1%", (None, "errors", ">", 1, "%", False)),
            ("errors > 0.5 %", (None, "errors", ">", 0.5, "%", False)),
            ("p95 > 50ms", (None, "p95", ">", 50_000, "", False)),
            ("avg > 1m30s", (None, "mean", ">", 90_000_000, "", False)),
            ("self > 1.5 s", (None, "self", ">", 1_500_000, "", False)),
            ("p95 > +20%", (None, "p95", ">", 20, "%", True)),
            ("p95 < -5%", (None, "p95", "<", -5, "%", True)),
            ("p95 > +3ms", (None, "p95", ">", 3_000, "", True)),
            ("p95 < - 3ms", (None, "p95", "<", -3_000, "", True)),
            ("errors > +2", (None, "errors", ">", 2, "", True)),
            ("events < -10%", (None, "events", "<", -10, "%", True)),
            ("altitude: p95 > 50ms", ("altitude", "p95", ">", 50_000, "", False)),
            ("altitude write : p95 > 50ms", ("altitude write", "p95", ">", 50_000, "", False)),
            ("2026-01-13T14: errors > 0", ("2026-01-13T14", "errors", ">", 0, "", False)),
            ("a:b: errors > 0", ("a:b", "errors", ">", 0, "", False)),
            (": errors > 0", (None, "errors", ">", 0, "", False)),
        ],
    )
    def test_forms(self, text: str, expected: tuple[object, ...]) -> None:
        """Every form."""
        limit = parse_limit(text, comparing=True)
        assert limit == Limit(text.strip(), *expected)  # type: ignore[arg-type]
        if not limit.is_change:
            assert parse_limit(text, comparing=False) == limit

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "expected a limit such as 'errors > 0', 'altitude: p95 > 50ms' or 'p95 > +20%'; got ''"),
            (
                "errors",
                "expected a limit such as 'errors > 0', 'altitude: p95 > 50ms' or 'p95 > +20%'; got 'errors'",
            ),
            ("errors = 0", "; got 'errors = 0'"),
            ("errors == 0", "; got 'errors == 0'"),
            ("p95 => 5ms", "; got 'p95 => 5ms'"),
            ("p95 >", "; got 'p95 >'"),
            ("x" * 500, "; got 'xxxxx"),
            (
                "eror > 0",
                f"expected one of {', '.join(METRICS)}; got 'eror' (did you mean 'errors'?)",
            ),
            ("p90 > 5ms", "got 'p90'"),
            ("p95 > 5", "expected a duration such as 500µs, 5ms, 1.5s, 3m12s, 2h or 1d; got '5'"),
            ("p95 > fast", "expected a duration such as 500µs, 5ms, 1.5s, 3m12s, 2h or 1d; got 'fast'"),
            ("p95 > = 5ms", "expected a duration"),
            ("p95 > +", "expected a duration"),
            ("p95 > +-5ms", "expected a duration"),
            ("p95 > 20%", "only errors and blocked have a share; a change is written +20%"),
            ("events > 5%", "only errors and blocked have a share; a change is written +5%"),
            ("errors > many", "expected a number; got 'many'"),
            ("errors > 5ms", "expected a number; got '5ms'"),
            ("errors > nan", "expected a number; got 'nan'"),
            ("errors > +inf", "expected a number; got '+inf'"),
            ("errors > --1", "expected a number; got '--1'"),
            ("errors > %", "expected a number; got '%'"),
            ("errors > +%", "expected a number; got '+%'"),
            ("errors > 1e3", "expected a number; got '1e3'"),
        ],
    )
    def test_errors(self, text: str, said: str) -> None:
        """Each thing that can be wrong is said, with what is allowed."""
        with pytest.raises(QueryError) as error:
            parse_limit(text, comparing=True)
        assert said in str(error.value)
        assert len(str(error.value)) < 220

    @pytest.mark.parametrize("value", ["+20%", "-5ms", "+2"])
    def test_nothing_before(self, value: str) -> None:
        """A change needs something that it is counted from."""
        with pytest.raises(QueryError, match=rf"a change such as \{value} needs --compare"):
            parse_limit(f"errors > {value}", comparing=False)


class TestBroken:
    """Whether a group keeps it."""

    @pytest.mark.parametrize(
        ("text", "broken"),
        [
            ("errors > 2", True), ("errors > 3", False), ("errors >= 3", True), ("errors < 4", True),
            ("errors < 3", False), ("errors <= 3", True), ("errors > 2.9%", True), ("errors > 3%", False),
            ("blocked > 1%", True), ("p95 > 94µs", True), ("p95 > 95µs", False), ("max > 100us", False),
            ("max >= 100us", True), ("mean < 51us", True), ("total > 5ms", True), ("self > 4ms", False),
        ],
    )  # fmt: skip
    def test_values(self, text: str, broken: bool) -> None:
        """Against a value, and against a share of the events."""
        assert parse_limit(text, comparing=False).is_broken(SOME) is broken

    @pytest.mark.parametrize(
        ("text", "before", "after", "broken"),
        [
            ("p95 > +20%", tally(100), tally(121), True),
            ("p95 > +20%", tally(100), tally(120), False),
            ("p95 < -20%", tally(100), tally(79), True),
            ("p95 > +20us", tally(100), tally(121), True),
            ("p95 > +20us", tally(100), tally(120), False),
            ("p95 > +20%", tally(0), tally(1), True),
            ("p95 > +20%", tally(0), tally(0), False),
            ("errors > +0", tally(1, errors=1), tally(1, errors=2), True),
            ("errors > +0", tally(1, errors=1), tally(1, errors=1), False),
            ("errors > +50%", tally(1, events=9, errors=2), tally(1, events=9, errors=4), True),
            ("errors > +50%", tally(1), tally(1, errors=1), True),
            ("events < -50%", tally(events=10), tally(events=4), True),
            ("p95 > +20%", NOTHING, tally(500), False),
            ("p95 > +20%", tally(events=5), tally(500), False),
            ("p95 > +20%", tally(5), tally(events=5), False),
            ("errors > 0", NOTHING, tally(5, errors=1), True),
        ],
    )
    def test_changes(self, text: str, before: Tally, after: Tally, broken: bool) -> None:
        """Against what was before; what was not there before is kept, but for limits of values."""
        assert parse_limit(text, comparing=True).is_broken(after, before) is broken

    @pytest.mark.parametrize("text", ["p95 > 0us", "max < 1h", "mean >= 0us", "errors > 0%"])
    def test_nothing(self, text: str) -> None:
        """What there is nothing of breaks no limit."""
        assert not parse_limit(text, comparing=False).is_broken(NOTHING)
