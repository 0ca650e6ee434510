//! The filter language of event source mappings, as far as souk uses it: which records of a stream invoke a function. A pattern that
//! this file does not know is an error, because ignoring it would count too many or too few invocations.
//!
//! https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// The filters of a mapping. A record passes if it matches one of them, or if there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct EventFilter(Vec<Pattern>);

/// What a part of a record must be.
#[derive(Debug, Clone, PartialEq)]
enum Pattern {
    /// An object, each of whose named members matches.
    Members(BTreeMap<String, Pattern>),
    /// A value that one of these rules accepts.
    AnyOf(Vec<Rule>),
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Equals(String),
    Prefix(String),
    /// Whether there is a value. An object is none, as for Lambda: only a leaf exists.
    Exists(bool),
}

impl EventFilter {
    /// Reads the `FilterCriteria` of a mapping, which has none if it is null.
    pub(crate) fn parse(criteria: &Value) -> Result<Self> {
        let filters = criteria["Filters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let pattern = |filter: &Value| {
            let text = filter["Pattern"].as_str().context("a filter has no pattern")?;
            let pattern: Value =
                serde_json::from_str(text).with_context(|| format!("the pattern {text} is not JSON"))?;
            Pattern::parse(&pattern).with_context(|| format!("the pattern {text}"))
        };
        filters.iter().map(pattern).collect::<Result<_>>().map(Self)
    }

    pub(crate) fn matches(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(Some(record)))
    }
}

impl Pattern {
    fn parse(pattern: &Value) -> Result<Self> {
        match pattern {
            Value::Object(members) => {
                ensure!(!members.is_empty(), "an object without members: what it means is unknown");
                let member = |(name, pattern): (&String, &Value)| {
                    ensure!(!name.starts_with('$'), "the operator {name} is unknown");
                    Ok((name.clone(), Self::parse(pattern)?))
                };
                members.iter().map(member).collect::<Result<_>>().map(Self::Members)
            }
            Value::Array(rules) => {
                ensure!(!rules.is_empty(), "a list without rules, which matches nothing");
                rules.iter().map(Rule::parse).collect::<Result<_>>().map(Self::AnyOf)
            }
            other => bail!("{other} is neither an object nor a list of rules"),
        }
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Members(members) => {
                members.iter().all(|(name, pattern)| pattern.matches(value.and_then(|value| value.get(name))))
            }
            Self::AnyOf(rules) => rules.iter().any(|rule| rule.matches(value)),
        }
    }
}

impl Rule {
    fn parse(rule: &Value) -> Result<Self> {
        if let Value::String(text) = rule {
            return Ok(Self::Equals(text.clone()));
        }
        let mut members = rule.as_object().into_iter().flatten();
        match (members.next(), members.next()) {
            (Some((name, Value::String(prefix))), None) if name == "prefix" => Ok(Self::Prefix(prefix.clone())),
            (Some((name, Value::Bool(exists))), None) if name == "exists" => Ok(Self::Exists(*exists)),
            _ => bail!("the rule {rule} is unknown; known are a text, prefix and exists"),
        }
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        let text = value.and_then(Value::as_str);
        match self {
            Self::Equals(expected) => text == Some(expected.as_str()),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix.as_str())),
            Self::Exists(exists) => value.is_some_and(|value| !value.is_object()) == *exists,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(patterns: &[&str]) -> Result<EventFilter> {
        let filters: Vec<Value> = patterns.iter().map(|pattern| json!({ "Pattern": pattern })).collect();
        EventFilter::parse(&json!({ "Filters": filters }))
    }

    fn record(event_name: &str, pk: &str, sk: &str) -> Value {
        json!({ "eventName": event_name, "dynamodb": { "Keys": { "pk": { "S": pk }, "sk": { "S": sk } } } })
    }

    const OUTBOX: &str = r#"{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"OUTBOX#"}]}}}}"#;
    const OFFER: &str = r#"{"eventName":["MODIFY"],"dynamodb":{"Keys":{"sk":{"S":["OFFER"]}}}}"#;

    #[test]
    fn filters_of_the_template_pass_outbox_rows_and_changed_offers() -> Result<()> {
        let filter = parse(&[OUTBOX, OFFER])?;
        assert!(filter.matches(&record("INSERT", "OUTBOX#07", "evt_1")));
        assert!(filter.matches(&record("MODIFY", "SKU#MUG", "OFFER")));
        for (event_name, pk, sk) in [
            ("REMOVE", "OUTBOX#07", "evt_1"),
            ("INSERT", "SKU#MUG", "OFFER"),
            ("MODIFY", "SKU#MUG", "OFFER2"),
            ("INSERT", "ORDER#OUTBOX#1", "ORDER"),
        ] {
            assert!(!filter.matches(&record(event_name, pk, sk)), "{event_name} {pk} {sk}");
        }
        Ok(())
    }

    #[test]
    fn list_is_any_of_its_rules_and_members_are_all_of_them() -> Result<()> {
        let filter =
            parse(&[r#"{"eventName":["INSERT","MODIFY"],"dynamodb":{"Keys":{"sk":{"S":["ORDER",{"prefix":"P"}]}}}}"#])?;
        assert!(filter.matches(&record("MODIFY", "a", "ORDER")) && filter.matches(&record("INSERT", "a", "PAYMENT")));
        assert!(!filter.matches(&record("REMOVE", "a", "ORDER")) && !filter.matches(&record("INSERT", "a", "x")));
        Ok(())
    }

    #[test]
    fn attribute_exists_as_a_leaf_only() -> Result<()> {
        let with_image = |image: Value| json!({ "dynamodb": { "NewImage": image } });
        let filter = parse(&[r#"{"dynamodb":{"NewImage":{"tells":{"S":[{"exists":true}]}}}}"#])?;
        assert!(filter.matches(&with_image(json!({ "tells": { "S": "payment.completed" } }))));
        assert!(!filter.matches(&with_image(json!({ "pk": { "S": "a" } }))) && !filter.matches(&json!({})));
        let missing = parse(&[r#"{"dynamodb":{"NewImage":{"tells":{"S":[{"exists":false}]}}}}"#])?;
        assert!(missing.matches(&with_image(json!({}))) && missing.matches(&json!({})));
        assert!(!missing.matches(&with_image(json!({ "tells": { "S": "payment.completed" } }))));
        let branch = parse(&[r#"{"dynamodb":{"NewImage":{"tells":[{"exists":true}]}}}"#])?;
        assert!(!branch.matches(&with_image(json!({ "tells": { "S": "payment.completed" } }))));
        Ok(())
    }

    #[test]
    fn mapping_without_filters_passes_every_record() -> Result<()> {
        for criteria in [Value::Null, json!({}), json!({ "Filters": [] })] {
            assert!(EventFilter::parse(&criteria)?.matches(&record("REMOVE", "a", "b")));
        }
        Ok(())
    }

    #[test]
    fn unknown_pattern_is_an_error() {
        for pattern in [
            "not JSON",
            "{}",
            r#""INSERT""#,
            r#"{"eventName":"INSERT"}"#,
            r#"{"eventName":[]}"#,
            r#"{"eventName":[1]}"#,
            r#"{"eventName":[null]}"#,
            r#"{"eventName":[{"suffix":"T"}]}"#,
            r#"{"eventName":[{"numeric":[">",1]}]}"#,
            r#"{"eventName":[{"anything-but":["REMOVE"]}]}"#,
            r#"{"eventName":[{"prefix":1}]}"#,
            r#"{"eventName":[{"prefix":"I","suffix":"T"}]}"#,
            r#"{"$or":[{"eventName":["INSERT"]}]}"#,
        ] {
            assert!(parse(&[pattern]).is_err(), "{pattern}");
        }
        assert!(EventFilter::parse(&json!({ "Filters": [{}] })).is_err());
    }
}
