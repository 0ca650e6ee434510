//! Bodies of PUT. What GET has answered can be sent back: members that a request cannot change are accepted if they say what is stored.
//! Otherwise they are refused by name, so that nobody believes to have changed them.

use axum::extract::{FromRequest, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use values::{Error, Result, Timestamp, nfc, read_json_value};

use crate::ApiError;
use crate::body::Json;

/// Between the name of a list and that of a member of its items.
const ITEMS: &str = "[].";
/// The member that names an item of a list. Items may be sent in another order.
const ITEM_NAME: &str = "sku";

/// The body of a PUT.
pub trait Replaceable: DeserializeOwned {
    /// The members of the answer to GET that a request cannot change. `variants[].name` is a member of the items of a list, which are
    /// known by their `sku`.
    const READ_ONLY: &'static [&'static str];
}

/// A body of PUT, whose read-only members are to be compared with what is stored.
#[derive(Debug)]
pub struct Replacement<T> {
    body: T,
    read_only: Vec<Sent>,
}

/// A read-only member that was sent.
#[derive(Debug)]
struct Sent {
    /// Its path in the request.
    field: String,
    place: Place,
    value: Value,
}

#[derive(Debug)]
enum Place {
    Member(&'static str),
    /// A member of the item with this name.
    OfItem(&'static str, Value, &'static str),
}

impl<S: Send + Sync, T: Replaceable> FromRequest<S> for Replacement<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(mut body) = Json::<Map<String, Value>>::from_request(request, state).await?;
        let read_only = take_read_only(&mut body, T::READ_ONLY);
        Ok(Self { body: read_json_value(Value::Object(body))?, read_only })
    }
}

impl<T> Replacement<T> {
    /// The body, if its read-only members say what is stored. `stored` is the answer to GET; it is read only if there are such members.
    /// 422 `read_only` with each member that differs.
    pub async fn checked<A: Serialize>(self, stored: impl Future<Output = Result<A>>) -> Result<T> {
        self.checked_except(async { stored.await.map(|answer| (answer, ALL_COMPARED)) }).await
    }

    /// The same, without the members that `stored` names beside the answer: they may have changed since the caller has read them.
    pub async fn checked_except<A: Serialize>(
        self,
        stored: impl Future<Output = Result<(A, &'static [&'static str])>>,
    ) -> Result<T> {
        if self.read_only.is_empty() {
            return Ok(self.body);
        }
        let (stored, except) = stored.await?;
        let stored = serde_json::to_value(stored).map_err(Error::internal)?;
        let is_compared = |sent: &&Sent| except.iter().all(|name| *name != sent.field);
        let mut differing = self.read_only.iter().filter(is_compared).filter(|sent| !sent.says(&stored));
        match differing.next() {
            None => Ok(self.body),
            Some(first) => Err(differing.fold(refusal(&first.field), |error, sent| {
                error.with_field(&sent.field, READ_ONLY_CODE, READ_ONLY_MESSAGE)
            })),
        }
    }
}

const ALL_COMPARED: &[&str] = &[];
const READ_ONLY_CODE: &str = "read_only";
const READ_ONLY_MESSAGE: &str = "cannot be changed here, and differs from what is stored; leave it out";

fn refusal(field: &str) -> Error {
    Error::invalid(field, READ_ONLY_CODE, READ_ONLY_MESSAGE)
}

/// Takes the read-only members out of a body.
fn take_read_only(body: &mut Map<String, Value>, names: &[&'static str]) -> Vec<Sent> {
    let mut read_only = Vec::new();
    for name in names {
        let Some((list, member)) = name.split_once(ITEMS) else {
            let value = body.remove(*name);
            read_only.extend(value.map(|value| Sent { field: (*name).to_owned(), place: Place::Member(name), value }));
            continue;
        };
        let items = body.get_mut(list).and_then(Value::as_array_mut);
        for (index, item) in items.into_iter().flatten().enumerate() {
            let Some(item) = item.as_object_mut() else { continue };
            let Some(value) = item.remove(member) else { continue };
            let name = item.get(ITEM_NAME).cloned().unwrap_or_default();
            let (field, place) = (format!("{list}[{index}].{member}"), Place::OfItem(list, name, member));
            read_only.push(Sent { field, place, value });
        }
    }
    read_only
}

impl Sent {
    /// Does the member say what is stored? A member that is not stored says null.
    fn says(&self, stored: &Value) -> bool {
        let stored = match &self.place {
            Place::Member(name) => stored.get(*name),
            Place::OfItem(list, name, member) => {
                let mut items = stored.get(*list).and_then(Value::as_array).into_iter().flatten();
                items.find(|item| item.get(ITEM_NAME) == Some(name)).and_then(|item| item.get(*member))
            }
        };
        is_same(&self.value, stored.unwrap_or(&Value::Null))
    }
}

/// Do two values mean the same? Clients write numbers and times in their own way, and may leave out members of objects.
fn is_same(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            sent.iter().all(|(name, value)| is_same(value, stored.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(sent), Value::Array(stored)) => {
            sent.len() == stored.len() && sent.iter().zip(stored).all(|(sent, stored)| is_same(sent, stored))
        }
        (Value::Number(sent), Value::Number(stored)) => sent == stored || sent.as_f64() == stored.as_f64(),
        // A request is read in NFC, and a row of an earlier release may have another form.
        (Value::String(sent), Value::String(stored)) => nfc(sent) == nfc(stored) || is_same_time(sent, stored),
        _ => sent == stored,
    }
}

fn is_same_time(sent: &str, stored: &str) -> bool {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    time(sent).is_some_and(|sent| time(stored) == Some(sent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use http::header;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shirt {
        name: String,
        variants: Vec<Size>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Size {
        sku: String,
    }

    impl Replaceable for Shirt {
        const READ_ONLY: &'static [&'static str] =
            &["id", "version", "rating", "images", "createdAt", "variants[].name"];
    }

    fn stored() -> Value {
        json!({
            "id": "prd_1", "name": "Shirt", "version": 3, "rating": { "average": 4.0, "count": 2 }, "createdAt": "2026-01-05T09:30:00.000Z",
            "images": [{ "id": "img_1", "urls": { "small": "https://cdn.example/1" } }],
            "variants": [{ "sku": "S", "name": "Shirt (S)" }, { "sku": "M", "name": "Shirt (M)" }],
        })
    }

    /// The name that was read, or the invalid fields with their code.
    async fn put(body: &Value) -> std::result::Result<String, Vec<(String, &'static str)>> {
        let request = Request::put("/").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let fields = |error: Error| error.fields.into_iter().map(|field| (field.field, field.code)).collect::<Vec<_>>();
        let replacement = Replacement::<Shirt>::from_request(request, &()).await;
        let replacement = replacement.map_err(|error| fields(error.error))?;
        let shirt = replacement.checked(async { Ok(stored()) }).await.map_err(fields)?;
        assert!(shirt.variants.iter().all(|size| !size.sku.is_empty()));
        Ok(shirt.name)
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut body = stored();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    }

    #[tokio::test]
    async fn answer_to_get_can_be_sent_back_with_changes() {
        assert_eq!(put(&stored()).await.as_deref(), Ok("Shirt"));
        assert_eq!(put(&with("/name", json!("Tee"))).await.as_deref(), Ok("Tee"));
        assert_eq!(put(&json!({ "name": "Tee", "variants": [] })).await.as_deref(), Ok("Tee"));
    }

    #[tokio::test]
    async fn read_only_member_that_differs_is_refused_by_name() {
        for (pointer, value, field) in [
            ("/id", json!("prd_2"), "id"),
            ("/id", json!(null), "id"),
            ("/version", json!(4), "version"),
            ("/version", json!("3"), "version"),
            ("/rating/count", json!(3), "rating"),
            ("/rating", json!(5), "rating"),
            ("/images", json!([]), "images"),
            ("/images/0/urls/small", json!("https://evil.example"), "images"),
            ("/createdAt", json!("2026-01-05T09:30:01Z"), "createdAt"),
            ("/variants/1/name", json!("Shirt (L)"), "variants[1].name"),
            ("/variants/1/sku", json!("L"), "variants[1].name"),
        ] {
            let expected = Err(vec![(field.to_owned(), "read_only")]);
            assert_eq!(put(&with(pointer, value.clone())).await, expected, "{pointer} {value}");
        }
        let mut two = with("/id", json!("prd_2"));
        two["version"] = json!(7);
        assert_eq!(put(&two).await.unwrap_err().len(), 2);
    }

    #[tokio::test]
    async fn unknown_member_is_refused_as_before() {
        let mut body = stored();
        body["colour"] = json!("red");
        assert_eq!(put(&body).await, Err(vec![("colour".to_owned(), "unknown_field")]));
    }

    #[tokio::test]
    async fn value_may_be_written_in_another_way() {
        for (pointer, value) in [
            ("/rating/average", json!(4)),
            ("/rating", json!({ "count": 2 })),
            ("/version", json!(3.0)),
            ("/createdAt", json!("2026-01-05T09:30:00Z")),
            ("/variants", json!([{ "sku": "M", "name": "Shirt (M)" }, { "sku": "S", "name": "Shirt (S)" }])),
        ] {
            assert_eq!(put(&with(pointer, value.clone())).await.as_deref(), Ok("Shirt"), "{pointer} {value}");
        }
        assert!(is_same(&json!({ "name": "Caf\u{e9}" }), &json!({ "name": "Cafe\u{301}" })));
        assert!(!is_same(&json!("Cafe"), &json!("Caf\u{e9}")));
        let mut more = stored();
        more["rating"]["worst"] = json!(null);
        assert!(put(&more).await.is_ok(), "a member that is not stored is null");
    }

    #[tokio::test]
    async fn member_that_may_have_changed_since_is_not_compared() {
        let sent =
            |field: &'static str, value: Value| Sent { field: field.to_owned(), place: Place::Member(field), value };
        let replacement = |version: u64| Replacement {
            body: 7,
            read_only: vec![sent("rating", json!(1)), sent("version", json!(version))],
        };
        let moved: &'static [&'static str] = &["rating"];
        let checked = async |version| {
            let outcome = replacement(version).checked_except(async { Ok((stored(), moved)) }).await;
            outcome.map_err(|error| error.fields.into_iter().map(|field| field.field).collect::<Vec<_>>())
        };
        assert_eq!(checked(3).await, Ok(7));
        assert_eq!(checked(4).await, Err(vec!["version".to_owned()]));
        let error = replacement(3).checked(async { Ok(stored()) }).await.unwrap_err();
        assert_eq!(error.fields[0].field, "rating");
    }

    #[tokio::test]
    async fn body_without_read_only_members_needs_no_read() {
        let replacement = Replacement { body: 7, read_only: Vec::new() };
        let never = async { Err::<Value, _>(Error::internal("it was read")) };
        assert_eq!(replacement.checked(never).await.unwrap(), 7);
    }
}
