//! JSON schemas of the types that parse themselves, for the OpenAPI document. Behind the feature `openapi`: no function
//! binary has them.

use schemars::Schema;
use serde_json::Value;
use values::schema::{INVISIBLE, trimmed};
use values::{Currency, Text, schemas};

use crate::categories::category::MAX_KEY_LENGTH;
use crate::product::attributes::{MAX_ATTRIBUTES, MAX_NAME_LENGTH, MAX_NUMBER, MAX_TEXT_LENGTH};
use crate::product::terms::MAX_PRICE;
use crate::product::texts::{MAX_DESCRIPTION_LENGTH, MAX_TAGS};
use crate::product::variants::MAX_OPTIONS;
use crate::reviews::review::{MAX_REVIEW_LENGTH, MAX_STARS};
use crate::{
    Attribute, Attributes, Category, Delimiter, Description, Format, OptionValue, ReviewText, Stars, Status, Tags,
    TaxClass,
};

/// The schema of a price in a request.
#[derive(Debug)]
pub struct Price;

/// The schema of a category in a filter, which also accepts keys of earlier releases.
#[derive(Debug)]
pub struct CategoryFilter;

/// The schema of the values that a variant has for the options of its product.
#[derive(Debug)]
pub struct OptionValues;

/// The schema of the format of an import or an export.
#[derive(Debug)]
pub struct FileFormat;

/// The schema of the delimiter of a CSV file.
#[derive(Debug)]
pub struct FileDelimiter;

/// The characters that a review must not have, for a set of characters in a pattern: [`INVISIBLE`] without those of lines.
const HIDDEN: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb";

schemas! {
    Description, "Description", true, |_| {
        "type": "string",
        "pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$",
        "maxLength": MAX_DESCRIPTION_LENGTH
    };
    TaxClass, "TaxClass", true, |_| { "type": "string", "pattern": "^[a-z0-9_]{1,32}$", "example": (TaxClass::default()) };
    Category, "CategoryKey", true, |_| {
        "type": "string",
        "pattern": (format!(r"^(?!\.{{1,2}}$)[^\s{KEY}](?:[^{KEY}]*[^\s{KEY}])?$", KEY = format!(r"{INVISIBLE}#/?%\\"))),
        "minLength": 1,
        "maxLength": MAX_KEY_LENGTH,
        "example": "mugs"
    };
    CategoryFilter, "CategoryFilter", true, |_| {
        "type": "string",
        "pattern": r"^(?!\.{1,2}$)[^\u0000-\u001f\u007f-\u009f#/?%\\]+$",
        "minLength": 1,
        "maxLength": MAX_KEY_LENGTH,
        "example": "mugs"
    };
    Tags, "Tags", true, |generator| {
        "type": "array", "items": (generator.subschema_for::<Text<50>>()), "maxItems": MAX_TAGS
    };
    Attribute, "Attribute", true, |_| {
        "type": ["string", "number", "boolean"],
        "pattern": (format!("^[^{INVISIBLE}]*$")),
        "maxLength": MAX_TEXT_LENGTH,
        "exclusiveMinimum": (-MAX_NUMBER), "exclusiveMaximum": MAX_NUMBER
    };
    Attributes, "Attributes", false, |generator| {
        "type": "object",
        "description": "Up to 50 attributes. A value is a text, a number or a boolean.",
        "maxProperties": MAX_ATTRIBUTES,
        "propertyNames": {
            "pattern": (format!("^[^{INVISIBLE}]*[^\\s{INVISIBLE}][^{INVISIBLE}]*$")), "minLength": 1, "maxLength": MAX_NAME_LENGTH
        },
        "additionalProperties": (generator.subschema_for::<Attribute>())
    };
    Stars, "Stars", true, |_| { "type": "integer", "minimum": 1, "maximum": MAX_STARS };
    ReviewText, "ReviewText", true, |_| {
        "type": "string", "pattern": (trimmed(HIDDEN)), "minLength": 1, "maxLength": MAX_REVIEW_LENGTH
    };
    // Only an offer is grouped, and no response shows its status.
    Status, "ProductStatus", false, |_| {
        "type": "string", "description": "Whether the product is for sale.", "enum": [Status::Active, Status::Archived]
    };
    Price, "Price", false, |generator| {
        "type": "object",
        "description": "A price in the shop's currency.",
        "properties": {
            "amount": {
                "type": "integer",
                "format": "int64",
                "description": "Minor units (cents, for EUR); never a float.",
                "minimum": 0,
                "maximum": MAX_PRICE,
                "example": 12_999,
            },
            "currency": (generator.subschema_for::<Currency>()),
        },
        "required": ["amount", "currency"],
        "additionalProperties": false
    };
    OptionValues, "OptionValues", false, |generator| {
        "type": "object",
        "description": "The selected value of each option.",
        "maxProperties": MAX_OPTIONS,
        "additionalProperties": (generator.subschema_for::<OptionValue>()),
        "example": { "size": "M", "colour": "red" }
    };
    FileFormat, "FileFormat", false, |_| { "type": "string", "enum": [Format::Ndjson, Format::Csv] };
    FileDelimiter, "FileDelimiter", false, |_| { "type": "string", "enum": (Delimiter::ALL) };
}

/// Describes the price of a variant. The text of [`crate::OfferTerms`] is about the price of a product.
pub(crate) fn describe_price_of_variant(schema: &mut Schema) {
    if let Some(price) = schema.pointer_mut("/properties/price").and_then(Value::as_object_mut) {
        price.insert("description".to_owned(), "The price of one piece of this variant.".into());
    }
}

/// Removes defaults that say nothing: an absent member of a merge patch keeps its value, and an answer has all members.
pub(crate) fn without_defaults(schema: &mut Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        property.as_object_mut().map(|property| property.remove("default"));
    }
}
