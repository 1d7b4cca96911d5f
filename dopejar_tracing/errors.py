"""The exceptions that a person meets, all raised by what they call by hand.

    TracingError
    ├── SettingsError    a setting, wherever it was written, is not one of those allowed
    ├── QueryError       what somebody looks for cannot be understood
    └── InvalidIdError   a text is not a trace ID

Application code that is being traced never sees one: `bind_trace` and its like do not raise.
"""


class TracingError(Exception):
    """Base of every exception of this package."""


class SettingsError(TracingError):
    """Settings that cannot be used: each line names the place, what was found and what is allowed."""


class QueryError(TracingError):
    """A filter that cannot be used: says what was found, what is allowed, and where in it."""


class InvalidIdError(TracingError, ValueError):
    """A text that is not `{prefix}_{unix seconds}_{random}` (contract §2)."""
