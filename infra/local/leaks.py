"""What no log line may hold: searched for in all that the functions logged while the suites ran."""

import re

from steps import Failure, shown

# What it is, how it looks, and one to prove the pattern by. The suites' people bear the names and live at the addresses below.
LEAKS = [
    ("a mail address", r"[\w.+%-]+(?:@|%40)[\w-]+\.\w+", "ada-1@example.com"),
    ("a phone number", r"(?:\+|%2B)\d{8,15}\b", '"+442079460958"'),
    ("a name or an address", r"(?i)lovelace|james's|sw1y", "12 St James's Square"),
    ("a value of somebody who is erased", r"trace-[0-9a-f]+-\d+", "Countess trace-6423a-7"),
    ("a network address", r"(?<![\d.])(?!127\.0\.0\.1\b)\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", "from 203.0.113.7"),
    ("a network address", r"(?i)(?<![\w:])(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}(?![\w:])", "from 2001:db8:0:1:2:3:4:5"),
    ("a secret of 256 bits", r"(?<![\w-])[\w-]{43}(?![\w-])", '"' + "x" * 43 + '"'),
    ("a password", r"a long password|another password|\$argon2", "a long password-5f-1"),
    ("an access token", r"eyJ[\w-]{10,}\.[\w-]{10,}", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMDEifQ"),
    ("a refresh or one-time token", r"\b[\w-]{20,}\.[\w-]{43}\b", "x" * 22 + "." + "y" * 43),
    ("a credential", r"(?i)\bbearer [\w-]|\b(?:sk|whsec)_[A-Za-z0-9]{16,}", "Bearer abc"),
    ("a signed address", r"X-Amz-Signature=", "https://bucket/key?X-Amz-Signature=00"),
]
CARD = re.compile(r"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7})(?![\w.-])")
MOST_SHOWN = 10


def check(folder, functions):
    """Of the logs of these functions: fails with the first places where personal data or a secret was logged; what was found is told by its sort alone."""
    patterns = [(what, re.compile(pattern)) for what, pattern, example in LEAKS if re.search(pattern, example)]
    if len(patterns) < len(LEAKS) or not _is_card("4242 4242 4242 4242"):
        raise Failure("infra/local/leaks.py: a pattern does not find its own example.")
    files = [folder / f"{name}.log" for name in sorted(functions)]
    silent = [file.stem for file in files if not file.exists() or not file.stat().st_size]
    if silent:
        raise Failure(f"These functions logged nothing, so nothing is known of them: {', '.join(silent)}.")
    found, lines = [], 0
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            lines += 1
            sorts = [what for what, pattern in patterns if pattern.search(line)]
            sorts += ["a card number"] if any(_is_card(match.group()) for match in CARD.finditer(line)) else []
            found += [f"{shown(file)}:{number}: {what}" for what in sorts]
    if found:
        raise Failure("Functions logged what no log may hold:\n" + "\n".join(found[:MOST_SHOWN]))
    return f"{lines} lines of {len(files)} functions"


def _is_card(text):
    """By the check digit of ISO/IEC 7812 (Luhn), so that a long number of another sort is none."""
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return sum(digits[::2] + doubled) % 10 == 0 and any(digits)
