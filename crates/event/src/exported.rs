//! An exported event read back to the fields that were hashed, so that anybody can hash them again.

use crate::accept::refuse_duplicates;
use crate::canonical::push_value;
use crate::draft::check_flattened;
use crate::fields::{EncodedFields, Fields};
use crate::json::{At, Document, NodeKind};
use crate::limits::{EXPORTED_DEPTH_MAX, EXPORTED_MAX_BYTES};
use crate::path::push_segment;
use crate::place::Sequence;
use crate::problem::{Problem, ProblemCode};
use crate::time::Timestamp;
use crate::wire::RESERVED_NAMES;
use crate::words::Kind;

/// An event as search, get, export and tail show it, read back.
///
/// Nothing is validated but that it is JSON: whether the fields are those of an accepted event is
/// for their commitments to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The name for people it shows.
    pub display_id: Option<String>,
    /// The place it shows.
    pub sequence: Option<Sequence>,
    /// The time of receipt it shows.
    pub received_at: Option<Timestamp>,
    /// The kind it shows.
    pub kind: Option<Kind>,
    fields: EncodedFields,
}

impl Exported {
    /// Reads one exported event.
    pub fn parse(json: &[u8]) -> Result<Exported, Problem> {
        let document = Document::parse(json, EXPORTED_MAX_BYTES, EXPORTED_DEPTH_MAX)?;
        Exported::read(&document, document.root())
    }

    /// The fields that were hashed, sorted by path.
    pub fn fields(&self) -> Fields<'_> {
        self.fields.iter()
    }

    pub(crate) fn read(document: &Document<'_>, root: At) -> Result<Exported, Problem> {
        if document.kind(root) != NodeKind::Object {
            return Err(Problem::new(
                ProblemCode::WrongType,
                "",
                "an event is a JSON object",
            ));
        }
        refuse_duplicates(document, root, "")?;
        let mut exported = Exported {
            display_id: None,
            sequence: None,
            received_at: None,
            kind: None,
            fields: EncodedFields::empty(),
        };
        let mut flat = Flat {
            document,
            pairs: Vec::new(),
        };
        for (name, value) in document.members(root) {
            if RESERVED_NAMES.contains(&name.as_ref()) {
                exported.read_reserved(document, &name, value)?;
                continue;
            }
            let mut path = String::new();
            push_segment(&mut path, &name);
            let elements = matches!(name.as_ref(), "targets" | "changes")
                && document.kind(value) == NodeKind::Array
                && !document.is_empty(value);
            if elements {
                flat.elements(&path, value)?;
            } else {
                flat.value(&mut path, value)?;
            }
        }
        let pairs = flat
            .pairs
            .iter()
            .map(|(path, value)| (path.as_str(), value.as_str()));
        exported.fields = EncodedFields::from_pairs(pairs)
            .map_err(|error| Problem::new(ProblemCode::TooManyFields, "", error.to_string()))?;
        Ok(exported)
    }

    fn read_reserved(
        &mut self,
        document: &Document<'_>,
        name: &str,
        value: At,
    ) -> Result<(), Problem> {
        let wrong = || {
            let detail = format!("{} is no {name}", document.raw(value));
            Problem::new(ProblemCode::WrongValue, format!("/{name}"), detail)
        };
        let text = || document.string(value).ok_or_else(wrong);
        let raw = document.raw(value);
        match name {
            "display_id" => self.display_id = Some(text()?.into_owned()),
            "sequence" => {
                self.sequence = Some(Sequence::new(raw.parse().map_err(|_| wrong())?));
            }
            "received_at" => {
                let time = Timestamp::parse_rfc3339(&text()?).map_err(|_| wrong())?;
                self.received_at = Some(time);
            }
            "kind" => {
                let kind = raw.parse().ok().and_then(Kind::from_code);
                self.kind = Some(kind.ok_or_else(wrong)?);
            }
            _ => {}
        }
        Ok(())
    }
}

struct Flat<'d, 's> {
    document: &'d Document<'s>,
    pairs: Vec<(String, String)>,
}

impl Flat<'_, '_> {
    /// Elements of `targets` and `changes`; an empty object stands where all was withheld.
    fn elements(&mut self, path: &str, array: At) -> Result<(), Problem> {
        for (index, element) in self.document.elements(array).enumerate() {
            let gone =
                self.document.kind(element) == NodeKind::Object && self.document.is_empty(element);
            if !gone {
                self.value(&mut format!("{path}/{index}"), element)?;
            }
        }
        Ok(())
    }

    fn value(&mut self, path: &mut String, value: At) -> Result<(), Problem> {
        let document = self.document;
        if document.kind(value) == NodeKind::Object && !document.is_empty(value) {
            refuse_duplicates(document, value, path)?;
            for (name, value) in document.members(value) {
                let parent = path.len();
                push_segment(path, &name);
                check_flattened(path, self.pairs.len())?;
                self.value(path, value)?;
                path.truncate(parent);
            }
            return Ok(());
        }
        let mut text = String::new();
        push_value(document, value, &mut text).map_err(|twice| twice.in_field(path))?;
        self.pairs.push((path.clone(), text));
        Ok(())
    }
}
