//! Verify and parse Stripe's webhooks. Pure. Source: Stripe's "Verify webhook signatures".

use aws_lc_rs::hmac;
use serde::Deserialize;
use values::{Error, Kind, PaymentId, RefundId, Result, Timestamp};

/// The largest difference between the time of a signature and ours. An older request may be a replay.
const TOLERANCE_SECONDS: i64 = 300;

/// An event of the provider: a hint which payment to check. Its amounts and states are not used, because events arrive
/// late, twice and in any order, and the provider itself can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderEvent {
    pub(crate) id: String,
    pub(crate) r#type: String,
    pub(crate) payment: PaymentId,
    pub(crate) refund: Option<RefundId>,
}

/// Refuses a body that was not signed with `secret`, or not within five minutes. `header` is
/// `t=<seconds>,v1=<hex>[,v1=<hex>…]`. While a secret is rotated, there is a signature for each of the two.
pub(crate) fn verify(body: &[u8], header: Option<&str>, secret: &str, now: Timestamp) -> Result<()> {
    let header =
        header.ok_or_else(|| malformed("webhook_signature_missing", "The header Stripe-Signature is missing."))?;
    let parts: Vec<(&str, &str)> = header.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let values_of =
        |name: &str| parts.iter().filter(move |(key, _)| *key == name).map(|(_, value)| *value).collect::<Vec<_>>();
    let invalid = || {
        malformed("webhook_signature_invalid", "The signature does not match the body and the secret of this endpoint.")
    };
    let [time] = values_of("t")[..] else { return Err(invalid()) };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [time.as_bytes(), b".", body].concat();
    // `hmac::verify` takes the same time wherever the first wrong byte is.
    let is_genuine =
        values_of("v1").iter().filter_map(|hex| decode_hex(hex)).any(|tag| hmac::verify(&key, &signed, &tag).is_ok());
    if !is_genuine {
        return Err(invalid());
    }
    let time: i64 = time.parse().map_err(|_| invalid())?;
    match (now.seconds() - time).abs() <= TOLERANCE_SECONDS {
        true => Ok(()),
        false => Err(malformed(
            "webhook_too_old",
            "The signature is more than five minutes old or in the future. Send the event again.",
        )),
    }
}

/// Characters of the id of an event.
const MAX_ID_LENGTH: usize = 255;

/// A Stripe event, reduced to the fields that souk reads.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct StripeEvent {
    #[cfg_attr(
        feature = "openapi",
        schemars(length(min = 1, max = MAX_ID_LENGTH), regex(pattern = "^[A-Za-z0-9_.-]*$"), extend("example" = "evt_1PqX2v2eZvKYlo2C"))
    )]
    id: String,
    #[cfg_attr(feature = "openapi", schemars(extend("example" = "payment_intent.succeeded")))]
    r#type: String,
    data: Data,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
struct Data {
    object: Object,
}

#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
struct Object {
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// The ids that souk has given to its objects at Stripe.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
struct Metadata {
    /// The id in souk.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::PaymentId>"))]
    payment_id: Option<String>,
    /// The id in souk.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<values::schema::RefundId>"))]
    refund_id: Option<String>,
}

/// Reports what our own call has just done. It may arrive before that call returns.
const IGNORED_TYPE: &str = "payment_intent.created";

/// Parses an event; none when it is not about a payment of ours, or of an ignored type. 400 `webhook_unreadable`.
pub(crate) fn parse(body: &[u8]) -> Result<Option<ProviderEvent>> {
    let body: StripeEvent = serde_json::from_slice(body)
        .map_err(|_| Error::new(Kind::Malformed, "webhook_unreadable", "The body is not an event of Stripe."))?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !(1..=MAX_ID_LENGTH).contains(&body.id.len()) || !body.id.chars().all(is_allowed) {
        return Err(Error::new(Kind::Malformed, "webhook_unreadable", "The id of the event is not an id of Stripe."));
    }
    if body.r#type == IGNORED_TYPE {
        return Ok(None);
    }
    let metadata = body.data.object.metadata.unwrap_or_default();
    let Some(payment) = metadata.payment_id.and_then(|id| id.parse().ok()) else { return Ok(None) };
    let refund = metadata.refund_id.and_then(|id| id.parse().ok());
    Ok(Some(ProviderEvent { id: body.id, r#type: body.r#type, payment, refund }))
}

fn malformed(code: &'static str, detail: &str) -> Error {
    Error::new(Kind::Malformed, code, detail)
}

fn decode_hex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_of_a_test";
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{"payment_id":"pay_01h455vb4pex5vsknk084sn02q"}}}}"#;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_764_000_000_000)
    }

    fn signature(body: &[u8], secret: &str, time: i64) -> String {
        let signed = [time.to_string().as_bytes(), b".", body].concat();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &signed);
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn header(time: i64) -> String {
        format!("t={time},v1={},v0=00", signature(BODY, SECRET, time))
    }

    fn code(body: &[u8], header: Option<&str>) -> &'static str {
        verify(body, header, SECRET, now()).map_or_else(|error| error.code, |()| "accepted")
    }

    #[test]
    fn only_a_recent_signature_is_accepted() {
        let time = now().seconds();
        assert_eq!(code(BODY, Some(&header(time))), "accepted");
        assert_eq!(code(BODY, Some(&header(time - 300))), "accepted");
        assert_eq!(code(BODY, None), "webhook_signature_missing");
        assert_eq!(code(BODY, Some(&header(time - 301))), "webhook_too_old");
        assert_eq!(code(BODY, Some(&header(time + 301))), "webhook_too_old");
        assert_eq!(code(b"{}", Some(&header(time))), "webhook_signature_invalid");
        let other = format!("t={time},v1={}", signature(BODY, "another secret", time));
        assert_eq!(code(BODY, Some(&other)), "webhook_signature_invalid");
        let later = header(time - 400).replace(&format!("t={}", time - 400), &format!("t={time}"));
        assert_eq!(code(BODY, Some(&later)), "webhook_signature_invalid", "the time is part of the signature");
        for bad in ["", "t=1", "v1=00", "t=,v1=", "t=x,v1=zz", "t=1,t=2,v1=00"] {
            assert_eq!(code(BODY, Some(bad)), "webhook_signature_invalid", "{bad:?}");
        }
    }

    #[test]
    fn one_valid_signature_of_two_is_enough() {
        let time = now().seconds();
        let (old, new) = (signature(BODY, "the old secret", time), signature(BODY, SECRET, time));
        assert_eq!(code(BODY, Some(&format!("t={time},v1={old},v1={new}"))), "accepted");
    }

    #[test]
    fn event_names_its_payment_and_a_foreign_event_is_ignored() {
        let event = parse(BODY).unwrap().unwrap();
        assert_eq!((event.id.as_str(), event.refund), ("evt_1", None));
        let foreign = br#"{"id":"evt_2","type":"plan.created","data":{"object":{"id":"plan_1"}}}"#;
        assert_eq!(parse(foreign).unwrap(), None);
        let created = String::from_utf8_lossy(BODY).replace("payment_intent.succeeded", IGNORED_TYPE);
        assert_eq!(parse(created.as_bytes()).unwrap(), None);
        assert_eq!(parse(b"[]").unwrap_err().code, "webhook_unreadable");
    }
}
