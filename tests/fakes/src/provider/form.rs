//! Stripe's request format: a form whose keys nest with brackets (`metadata[order_id]=…`, `expand[]=…`).
//! The fake refuses a repeated key, where Stripe uses the last one.

use std::collections::BTreeMap;

use super::response::{ApiResponse, invalid_request};
use super::wire::Expansion;

/// Parameters by their full key, `metadata[order_id]`; `expand[]` becomes `expand[0]`. Sorted, so that requests with the same
/// parameters are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads `a=1&b[c]=2`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ApiResponse> {
        let mut fields = BTreeMap::new();
        let mut listed = BTreeMap::<String, usize>::new();
        for (key, value) in form_urlencoded::parse(bytes) {
            let mut key = key.into_owned();
            if let Some(list) = key.strip_suffix("[]").map(str::to_owned) {
                let index = listed.entry(list.clone()).or_default();
                key = format!("{list}[{index}]");
                *index += 1;
            }
            if !well_nested(&key) {
                return Err(invalid_request(
                    "parameter_unknown",
                    Some(&key),
                    format!("Received unknown parameter: {key}"),
                ));
            }
            if fields.insert(key.clone(), value.into_owned()).is_some() {
                return Err(invalid_request(
                    "parameter_invalid_duplicate",
                    Some(&key),
                    format!("{key} was sent more than once."),
                ));
            }
        }
        Ok(Self(fields))
    }

    /// Is the parameter present, in any form?
    pub(crate) fn names(&self, parameter: &str) -> bool {
        self.0.keys().any(|key| top(key) == parameter)
    }

    /// Refuses every top-level parameter that is not listed, as Stripe does.
    pub(crate) fn allow_only(&self, known: &[&str]) -> Result<(), ApiResponse> {
        match self.0.keys().find(|key| !known.contains(&top(key))) {
            None => Ok(()),
            Some(key) => {
                Err(invalid_request("parameter_unknown", Some(key), format!("Received unknown parameter: {key}")))
            }
        }
    }

    /// A parameter's text. An empty text is refused, because souk never sends one on purpose.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, ApiResponse> {
        match self.0.get(key) {
            Some(text) if text.trim().is_empty() => Err(invalid_request(
                "parameter_invalid_empty",
                Some(key),
                format!("You passed an empty string for '{key}'."),
            )),
            other => Ok(other.cloned()),
        }
    }

    /// A required parameter.
    pub(crate) fn required(&self, key: &str) -> Result<String, ApiResponse> {
        self.text(key)?
            .ok_or_else(|| invalid_request("parameter_missing", Some(key), format!("Missing required param: {key}.")))
    }

    /// An amount in minor units: a positive integer of at most eight digits, as in Stripe.
    pub(crate) fn amount(&self, key: &str) -> Result<Option<u64>, ApiResponse> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        match text.parse::<u64>() {
            Ok(amount @ 1..=99_999_999) => Ok(Some(amount)),
            Ok(0) => Err(invalid_request(
                "parameter_invalid_integer",
                Some(key),
                format!("{key}: this value must be greater than or equal to 1."),
            )),
            Ok(_) => Err(invalid_request(
                "amount_too_large",
                Some(key),
                format!("{key}: this value must be at most 99999999."),
            )),
            Err(_) => Err(invalid_request("parameter_invalid_integer", Some(key), format!("Invalid integer: {text}"))),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, ApiResponse> {
        match self.text(key)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(invalid_request("parameter_invalid", Some(key), format!("Invalid boolean: {other}"))),
        }
    }

    /// A parameter with one of these values.
    pub(crate) fn one_of(&self, key: &str, values: &[&str]) -> Result<Option<String>, ApiResponse> {
        match self.text(key)? {
            Some(text) if !values.contains(&text.as_str()) => Err(invalid_request(
                "parameter_invalid",
                Some(key),
                format!("Invalid {key}: must be one of {}", values.join(", ")),
            )),
            other => Ok(other),
        }
    }

    /// The metadata, within Stripe's limits: 50 keys of 40 characters, values of 500.
    pub(crate) fn metadata(&self) -> Result<BTreeMap<String, String>, ApiResponse> {
        let mut metadata = BTreeMap::new();
        for (key, value) in self.0.iter().filter(|(key, _)| top(key) == "metadata") {
            let name = key.strip_prefix("metadata[").and_then(|rest| rest.strip_suffix(']'));
            match name.filter(|name| {
                !name.contains(['[', ']']) && (1..=40).contains(&name.chars().count()) && value.chars().count() <= 500
            }) {
                Some(name) => metadata.insert(name.to_owned(), value.clone()),
                None => {
                    return Err(invalid_request(
                        "parameter_invalid",
                        Some(key),
                        "Metadata is a flat map of short texts.",
                    ));
                }
            };
        }
        if metadata.len() > 50 {
            return Err(invalid_request("parameter_invalid", Some("metadata"), "Metadata has 50 keys at most."));
        }
        Ok(metadata)
    }

    /// What `expand[]` names. The fake can expand an intent's `latest_charge` and `payment_method`.
    pub(crate) fn expansion(&self) -> Result<Expansion, ApiResponse> {
        let mut expansion = Expansion::default();
        for (_, property) in self.0.iter().filter(|(key, _)| top(key) == "expand") {
            match property.as_str() {
                "latest_charge" => expansion.latest_charge = true,
                "payment_method" => expansion.payment_method = true,
                other => {
                    let message = format!("This property cannot be expanded ({other}).");
                    return Err(invalid_request("parameter_invalid", Some("expand"), message));
                }
            }
        }
        Ok(expansion)
    }
}

fn top(key: &str) -> &str {
    key.split_once('[').map_or(key, |(top, _)| top)
}

fn well_nested(key: &str) -> bool {
    let Some((top, rest)) = key.split_once('[') else { return !key.is_empty() && !key.contains(']') };
    let Some(rest) = rest.strip_suffix(']') else { return false };
    !top.is_empty() && !top.contains(']') && rest.split("][").all(|part| !part.is_empty() && !part.contains(['[', ']']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes()).unwrap_or_else(|refusal| panic!("{text} should be valid: {refusal:?}"))
    }

    #[test]
    fn nested_keys_and_lists_are_read() {
        let form = form("metadata%5Border_id%5D=ord_1&metadata[x]=y&expand[]=latest_charge&amount=5");
        let metadata = form.metadata().unwrap_or_default();
        assert_eq!(metadata.get("order_id").map(String::as_str), Some("ord_1"));
        assert!(matches!(form.expansion(), Ok(Expansion { latest_charge: true, payment_method: false })));
        assert!(matches!(form.amount("amount"), Ok(Some(5))));
        assert!(form.allow_only(&["metadata", "expand"]).is_err(), "amount is not listed");
    }

    #[test]
    fn ambiguous_parameters_are_refused() {
        for bad in ["a[=1", "a]=1", "[a]=1", "a[b]c=1", "a[][]=1", "a=1&a=2", "metadata[]=1&metadata[0]=2"] {
            assert!(Form::parse(bad.as_bytes()).is_err(), "{bad:?} must be refused");
        }
        for bad in ["amount=0", "amount=-1", "amount=1.5", "amount=", "amount=100000000"] {
            assert!(form(bad).amount("amount").is_err(), "{bad:?} must be refused");
        }
    }
}
