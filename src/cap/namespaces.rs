//! Which namespace a prefix means, element by element (Namespaces in XML 1.0).

use super::scan::{Attribute, Name};
use std::borrow::Cow;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// A declaration that is in force.
struct Binding<'a> {
    prefix: &'a str,
    /// Empty: none, which only the default may mean.
    name: Cow<'a, str>,
    /// How deep the element stands that declares it.
    depth: usize,
}

/// The declarations in force where the reading is.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    bindings: Vec<Binding<'a>>,
    /// The place of the default namespace's binding: most elements have no prefix.
    default: Option<usize>,
}

/// What a declaration may not do.
#[derive(Debug)]
pub(super) struct Misuse;

impl<'a> Namespaces<'a> {
    /// How many declarations are in force.
    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    /// The prefix that an attribute declares, if it is a declaration; empty for the default namespace.
    pub(super) fn declared(attribute: &Attribute<'a>) -> Option<&'a str> {
        match (attribute.name.prefix, attribute.name.local) {
            ("xmlns", prefix) => Some(prefix),
            ("", "xmlns") => Some(""),
            _ => None,
        }
    }

    /// Puts a declaration of an element at a depth in force.
    pub(super) fn declare(&mut self, prefix: &'a str, name: Cow<'a, str>, depth: usize) -> Result<(), Misuse> {
        let fits = match prefix {
            "xml" => name == XML,
            "xmlns" => false,
            "" => name != XML && name != XMLNS,
            _ => !name.is_empty() && name != XML && name != XMLNS,
        };
        if !fits {
            return Err(Misuse);
        }
        if prefix.is_empty() {
            self.default = Some(self.bindings.len());
        }
        self.bindings.push(Binding { prefix, name, depth });
        Ok(())
    }

    /// Forgets what an element at a depth declared.
    pub(super) fn leave(&mut self, depth: usize) {
        if self.bindings.last().is_none_or(|last| last.depth < depth) {
            return;
        }
        while self.bindings.last().is_some_and(|last| last.depth >= depth) {
            self.bindings.pop();
        }
        self.default = self.bindings.iter().rposition(|binding| binding.prefix.is_empty());
    }

    /// An element's namespace, if it has one. `Err` when its prefix is not declared.
    pub(super) fn of_element(&self, name: &Name<'_>) -> Result<Option<&str>, Misuse> {
        if name.prefix.is_empty() {
            let default = self.default.and_then(|place| self.bindings.get(place));
            return Ok(default.map(|binding| binding.name.as_ref()).filter(|name| !name.is_empty()));
        }
        self.of_prefix(name.prefix).map(Some)
    }

    /// An attribute's namespace, if it has one: without prefix it has none.
    pub(super) fn of_attribute(&self, name: &Name<'_>) -> Result<Option<&str>, Misuse> {
        if name.prefix.is_empty() { Ok(None) } else { self.of_prefix(name.prefix).map(Some) }
    }

    fn of_prefix(&self, prefix: &str) -> Result<&str, Misuse> {
        match prefix {
            "xml" => Ok(XML),
            "xmlns" => Err(Misuse),
            _ => {
                let bound = self.bindings.iter().rev().find(|binding| binding.prefix == prefix);
                bound.map(|binding| binding.name.as_ref()).ok_or(Misuse)
            }
        }
    }
}
