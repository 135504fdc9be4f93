//! Targets and changes: arrays whose elements are fields of their own.

use super::schema::{Rule, word};
use super::{Door, below, unknown_among};
use crate::canonical::{duplicate, push_string};
use crate::differences::{Difference, differences, infer_type};
use crate::json::{At, Elements, NodeKind};
use crate::path::{ChangeMember, Code, Path, TargetMember};
use crate::problem::{Problem, ProblemCode};
use crate::words::ChangeType;

impl<'d, 's> Door<'d, 's, '_> {
    pub(super) fn targets(&mut self, value: At) -> Result<(), Problem> {
        let document = self.document;
        for (index, target) in self.array(value, "/targets")?.enumerate() {
            let field = || format!("/targets/{index}");
            let object = self.expect_element(target, &field)?;
            let mut seen = 0u8;
            for (name, value) in document.members(object) {
                let Some(member) = TargetMember::ALL.into_iter().find(|it| it.as_str() == name)
                else {
                    return Err(unknown_among(&field(), &name, &["type", "id", "name"]));
                };
                if seen & (1 << member as u8) != 0 {
                    return Err(duplicate(below(&field(), &name)));
                }
                seen |= 1 << member as u8;
                if document.kind(value) == NodeKind::Null {
                    continue;
                }
                let rule = match member {
                    TargetMember::Type | TargetMember::Id => Rule::Term,
                    TargetMember::Name => Rule::Text,
                };
                match Code::target(index, member) {
                    Some(code) => self.leaf(Path::Known(code), value, rule)?,
                    None => self.leaf(Path::Literal(&below(&field(), &name)), value, rule)?,
                }
                seen |= SOMETHING;
            }
            if seen & SOMETHING == 0 {
                let detail = "a target needs a type, an id or a name";
                return Err(Problem::new(ProblemCode::MissingField, field(), detail));
            }
        }
        Ok(())
    }

    pub(super) fn changes(&mut self, value: At) -> Result<(), Problem> {
        let document = self.document;
        for (index, change) in self.array(value, "/changes")?.enumerate() {
            let field = || format!("/changes/{index}");
            let object = self.expect_element(change, &field)?;
            let mut seen = 0u8;
            for (name, value) in document.members(object) {
                let Some(member) = ChangeMember::ALL.into_iter().find(|it| it.as_str() == name)
                else {
                    let names = ["path", "label", "old", "new", "type"];
                    return Err(unknown_among(&field(), &name, &names));
                };
                if seen & (1 << member as u8) != 0 {
                    return Err(duplicate(below(&field(), &name)));
                }
                seen |= 1 << member as u8;
                self.change_member(index, member, value)?;
                if member == ChangeMember::Path && document.kind(value) != NodeKind::Null {
                    seen |= SOMETHING;
                }
            }
            if seen & SOMETHING == 0 {
                let detail = "a change needs the path of what was changed";
                return Err(Problem::new(
                    ProblemCode::MissingField,
                    below(&field(), "path"),
                    detail,
                ));
            }
        }
        Ok(())
    }

    pub(super) fn change_member(
        &mut self,
        index: usize,
        member: ChangeMember,
        value: At,
    ) -> Result<(), Problem> {
        let literal;
        let path = match Code::change(index, member) {
            Some(code) => Path::Known(code),
            None => {
                literal = format!("/changes/{index}/{}", member.as_str());
                Path::Literal(&literal)
            }
        };
        let kind = self.document.kind(value);
        let rule = match member {
            ChangeMember::Old | ChangeMember::New => {
                if kind == NodeKind::Object && !self.document.is_empty(value) {
                    return self.flatten(&mut path.as_str().to_owned(), value);
                }
                return self.set(path, value);
            }
            ChangeMember::Path => Rule::Term,
            ChangeMember::Label => Rule::Text,
            ChangeMember::Type => word!(ChangeType),
        };
        if kind == NodeKind::Null {
            return Ok(());
        }
        self.leaf(path, value, rule)
    }

    /// The elements of an array; one without any is kept as the value `[]`.
    pub(super) fn array(
        &mut self,
        value: At,
        field: &'static str,
    ) -> Result<Elements<'d, 's>, Problem> {
        if self.document.kind(value) != NodeKind::Array {
            return Err(self.wrong_type(value, field, "an array of objects"));
        }
        if self.document.is_empty(value) {
            self.draft.set_text(Path::Literal(field), &["[]"]);
        }
        Ok(self.document.elements(value))
    }

    pub(super) fn expect_element(
        &self,
        value: At,
        field: &dyn Fn() -> String,
    ) -> Result<At, Problem> {
        match self.document.kind(value) {
            NodeKind::Object => Ok(value),
            _ => Err(self.wrong_type(value, &field(), "an object")),
        }
    }

    pub(super) fn diff_before_and_after(&mut self) -> Result<(), Problem> {
        if self.before.is_none() && self.after.is_none() {
            return Ok(());
        }
        if self.draft.has_changes() {
            let field = if self.before.is_some() {
                "/before"
            } else {
                "/after"
            };
            let detail = "send either changes, or before and after, from which they are derived";
            return Err(Problem::new(ProblemCode::Conflict, field, detail));
        }
        let differences = differences(self.document, self.before, self.after)?;
        if differences.is_empty() {
            self.draft.set_text(Path::Literal("/changes"), &["[]"]);
        }
        for (index, difference) in differences.into_iter().enumerate() {
            self.add_difference(index, difference)?;
        }
        Ok(())
    }

    pub(super) fn add_difference(
        &mut self,
        index: usize,
        difference: Difference,
    ) -> Result<(), Problem> {
        let Difference { path, old, new } = difference;
        let mut text = String::new();
        push_string(&path, &mut text);
        self.draft.set_text(
            change_path(index, ChangeMember::Path, &mut String::new()),
            &[&text],
        );
        if let Some(old) = old {
            self.change_member(index, ChangeMember::Old, old)?;
        }
        if let Some(new) = new {
            self.change_member(index, ChangeMember::New, new)?;
        }
        let change_type = infer_type(self.document, old, new);
        self.draft.set_default(
            change_path(index, ChangeMember::Type, &mut String::new()),
            &["\"", change_type.as_str(), "\""],
        );
        Ok(())
    }
}

/// Bit of an element's `seen` set: it has what it needs.
const SOMETHING: u8 = 1 << 7;

fn change_path(index: usize, member: ChangeMember, literal: &mut String) -> Path<'_> {
    match Code::change(index, member) {
        Some(code) => Path::Known(code),
        None => {
            *literal = format!("/changes/{index}/{}", member.as_str());
            Path::Literal(literal)
        }
    }
}
