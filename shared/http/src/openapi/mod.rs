//! Builds the OpenAPI document (3.1) from the request and answer types of the functions. Only `tests/contract` turns this on: no
//! function binary carries it.
//!
//! An operation names its types and its own errors. What follows from them is added here, so that no operation can forget it:
//! 400, 413, 415 and 422 with a body, 401 and 403 with a caller, 304 and 412 with entity tags, 429 with a rate limit, and 503.

mod transforms;

use std::collections::BTreeMap;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value, json};

pub use crate::call_context::RECENT_LOGIN;
use crate::rate_limit::RouteClass;
use crate::replacement::Replaceable;
use transforms::{add_read_only, leave_out_null, list_values, without_null};

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone; credentials are not read.
    Open,
    /// Everyone; a caller with credentials may see more.
    Optional,
    /// A session or an API key.
    Account,
    /// A session; no API key.
    Session,
}

/// The document while it is built.
#[derive(Debug)]
pub struct Api {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    paths: BTreeMap<String, Map<String, Value>>,
}

impl Default for Api {
    fn default() -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(list_values));
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings
        };
        Self {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
            paths: BTreeMap::new(),
        }
    }
}

/// One operation of the API. Made by [`Api::operation`], ended by [`Operation::done`].
#[derive(Debug)]
pub struct Operation<'a> {
    api: &'a mut Api,
    method: &'static str,
    path: &'static str,
    access: Access,
    members: Map<String, Value>,
    parameters: Vec<Value>,
    responses: BTreeMap<u16, Value>,
}

impl Api {
    /// Begins an operation. `id` is its `operationId`; `summary` is in the imperative ("Place an order"). The tag is the group of the
    /// path, such as `orders`.
    pub fn operation(
        &mut self,
        method: &'static str,
        path: &'static str,
        access: Access,
        id: &str,
        summary: &str,
    ) -> Operation<'_> {
        let group = path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
        let tag = match group {
            "auth" | "users" | "products" | "cart" | "orders" | "payments" => group,
            "categories" => "products",
            _ => "operations",
        };
        let security = match access {
            Access::Open => json!([]),
            Access::Optional => json!([{}, { "bearer": [] }, { "apiKey": [] }]),
            Access::Account => json!([{ "bearer": [] }, { "apiKey": [] }]),
            Access::Session => json!([{ "bearer": [] }]),
        };
        let members = json!({ "operationId": id, "tags": [tag], "summary": summary, "security": security });
        let Value::Object(members) = members else { unreachable!("it is an object") };
        let operation =
            Operation { api: self, method, path, access, members, parameters: Vec::new(), responses: BTreeMap::new() };
        operation.with_common_errors()
    }

    /// The whole document: `head` has everything but `paths`, and its `components` are added to.
    ///
    /// # Errors
    /// When a request and an answer give one name to two different schemas.
    pub fn document(mut self, head: Value) -> Result<Value, String> {
        let (mut schemas, requests) = (self.answers.take_definitions(true), self.requests.take_definitions(true));
        for (name, schema) in &mut schemas {
            match requests.get(name) {
                Some(other) if other != schema => {
                    return Err(format!(
                        "{name} is one schema as a request and another one as an answer: name two types"
                    ));
                }
                Some(_) => {}
                None => {
                    let schema = <&mut Schema>::try_from(schema).map_err(|error| error.to_string())?;
                    RecursiveTransform(leave_out_null).transform(schema);
                }
            }
        }
        schemas.extend(requests);
        let mut document = head;
        for (name, schema) in schemas {
            document["components"]["schemas"][name] = schema;
        }
        document["paths"] = json!(self.paths);
        Ok(document)
    }
}

impl Operation<'_> {
    fn with_common_errors(mut self) -> Self {
        if self.access != Access::Open {
            self = self.common(401, "Unauthenticated").common(403, "Forbidden");
        }
        // Both credentials at once, and parameters that cannot be read.
        self.common(400, "Malformed").common(503, "Unavailable")
    }

    fn common(mut self, status: u16, name: &str) -> Self {
        self.responses.entry(status).or_insert_with(|| json!({ "$ref": format!("#/components/responses/{name}") }));
        self
    }

    /// Puts the operation into another group than its path's.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.members.insert("tags".into(), json!([tag]));
        self
    }

    /// Explains the operation.
    #[must_use]
    pub fn describe(mut self, text: &str) -> Self {
        self.members.insert("description".into(), text.into());
        self
    }

    /// A parameter in the path. An id that names nothing is a 404.
    #[must_use]
    pub fn path_param<T: JsonSchema>(mut self, name: &str, description: &str) -> Self {
        let schema = self.api.requests.subschema_for::<T>();
        self.parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": description, "schema": schema,
        }));
        self.common(404, "NotFound")
    }

    /// A parameter in the query. One that is not acceptable is a 422.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self, name: &str, required: bool, description: &str) -> Self {
        let schema = self.api.requests.subschema_for::<T>();
        self.parameters.push(json!({
            "name": name, "in": "query", "required": required, "description": description, "schema": schema,
        }));
        self.common(422, "Invalid")
    }

    /// The parameters of the query, from the fields of the type that reads them. With the field `cursor` it is a list.
    #[must_use]
    pub fn queries<T: JsonSchema>(mut self) -> Self {
        let mut schema = T::json_schema(&mut self.api.requests);
        let required = schema.remove("required").unwrap_or_default();
        let Some(Value::Object(mut fields)) = schema.remove("properties") else { return self };
        let is_list = fields.remove("cursor").is_some() && fields.remove("limit").is_some();
        for (name, mut field) in fields {
            without_null(&mut field);
            let description = field.as_object_mut().and_then(|field| field.remove("description"));
            let required = required.as_array().is_some_and(|required| required.contains(&json!(name)));
            self.parameters.push(json!({
                "name": name, "in": "query", "required": required, "description": description, "schema": field,
            }));
        }
        if is_list { self.paged() } else { self.common(422, "Invalid") }
    }

    /// `limit` and `cursor` of a list.
    #[must_use]
    pub fn paged(self) -> Self {
        self.shared("Limit").shared("Cursor").common(422, "Invalid")
    }

    /// A parameter that the head of the document describes, such as `OrderToken`.
    #[must_use]
    pub fn shared(mut self, name: &str) -> Self {
        self.parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
        self
    }

    /// `Idempotency-Key`.
    #[must_use]
    pub fn idempotency_key(self, required: bool) -> Self {
        let name = if required { "IdempotencyKeyRequired" } else { "IdempotencyKey" };
        self.shared(name).common(400, "Malformed").common(422, "Invalid")
    }

    /// `If-Match`: 412, and 428 where it is required.
    #[must_use]
    pub fn if_match(self, required: bool) -> Self {
        match required {
            true => self.shared("IfMatch").common(412, "PreconditionFailed").common(428, "PreconditionRequired"),
            false => self.shared("IfMatchOptional").common(412, "PreconditionFailed"),
        }
    }

    /// `If-None-Match`: 304, and the answer 200 has an `ETag`.
    #[must_use]
    pub fn if_none_match(self) -> Self {
        let mut operation = self.shared("IfNoneMatch");
        let not_modified = json!({ "description": "It is still the version that `If-None-Match` names." });
        operation.responses.insert(304, not_modified);
        operation
    }

    /// A JSON body.
    #[must_use]
    pub fn body<T: JsonSchema>(self) -> Self {
        self.body_as::<T>("application/json")
    }

    /// The body of a PUT: what GET answers can be sent back. `name` is that of its schema, which has the read-only members too.
    #[must_use]
    pub fn replacement<T: JsonSchema + Replaceable>(self, name: &str) -> Self {
        let requests = &mut self.api.requests;
        let mut schema = T::json_schema(requests);
        add_read_only(&mut schema, T::READ_ONLY, requests.definitions());
        requests.definitions_mut().insert(name.to_owned(), schema.into());
        self.body_with("application/json", json_schema!({ "$ref": format!("#/components/schemas/{name}") }))
    }

    /// A body of another media type.
    #[must_use]
    pub fn body_as<T: JsonSchema>(self, media_type: &str) -> Self {
        let schema = self.api.requests.subschema_for::<T>();
        self.body_with(media_type, schema)
    }

    fn body_with(mut self, media_type: &str, schema: Schema) -> Self {
        self.members.insert(
            "requestBody".into(),
            json!({
                "required": true, "content": { media_type: { "schema": schema } },
            }),
        );
        self.common(413, "TooLarge").common(415, "UnsupportedMedia").common(422, "Invalid")
    }

    /// The answer of a success.
    #[must_use]
    pub fn answer<T: JsonSchema>(self, status: u16, description: &str) -> Self {
        let schema = self.api.answers.subschema_for::<T>();
        self.answer_with(status, description, "application/json", schema)
    }

    /// The answer of a success, by its schema.
    #[must_use]
    pub fn answer_with(mut self, status: u16, description: &str, media_type: &str, schema: Schema) -> Self {
        let content = json!({ media_type: { "schema": schema } });
        self.responses.insert(status, json!({ "description": description, "content": content }));
        self
    }

    /// A page of a list: `{data, pagination}`.
    #[must_use]
    pub fn answer_page<T: JsonSchema>(self, description: &str) -> Self {
        self.page::<T>(description, None)
    }

    /// A page of a list, with further members: those of `More`.
    #[must_use]
    pub fn answer_page_with<T: JsonSchema, More: JsonSchema>(self, description: &str) -> Self {
        let more = self.api.answers.subschema_for::<More>();
        self.page::<T>(description, Some(more))
    }

    /// A page as `allOf` alone: tools that merge its parts do not look beside it.
    fn page<T: JsonSchema>(self, description: &str, more: Option<Schema>) -> Self {
        let row = self.api.answers.subschema_for::<T>();
        let page = json_schema!({ "$ref": "#/components/schemas/Page" });
        let rows = json_schema!({ "type": "object", "properties": { "data": { "type": "array", "items": row } } });
        let parts: Vec<_> = [page, rows].into_iter().chain(more).collect();
        self.answer_with(200, description, "application/json", json_schema!({ "allOf": parts }))
    }

    /// An answer without a body.
    #[must_use]
    pub fn answer_empty(mut self, status: u16, description: &str) -> Self {
        self.responses.insert(status, json!({ "description": description }));
        self
    }

    /// A header of an answer that the head of the document describes, such as `Location`.
    #[must_use]
    pub fn header(mut self, status: u16, name: &str) -> Self {
        if let Some(answer) = self.responses.get_mut(&status) {
            answer["headers"][name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        self
    }

    /// An error of this operation, with its codes: "`sku_taken`: another product has this SKU."
    #[must_use]
    pub fn error(mut self, status: u16, description: &str) -> Self {
        let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        self.responses.insert(status, json!({ "description": description, "content": content }));
        self
    }

    /// An answer that this operation never gives, though its parameters suggest it.
    #[must_use]
    pub fn without(mut self, status: u16) -> Self {
        self.responses.remove(&status);
        self
    }

    /// Every route but the exempt ones is limited: 429, and the headers with the status of the limit on every success.
    fn rate_limited(self) -> Self {
        let successes: Vec<u16> = self.responses.keys().copied().filter(|status| *status < 400).collect();
        let headers = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];
        let headers = successes.into_iter().flat_map(|status| headers.map(|name| (status, name)));
        headers.fold(self.common(429, "TooMany"), |operation, (status, name)| operation.header(status, name))
    }

    /// Adds the operation to the document.
    pub fn done(mut self) {
        if self.responses.contains_key(&304) {
            self = self.header(200, "ETag").header(304, "ETag");
        }
        if RouteClass::named(self.method, self.path) != RouteClass::Exempt {
            self = self.rate_limited();
        }
        let Self { api, method, path, mut members, parameters, responses, .. } = self;
        if !parameters.is_empty() {
            members.insert("parameters".into(), parameters.into());
        }
        let responses: BTreeMap<String, Value> =
            responses.into_iter().map(|(status, response)| (status.to_string(), response)).collect();
        members.insert("responses".into(), json!(responses));
        api.paths.entry(path.to_owned()).or_default().insert(method.to_owned(), members.into());
    }
}
