//! What log lines contain: no personal data and no secrets, and only the fields that docs/logs.md lists.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;
use regex::Regex;

mod fields;

pub use fields::{LogFields, client_request_id, security_kind};

/// What a pattern finds, the pattern, and a line in which it must find it. The users of the suites have these names and live at these
/// postal addresses.
const PATTERNS: [(&str, &str, &str); 10] = [
    ("an email address", r"[\w.+%-]+(?:@|%40)[\w-]+\.\w+", "ada-1@example.com"),
    ("a phone number", r"(?:\+|%2B)\d{8,15}\b", r#""+442079460958""#),
    // Not within a word: the ids of every fifth run have these four characters somewhere.
    ("a name or a postal address", r"(?i)lovelace|james's|\bsw1y", "12 St James's Square"),
    ("a value of an erased account", r"trace-[0-9a-f]+-\d+", "Countess trace-6423a-7"),
    ("a secret of 256 bits", r"(?:^|[^\w-])[\w-]{43}(?:$|[^\w-])", r#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#),
    ("a password", r"a long password|another password|\$argon2", "a long password-5f-1"),
    ("an access token", r"eyJ[\w-]{10,}\.[\w-]{10,}", "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMDEifQ"),
    (
        "a refresh token or one-time token",
        r"\b[\w-]{20,}\.[\w-]{43}\b",
        "xxxxxxxxxxxxxxxxxxxxxx.yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
    ),
    ("a credential", r"(?i)\bbearer [\w-]|\b(?:sk|whsec)_[A-Za-z0-9]{16,}", "Bearer abc"),
    ("a presigned URL", r"X-Amz-Signature=", "https://bucket/key?X-Amz-Signature=00"),
];

/// Finds personal data and secrets in log lines.
#[derive(Debug)]
pub struct Search {
    patterns: Vec<(&'static str, Regex)>,
    ipv4_addresses: Regex,
    ipv6_addresses: Regex,
    card_numbers: Regex,
}

impl Search {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// If a pattern is not a regular expression.
    pub fn new() -> Result<Self> {
        let compiled = PATTERNS.into_iter().map(|(what, pattern, _)| Ok((what, Regex::new(pattern)?)));
        Ok(Self {
            patterns: compiled.collect::<Result<_>>()?,
            ipv4_addresses: Regex::new(r"[0-9.]{7,}")?,
            ipv6_addresses: Regex::new(r"[0-9A-Fa-f:]{9,}")?,
            card_numbers: Regex::new(r"[\w.-]*\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}[\w.-]*|[\w.-]*\d{13,}[\w.-]*")?,
        })
    }

    /// What a line contains that it must not contain. Never the value itself, because this is printed.
    pub fn findings(&self, line: &str) -> Vec<&'static str> {
        let found = self.patterns.iter().filter(|(_, pattern)| pattern.is_match(line));
        let mut findings: Vec<_> = found.map(|(what, _)| *what).collect();
        if self.ipv4_addresses.find_iter(line).any(|found| is_ipv4_address(found.as_str()))
            || self.ipv6_addresses.find_iter(line).any(|found| is_ipv6_address(found.as_str()))
        {
            findings.push("an IP address");
        }
        if self.card_numbers.find_iter(line).any(|found| is_card_number(found.as_str())) {
            findings.push("a card number");
        }
        findings
    }
}

/// Loopback addresses are no personal data.
fn is_ipv4_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok_and(|address| !address.is_loopback())
}

/// With five groups or more, because fewer could be a time.
fn is_ipv6_address(text: &str) -> bool {
    text.matches(':').count() >= 4 && text.parse::<Ipv6Addr>().is_ok_and(|address| !address.is_loopback())
}

/// By the check digit of ISO/IEC 7812 (Luhn). Digits inside a longer word, such as an id, are no card number.
fn is_card_number(text: &str) -> bool {
    if !text.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-') {
        return false;
    }
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = (digits.iter().rev().enumerate())
        .map(|(place, digit)| if place % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_finds_its_example() {
        let search = Search::new().unwrap();
        for (what, _, example) in PATTERNS {
            assert!(search.findings(example).contains(&what), "{what}: {example}");
        }
    }

    #[test]
    fn ip_addresses_are_found_but_not_loopback_or_times() {
        let search = Search::new().unwrap();
        for line in [
            "from 203.0.113.7",
            "ip:203.0.113.7",
            "::ffff:203.0.113.7",
            r#"{"ip":"2001:db8:0:1:2:3:4:5"}"#,
            "2001:db8:1:2:3::1",
        ] {
            assert_eq!(search.findings(line), ["an IP address"], "{line}");
        }
        for line in ["http://127.0.0.1:4666/x", "2026-11-28T19:40:52.123Z", "version 1.2.3", "::1"] {
            assert!(search.findings(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn card_numbers_are_found_but_not_other_numbers() {
        let search = Search::new().unwrap();
        for line in ["4242 4242 4242 4242", r#"{"card":"4000000000000341"}"#, "4242-4242-4242-4242"] {
            assert!(search.findings(line).contains(&"a card number"), "{line}");
        }
        for line in ["4242424242424241", "ord_4242424242424242", "0000000000000000", "1764358852123"] {
            assert!(!search.findings(line).contains(&"a card number"), "{line}");
        }
    }
}
