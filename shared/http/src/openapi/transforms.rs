//! Changes of schemas, for tools that read the document.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Writes an enum of texts as `enum`, with the meaning of each value in the description. Many tools do not read a `oneOf` of constants.
pub(super) fn list_values(schema: &mut Schema) {
    let Some(options) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    lines.extend(schema.get("description").and_then(Value::as_str).map(str::to_owned));
    for option in options {
        match (option.get("const"), option.get("enum")) {
            (Some(Value::String(value)), _) => {
                values.push(json!(value));
                let meaning = option.get("description").and_then(Value::as_str);
                lines.extend(meaning.map(|meaning| format!("- `{value}`: {meaning}")));
            }
            (None, Some(Value::Array(several))) => values.extend(several.iter().cloned()),
            _ => return,
        }
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), values.into());
    if !lines.is_empty() {
        schema.insert("description".to_owned(), lines.join("\n").into());
    }
}

/// Removes null from the schema of an optional field, which has a value or is absent.
pub(super) fn without_null(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = schema.get("type") {
        let types: Vec<&Value> = types.iter().filter(|name| **name != "null").collect();
        let one = if let [one] = types[..] { one.clone() } else { json!(types) };
        schema.insert("type".to_owned(), one);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let null = json!({ "type": "null" });
    let options = schema.get("anyOf").and_then(Value::as_array).cloned().unwrap_or_default();
    if let [Value::Object(real), other] = &options[..]
        && *other == null
    {
        schema.remove("anyOf");
        for (key, value) in real {
            // The description of the field says more than that of its type.
            schema.entry(key).or_insert_with(|| value.clone());
        }
    }
}

/// For answers: a member that may be missing is left out rather than null.
pub(super) fn leave_out_null(schema: &mut Schema) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    members
        .iter_mut()
        .filter(|(name, _)| !required.contains(&json!(name)))
        .for_each(|(_, member)| without_null(member));
}

/// Adds the read-only members of an answer to the schema of the body that replaces it. `variants[].name` is a member of the items of a
/// list. `definitions` has the schemas that are named.
pub(super) fn add_read_only(schema: &mut Schema, names: &[&str], definitions: &Map<String, Value>) {
    if let Some(Ok(named)) = named_schema(schema.get("$ref"), definitions).map(Schema::try_from) {
        *schema = named;
    }
    let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for name in names {
        let (list, member) = name.split_once("[].").map_or((None, *name), |(list, member)| (Some(list), member));
        let members = match list {
            None => Some(&mut *members),
            Some(list) => item_members(members, list, definitions),
        };
        if let Some(members) = members {
            let description = "As in the answer. Accepted if it says what is stored, otherwise refused: `read_only`.";
            members.insert(member.to_owned(), json!({ "readOnly": true, "description": description }));
        }
    }
}

/// The members of the items of a list. Items whose schema is named get a copy of it.
fn item_members<'a>(
    members: &'a mut Map<String, Value>,
    list: &str,
    definitions: &Map<String, Value>,
) -> Option<&'a mut Map<String, Value>> {
    let items = members.get_mut(list)?.get_mut("items")?;
    if let Some(named) = named_schema(items.get("$ref"), definitions) {
        *items = named;
    }
    items.get_mut("properties")?.as_object_mut()
}

/// A copy of the schema that a reference names.
fn named_schema(reference: Option<&Value>, definitions: &Map<String, Value>) -> Option<Value> {
    let name = reference?.as_str()?.rsplit('/').next()?;
    definitions.get(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_members_are_added_also_to_the_items_of_a_list() {
        let variants = json!({ "type": "array", "items": { "$ref": "#/components/schemas/NewVariant" } });
        let mut schema = Schema::try_from(json!({ "type": "object", "properties": { "variants": variants } })).unwrap();
        let mut definitions = Map::new();
        definitions.insert(
            "NewVariant".to_owned(),
            json!({ "type": "object", "properties": { "sku": { "type": "string" } } }),
        );
        add_read_only(&mut schema, &["id", "variants[].name"], &definitions);
        assert_eq!(schema.pointer("/properties/id/readOnly"), Some(&json!(true)));
        assert_eq!(schema.pointer("/properties/variants/items/properties/name/readOnly"), Some(&json!(true)));
        assert!(schema.pointer("/properties/variants/items/properties/sku").is_some());
        assert!(definitions["NewVariant"]["properties"].get("name").is_none(), "a new variant has none");
        let mut named = Schema::try_from(json!({ "$ref": "#/components/schemas/NewVariant" })).unwrap();
        add_read_only(&mut named, &["name"], &definitions);
        assert_eq!(named.pointer("/properties/name/readOnly"), Some(&json!(true)));
    }
}
