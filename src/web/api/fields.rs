//! Reads a JSON body field by field and collects everything that is wrong with it, so that a client mends all at once.

use crate::web::error::{FieldProblem, WebError};
use serde_json::{Map, Value};

/// Faults told of one body; further ones are left out.
const FAULTS_MAX: usize = 50;
/// Characters of a name that the client chose, when a fault repeats it.
const NAME_SHOWN_MAX: usize = 64;

/// What is wrong so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldProblem>);

impl Faults {
    pub fn add(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(FieldProblem { pointer: pointer.to_owned(), code, detail: detail.into() });
        }
    }

    /// The value, if nothing was wrong.
    ///
    /// # Errors
    /// [`WebError::InvalidFields`] with all faults.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, WebError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(WebError::InvalidFields { fields: self.0 }),
        }
    }
}

/// A JSON object at a place of the body.
pub struct Object<'a> {
    pointer: String,
    members: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// The value as an object with no members but the known ones; other members are faults.
    pub fn read(value: &'a Value, pointer: &str, known: &[&str], faults: &mut Faults) -> Option<Self> {
        let Value::Object(members) = value else {
            faults.add(pointer, "wrong-type", "Must be an object.");
            return None;
        };
        let object = Self { pointer: pointer.to_owned(), members };
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            faults.add(&object.at(name), "unknown-field", format!("There is no field “{}” here.", shown(name)));
        }
        Some(object)
    }

    /// JSON Pointer (RFC 6901) to a member.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, shown(name).replace('~', "~0").replace('/', "~1"))
    }

    /// A member; absent and `null` are the same.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub fn required(&self, name: &str, faults: &mut Faults) -> Option<&'a Value> {
        let value = self.get(name);
        if value.is_none() {
            faults.add(&self.at(name), "missing-field", format!("The field “{name}” is needed."));
        }
        value
    }

    pub fn required_text(&self, name: &str, faults: &mut Faults) -> Option<&'a str> {
        let value = self.required(name, faults)?;
        self.as_text(name, value, faults)
    }

    pub fn text(&self, name: &str, faults: &mut Faults) -> Option<&'a str> {
        self.get(name).and_then(|value| self.as_text(name, value, faults))
    }

    fn as_text(&self, name: &str, value: &'a Value, faults: &mut Faults) -> Option<&'a str> {
        let text = value.as_str();
        if text.is_none() {
            faults.add(&self.at(name), "wrong-type", "Must be text.");
        }
        text
    }

    pub fn required_number(&self, name: &str, faults: &mut Faults) -> Option<f64> {
        let value = self.required(name, faults)?;
        let number = value.as_f64();
        if number.is_none() {
            faults.add(&self.at(name), "wrong-type", "Must be a number.");
        }
        number
    }

    /// A whole number, or the default where it is absent.
    pub fn integer_or(&self, name: &str, default: i64, faults: &mut Faults) -> Option<i64> {
        let Some(value) = self.get(name) else { return Some(default) };
        let number = value.as_i64();
        if number.is_none() {
            faults.add(&self.at(name), "wrong-type", "Must be a whole number.");
        }
        number
    }

    /// A truth value, `false` where it is absent.
    pub fn flag(&self, name: &str, faults: &mut Faults) -> bool {
        let Some(value) = self.get(name) else { return false };
        value.as_bool().unwrap_or_else(|| {
            faults.add(&self.at(name), "wrong-type", "Must be true or false.");
            false
        })
    }

    /// A list of at most `max` values, empty where it is absent.
    pub fn list(&self, name: &str, max: usize, faults: &mut Faults) -> &'a [Value] {
        let Some(value) = self.get(name) else { return &[] };
        match value {
            Value::Array(values) if values.len() <= max => values,
            Value::Array(_) => {
                faults.add(&self.at(name), "too-many", format!("At most {max}."));
                &[]
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                faults.add(&self.at(name), "wrong-type", "Must be a list.");
                &[]
            }
        }
    }
}

fn shown(name: &str) -> String {
    name.chars().take(NAME_SHOWN_MAX).collect()
}
