//! Strict JSON for input. Where serde's derive is lenient, this is not: an object has each name once, and an array does not replace
//! an object. Values with rules for input only are checked here, because rows of older releases may break those rules. All texts and
//! all names of input become NFC here (UAX #15).

use std::cell::RefCell;
use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::map::Entry;
use serde_json::{Error, Map, Value};

use crate::unicode::into_nfc;
use crate::{currency, sourced};

/// The longest part of a name that a path repeats, in characters.
const MAX_NAME_IN_PATH: usize = 64;

/// A JSON value of input, to be read into a type.
#[derive(Debug)]
pub(crate) struct Strict(pub(crate) Value);

/// Why a text is not a JSON value.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is not JSON.
    Syntax(Error),
    /// An object has a name twice; its path. RFC 8259, 4, leaves open which of the two counts.
    RepeatedName(String),
}

/// Parses a text in one pass. Its depth is at most 127, as serde_json limits it.
pub(crate) fn parse(text: &str) -> Result<Value, Refusal> {
    let repeated = RefCell::new(Vec::new());
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Reader { repeated: &repeated }.deserialize(&mut parser);
    match value.and_then(|value| parser.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) if repeated.borrow().is_empty() => Err(Refusal::Syntax(error)),
        Err(_) => Err(Refusal::RepeatedName(path(&repeated.into_inner()))),
    }
}

/// A step from a JSON value to one inside it.
#[derive(Debug)]
enum Step {
    Name(String),
    Index(usize),
}

/// The path of steps from the innermost to the outermost, such as `items[0].quantity`.
fn path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps.iter().rev() {
        match step {
            Step::Index(index) => path.push_str(&format!("[{index}]")),
            Step::Name(name) => {
                let dot = if path.is_empty() { "" } else { "." };
                path.extend(dot.chars().chain(name.chars().take(MAX_NAME_IN_PATH)));
            }
        }
    }
    path
}

/// Reads any JSON value. `repeated` receives the steps to a repeated name, from the innermost to the outermost, while the error passes
/// the objects around it. So a valid document costs nothing for them.
#[derive(Clone, Copy)]
struct Reader<'a> {
    repeated: &'a RefCell<Vec<Step>>,
}

impl Reader<'_> {
    /// Notes the step that an error has passed, if the error is a repeated name.
    fn pass(self, step: impl FnOnce() -> Step) {
        let mut repeated = self.repeated.borrow_mut();
        if !repeated.is_empty() {
            repeated.push(step());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! plain {
    ($($visit:ident($type:ty)),*) => {
        $(fn $visit<E>(self, plain: $type) -> Result<Value, E> { Ok(plain.into()) })*
    };
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    plain!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self).inspect_err(|_| self.pass(|| Step::Index(list.len())))? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            match object.entry(into_nfc(name)) {
                Entry::Occupied(entry) => {
                    self.repeated.borrow_mut().push(Step::Name(entry.key().clone()));
                    return Err(A::Error::custom("a name is repeated"));
                }
                Entry::Vacant(entry) => {
                    let passed = |_: &A::Error| self.pass(|| Step::Name(entry.key().clone()));
                    let value = fields.next_value_seed(self).inspect_err(passed)?;
                    entry.insert(value);
                }
            }
        }
        Ok(object.into())
    }
}

impl IntoDeserializer<'_, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Self))),
            Value::Object(fields) => {
                visitor.visit_map(MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, Self(value)))))
            }
            Value::String(text) => visitor.visit_string(into_nfc(text)),
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            // The derive would accept the items as the fields, in the order of their declaration.
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match (name, &self.0) {
            (currency::TYPE_NAME, Value::String(code)) => currency::check(code).map_err(Error::custom)?,
            // A visitor that is not called by `visit_newtype_struct` knows that it reads input.
            (sourced::TYPE_NAME, Value::String(_)) => return self.deserialize_any(visitor),
            _ => {}
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}
