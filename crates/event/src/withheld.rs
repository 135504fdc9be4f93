//! Contents of a recorded event, whole or with parts erased. Whatever is erased, the body root and
//! the field count stay what they were.

use crate::commit::{BodyRoot, Commitment, FieldSalt, Salt};
use crate::event::Event;
use crate::fields::{EncodedFields, Field, encode};

/// What is left of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// All of it, with the salt its fields' salts follow from.
    Whole {
        /// The event's secret.
        salt: Salt,
        /// The event.
        event: Event,
    },
    /// Some fields were erased; the event's salt is gone with them.
    Withheld(Withheld),
    /// Nothing but what the entry says.
    Erased {
        /// How many fields there were.
        field_count: u16,
        /// What stood for them.
        body_root: BodyRoot,
    },
}

/// The fields that are left, each with its own salt, and the commitments of the others.
#[derive(Clone, PartialEq, Eq)]
pub struct Withheld {
    pub(crate) fields: EncodedFields,
    /// By field number.
    pub(crate) slots: Box<[Slot]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The next of the fields that are left.
    Shown(FieldSalt),
    Gone(Commitment),
}

/// One field of a body with withheld fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A field that is there, with the salt that opens its commitment.
    Shown {
        /// The salt.
        salt: FieldSalt,
        /// The field.
        field: Field<'a>,
    },
    /// A field that is not there.
    Withheld(Commitment),
}

impl Item<'_> {
    /// What stands for the field in the body root.
    pub fn commitment(&self) -> Commitment {
        match self {
            Item::Shown { salt, field } => Commitment::of(salt, field.path.as_str(), field.value),
            Item::Withheld(commitment) => *commitment,
        }
    }
}

impl Withheld {
    /// The fields by number, those withheld included.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        let mut fields = self.fields.iter();
        self.slots.iter().filter_map(move |slot| match slot {
            Slot::Shown(salt) => fields
                .next()
                .map(|field| Item::Shown { salt: *salt, field }),
            Slot::Gone(commitment) => Some(Item::Withheld(*commitment)),
        })
    }

    /// How many fields the event had.
    pub fn field_count(&self) -> u16 {
        self.slots.len() as u16
    }

    /// How many of them are withheld.
    pub fn withheld_count(&self) -> u16 {
        self.field_count() - self.fields.count()
    }

    /// The fields that are left.
    pub fn fields(&self) -> &EncodedFields {
        &self.fields
    }
}

impl std::fmt::Debug for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Withheld")
            .field("fields", &self.fields)
            .field("of", &self.field_count())
            .finish()
    }
}

impl Content {
    /// How many fields the event had when it was accepted.
    pub fn field_count(&self) -> u16 {
        match self {
            Content::Whole { event, .. } => event.field_count(),
            Content::Withheld(withheld) => withheld.field_count(),
            Content::Erased { field_count, .. } => *field_count,
        }
    }

    /// How many of them are erased.
    pub fn withheld_count(&self) -> u16 {
        match self {
            Content::Whole { .. } => 0,
            Content::Withheld(withheld) => withheld.withheld_count(),
            Content::Erased { field_count, .. } => *field_count,
        }
    }

    /// What stands for the fields in the tree.
    pub fn body_root(&self) -> BodyRoot {
        match self {
            Content::Whole { salt, event } => event.commit(salt),
            Content::Withheld(withheld) => {
                BodyRoot::of(withheld.items().map(|item| item.commitment()))
            }
            Content::Erased { body_root, .. } => *body_root,
        }
    }

    /// The fields by number with what opens their commitments; none if all was erased.
    pub fn items(&self) -> Vec<Item<'_>> {
        match self {
            Content::Whole { salt, event } => event
                .fields()
                .enumerate()
                .map(|(number, field)| Item::Shown {
                    salt: salt.field(number as u16),
                    field,
                })
                .collect(),
            Content::Withheld(withheld) => withheld.items().collect(),
            Content::Erased { .. } => Vec::new(),
        }
    }

    /// Erases the fields that `hide` picks by number and content, in addition to those already
    /// erased. The salt of the event goes with the first one: an erased value could be guessed from
    /// it.
    #[must_use]
    pub fn withhold(&self, mut hide: impl FnMut(u16, &Field<'_>) -> bool) -> Content {
        if let Content::Erased { .. } = self {
            return self.clone();
        }
        let mut slots = Vec::with_capacity(usize::from(self.field_count()));
        let mut left = Vec::new();
        for (number, item) in self.items().into_iter().enumerate() {
            slots.push(match item {
                Item::Shown { salt, field } if !hide(number as u16, &field) => {
                    left.push(field);
                    Slot::Shown(salt)
                }
                gone => Slot::Gone(gone.commitment()),
            });
        }
        if left.len() == slots.len() {
            return self.clone();
        }
        let fields = encode(left.iter().copied(), left.len());
        Content::Withheld(Withheld {
            fields,
            slots: slots.into_boxed_slice(),
        })
    }

    /// Erases all of it.
    #[must_use]
    pub fn erase(&self) -> Content {
        Content::Erased {
            field_count: self.field_count(),
            body_root: self.body_root(),
        }
    }
}
