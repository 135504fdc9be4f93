//! What became of the records of an import.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Counts of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) skipped: u64,
    /// Records, and files of which some part could not be read.
    pub(super) refused: u64,
    /// Kept under another id, because theirs belongs to another record.
    pub(super) renamed: u64,
    /// How often each code came, of refusals and of what was noted on records that were kept.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Kept, with something open about them.
    pub(super) noted: u64,
}

impl Sum {
    pub(super) fn because_of(&mut self, code: &str) {
        *self.reasons.entry(code.to_owned()).or_insert(0) += 1;
    }

    pub(super) fn add(&mut self, other: &Sum) {
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.skipped += other.skipped;
        self.refused += other.refused;
        self.renamed += other.renamed;
        self.noted += other.noted;
        for (code, count) in &other.reasons {
            *self.reasons.entry(code.clone()).or_insert(0) += count;
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "accepted": self.accepted, "duplicates": self.duplicates, "skipped": self.skipped,
            "refused": self.refused, "renamed": self.renamed, "noted": self.noted,
            "reasons": self.reasons,
        })
    }

    pub(super) fn from_json(said: &Value) -> Option<Sum> {
        let number = |name: &str| said.get(name)?.as_u64();
        let reasons = said.get("reasons")?.as_object()?.iter();
        Some(Sum {
            accepted: number("accepted")?,
            duplicates: number("duplicates")?,
            skipped: number("skipped")?,
            refused: number("refused")?,
            renamed: number("renamed")?,
            noted: number("noted")?,
            reasons: reasons
                .map(|(code, count)| Some((code.clone(), count.as_u64()?)))
                .collect::<Option<_>>()?,
        })
    }

    /// For people: `3 imported, 1 known already, 0 switched off, 2 refused` and why.
    pub(super) fn in_words(&self) -> String {
        let mut words = format!(
            "{} imported, {} known already, {} switched off, {} refused",
            self.accepted, self.duplicates, self.skipped, self.refused
        );
        if self.renamed > 0 {
            words.push_str(&format!(", {} under another id", self.renamed));
        }
        if self.noted > 0 {
            words.push_str(&format!(", {} with the time of import", self.noted));
        }
        for (place, (code, count)) in self.reasons.iter().enumerate() {
            words.push_str(if place == 0 { "; by reason: " } else { ", " });
            words.push_str(&format!("{code} {count}"));
        }
        words
    }
}
