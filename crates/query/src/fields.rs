//! The names of what can be asked: whole values, texts and numbers of an event.
//!
//! These are the *primitive* fields that leaves are made of. The fields a person writes, some of
//! which ask several of these at once, are in [`crate::catalogue`].

macro_rules! fields {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every field, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The field's name in the language, which asks this field alone.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

fields! {
    /// A value compared whole. An event may have several values of one field (roles, targets).
    ExactField {
        /// `action`
        Action = "action",
        /// `activity`
        Activity = "activity",
        /// The category the entry carries; also of an erased event.
        Category = "category",
        /// `outcome.result`
        Outcome = "outcome",
        /// `outcome.code`
        OutcomeCode = "outcome.code",
        /// `severity`
        Severity = "severity",
        /// `enrichment.risk.level`
        Risk = "risk",
        /// `actor.type`
        ActorType = "actor.type",
        /// `actor.id`
        ActorId = "actor.id",
        /// `actor.email`
        ActorEmail = "actor.email",
        /// Each of `actor.roles`
        Role = "role",
        /// Each of `actor.groups`
        Group = "group",
        /// `on_behalf_of.id`
        BehalfId = "on_behalf_of.id",
        /// `on_behalf_of.email`
        BehalfEmail = "on_behalf_of.email",
        /// `type` of each target
        TargetType = "target.type",
        /// `id` of each target
        TargetId = "target.id",
        /// `path` and `label` of each change
        Changed = "changed",
        /// `client.ip` as text in its shortest form; for lists of top values. Queries ask [`crate::Leaf::Ip`].
        Ip = "ip",
        /// `client.user_agent`
        Agent = "agent",
        /// `session_id`
        Session = "session",
        /// `request_id`
        Request = "request",
        /// `correlation_id`
        Correlation = "correlation",
        /// `trace_id`
        Trace = "trace",
        /// `parent_id`
        Parent = "parent",
        /// `source.app`
        App = "app",
        /// `source.component`
        Component = "component",
        /// `source.environment`
        Environment = "env",
        /// `source.version`
        Version = "version",
        /// Each of `labels`
        Label = "label",
        /// `id`: the sender's
        Id = "id",
        /// Who wrote the event: also of an erased one.
        Kind = "kind",
        /// `ingest.key_id`: the API key that sent it
        Key = "key",
        /// `ingest.import`
        Import = "import",
        /// `enrichment.geo.country`
        Country = "country",
        /// `enrichment.geo.region`
        Region = "region",
        /// `enrichment.geo.city`
        City = "city",
        /// `enrichment.network`
        Network = "network",
        /// `enrichment.device.browser`
        Browser = "browser",
        /// `enrichment.device.os`
        Os = "os",
        /// `enrichment.device.kind`
        Device = "device",
    }
}

impl ExactField {
    /// Whether values are nearly all different and only ever asked for whole: the language has no
    /// prefix and no substring of them, so an index needs no sorted dictionary, only a lookup.
    pub fn is_lookup_only(self) -> bool {
        matches!(
            self,
            Self::Id | Self::Request | Self::Correlation | Self::Trace | Self::Parent
        )
    }
}

fields! {
    /// A text searched by its words. An event may have several texts of one field; a phrase never
    /// reaches from one into the next.
    TextField {
        /// `actor.name`
        ActorName = "actor.name",
        /// `on_behalf_of.name`
        BehalfName = "on_behalf_of.name",
        /// `name` of each target
        TargetName = "target.name",
        /// `message`
        Message = "message",
        /// `action`, by its words
        Action = "action.words",
        /// `path` and `label` of each change, by their words
        Changed = "changed.words",
        /// Every string, number and truth value in `old` of each change
        Old = "old",
        /// Every string, number and truth value in `new` of each change
        New = "new",
        /// Every string, number and truth value under `metadata`
        Metadata = "metadata",
        /// `outcome.reason`
        Reason = "reason",
    }
}

fields! {
    /// A whole number. An event has at most one value of each.
    NumberField {
        /// `counts.records`
        Records = "records",
        /// `counts.bytes`
        Bytes = "bytes",
        /// `duration_ms`, in milliseconds
        Duration = "duration",
        /// `occurred_at`, in microseconds since 1970 UTC
        Occurred = "occurred",
        /// `received_at`, in microseconds since 1970 UTC; also of an erased event
        Received = "received",
        /// Place in the ledger, from 0; also of an erased event
        Sequence = "sequence",
    }
}

/// A set of [`TextField`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextFields(u16);

impl TextFields {
    /// What a free word searches: every text field.
    pub const FREE: Self = Self((1 << TextField::ALL.len()) - 1);

    /// The set of one field.
    pub const fn only(field: TextField) -> Self {
        Self(1 << field as u8)
    }

    /// This set and the fields of another.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `field` is in the set.
    pub const fn contains(self, field: TextField) -> bool {
        self.0 & (1 << field as u8) != 0
    }

    /// The fields of the set, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = TextField> {
        TextField::ALL
            .iter()
            .copied()
            .filter(move |&field| self.contains(field))
    }

    /// The set as bits, bit `n` for the field with number `n`.
    pub const fn bits(self) -> u16 {
        self.0
    }
}

impl From<TextField> for TextFields {
    fn from(field: TextField) -> Self {
        Self::only(field)
    }
}

impl std::fmt::Debug for TextFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
