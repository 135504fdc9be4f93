//! Paths of fields: JSON Pointers (RFC 6901), the well-known ones with a one-byte code.
//!
//! The codes stand in files, so the list below is frozen: a new well-known path needs a new record
//! format. It is sorted by bytes, so comparing codes compares paths.

use std::cmp::Ordering;
use std::fmt;

/// The paths with a code, sorted by bytes. The code of a path is its place here plus one.
pub const WELL_KNOWN: &[&str] = &[
    "/action",
    "/activity",
    "/actor/email",
    "/actor/groups",
    "/actor/id",
    "/actor/name",
    "/actor/roles",
    "/actor/type",
    "/category",
    "/changes/0/label",
    "/changes/0/new",
    "/changes/0/old",
    "/changes/0/path",
    "/changes/0/type",
    "/changes/1/label",
    "/changes/1/new",
    "/changes/1/old",
    "/changes/1/path",
    "/changes/1/type",
    "/changes/2/label",
    "/changes/2/new",
    "/changes/2/old",
    "/changes/2/path",
    "/changes/2/type",
    "/changes/3/label",
    "/changes/3/new",
    "/changes/3/old",
    "/changes/3/path",
    "/changes/3/type",
    "/changes/4/label",
    "/changes/4/new",
    "/changes/4/old",
    "/changes/4/path",
    "/changes/4/type",
    "/changes/5/label",
    "/changes/5/new",
    "/changes/5/old",
    "/changes/5/path",
    "/changes/5/type",
    "/changes/6/label",
    "/changes/6/new",
    "/changes/6/old",
    "/changes/6/path",
    "/changes/6/type",
    "/changes/7/label",
    "/changes/7/new",
    "/changes/7/old",
    "/changes/7/path",
    "/changes/7/type",
    "/client/ip",
    "/client/user_agent",
    "/correlation_id",
    "/counts/bytes",
    "/counts/records",
    "/duration_ms",
    "/id",
    "/ingest/import",
    "/ingest/key_id",
    "/labels",
    "/message",
    "/occurred_at",
    "/on_behalf_of/email",
    "/on_behalf_of/groups",
    "/on_behalf_of/id",
    "/on_behalf_of/name",
    "/on_behalf_of/roles",
    "/on_behalf_of/type",
    "/outcome/code",
    "/outcome/reason",
    "/outcome/result",
    "/parent_id",
    "/request_id",
    "/session_id",
    "/severity",
    "/source/app",
    "/source/component",
    "/source/environment",
    "/source/version",
    "/targets/0/id",
    "/targets/0/name",
    "/targets/0/type",
    "/targets/1/id",
    "/targets/1/name",
    "/targets/1/type",
    "/targets/2/id",
    "/targets/2/name",
    "/targets/2/type",
    "/targets/3/id",
    "/targets/3/name",
    "/targets/3/type",
    "/trace_id",
];

macro_rules! codes {
    ($($name:ident = $code:literal,)+) => {
        $(
            #[doc = concat!("Code of the path that `", stringify!($name), "` names.")]
            pub const $name: Code = Code($code);
        )+
    };
}

codes! {
    ACTION = 1,
    ACTIVITY = 2,
    ACTOR_EMAIL = 3,
    ACTOR_GROUPS = 4,
    ACTOR_ID = 5,
    ACTOR_NAME = 6,
    ACTOR_ROLES = 7,
    ACTOR_TYPE = 8,
    CATEGORY = 9,
    CLIENT_IP = 50,
    CLIENT_USER_AGENT = 51,
    CORRELATION_ID = 52,
    COUNTS_BYTES = 53,
    COUNTS_RECORDS = 54,
    DURATION_MS = 55,
    ID = 56,
    INGEST_IMPORT = 57,
    INGEST_KEY_ID = 58,
    LABELS = 59,
    MESSAGE = 60,
    OCCURRED_AT = 61,
    ON_BEHALF_OF_EMAIL = 62,
    ON_BEHALF_OF_GROUPS = 63,
    ON_BEHALF_OF_ID = 64,
    ON_BEHALF_OF_NAME = 65,
    ON_BEHALF_OF_ROLES = 66,
    ON_BEHALF_OF_TYPE = 67,
    OUTCOME_CODE = 68,
    OUTCOME_REASON = 69,
    OUTCOME_RESULT = 70,
    PARENT_ID = 71,
    REQUEST_ID = 72,
    SESSION_ID = 73,
    SEVERITY = 74,
    SOURCE_APP = 75,
    SOURCE_COMPONENT = 76,
    SOURCE_ENVIRONMENT = 77,
    SOURCE_VERSION = 78,
    TRACE_ID = 91,
}

const FIRST_CHANGE: u8 = 10;
const FIRST_TARGET: u8 = 79;
/// How many entries of `changes` have codes.
pub const CHANGES_WITH_CODES: usize = 8;
/// How many entries of `targets` have codes.
pub const TARGETS_WITH_CODES: usize = 4;

/// Where the last slash of each well-known path is.
#[expect(clippy::indexing_slicing, reason = "done when compiled")]
const LAST_SLASHES: [u8; WELL_KNOWN.len()] = {
    let mut slashes = [0; WELL_KNOWN.len()];
    let mut number = 0;
    while number < slashes.len() {
        let path = WELL_KNOWN[number].as_bytes();
        let mut at = 0;
        while at < path.len() {
            if path[at] == b'/' {
                slashes[number] = at as u8;
            }
            at += 1;
        }
        number += 1;
    }
    slashes
};

/// One-byte name of a well-known path. Never 0, at most 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u8);

impl Code {
    /// How many codes there are; the codes are `1..=COUNT`.
    pub const COUNT: u8 = WELL_KNOWN.len() as u8;

    /// The code with this number.
    pub const fn new(number: u8) -> Option<Code> {
        if number == 0 || number > Self::COUNT {
            None
        } else {
            Some(Code(number))
        }
    }

    /// The number of this code.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The path.
    pub fn as_str(self) -> &'static str {
        WELL_KNOWN
            .get(usize::from(self.0) - 1)
            .copied()
            .unwrap_or_default()
    }

    /// The code of `path`, if it has one.
    pub fn of(path: &str) -> Option<Code> {
        let place = WELL_KNOWN.binary_search(&path).ok()?;
        Some(Code(place as u8 + 1))
    }

    /// How many codes' paths sort before `path`.
    pub(crate) fn before(path: &str) -> u8 {
        WELL_KNOWN.partition_point(|known| *known < path) as u8
    }

    /// The code of a member of `targets[index]`, if it has one.
    pub const fn target(index: usize, member: TargetMember) -> Option<Code> {
        if index < TARGETS_WITH_CODES {
            Some(Code(FIRST_TARGET + index as u8 * 3 + member as u8))
        } else {
            None
        }
    }

    /// The code of a member of `changes[index]`, if it has one.
    pub const fn change(index: usize, member: ChangeMember) -> Option<Code> {
        if index < CHANGES_WITH_CODES {
            Some(Code(FIRST_CHANGE + index as u8 * 5 + member as u8))
        } else {
            None
        }
    }
}

/// Members of a target, sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TargetMember {
    /// `id`
    Id = 0,
    /// `name`
    Name = 1,
    /// `type`
    Type = 2,
}

impl TargetMember {
    /// Every member, in the order of the codes.
    pub const ALL: [TargetMember; 3] = [TargetMember::Id, TargetMember::Name, TargetMember::Type];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            TargetMember::Id => "id",
            TargetMember::Name => "name",
            TargetMember::Type => "type",
        }
    }
}

/// Members of a change, sorted by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ChangeMember {
    /// `label`
    Label = 0,
    /// `new`
    New = 1,
    /// `old`
    Old = 2,
    /// `path`
    Path = 3,
    /// `type`
    Type = 4,
}

impl ChangeMember {
    /// Every member, in the order of the codes.
    pub const ALL: [ChangeMember; 5] = [
        ChangeMember::Label,
        ChangeMember::New,
        ChangeMember::Old,
        ChangeMember::Path,
        ChangeMember::Type,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ChangeMember::Label => "label",
            ChangeMember::New => "new",
            ChangeMember::Old => "old",
            ChangeMember::Path => "path",
            ChangeMember::Type => "type",
        }
    }
}

/// Where a field stands in its event. Compares by the raw bytes of the path; a literal is never a
/// well-known path, so equal paths are equal values.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path<'a> {
    /// A path with a code.
    Known(Code),
    /// Any other path.
    Literal(&'a str),
}

impl<'a> Path<'a> {
    /// The path as `text` names it.
    pub fn new(text: &'a str) -> Self {
        Code::of(text).map_or(Path::Literal(text), Path::Known)
    }

    /// The JSON Pointer.
    pub fn as_str(self) -> &'a str {
        match self {
            Path::Known(code) => code.as_str(),
            Path::Literal(text) => text,
        }
    }

    /// The path of the container it stands in, without the last slash, and its name there, escaped
    /// as in a JSON Pointer.
    pub(crate) fn split(self) -> (&'a str, &'a str) {
        let (path, slash) = match self {
            Path::Known(code) => {
                let slash = LAST_SLASHES.get(usize::from(code.0) - 1);
                (code.as_str(), slash.map(|at| usize::from(*at)))
            }
            Path::Literal(text) => (text, text.rfind('/')),
        };
        let Some((container, name)) = slash.and_then(|at| path.split_at_checked(at)) else {
            return ("", path);
        };
        (container, name.get(1..).unwrap_or_default())
    }

    /// The code, if this is a well-known path.
    pub fn code(self) -> Option<Code> {
        match self {
            Path::Known(code) => Some(code),
            Path::Literal(_) => None,
        }
    }

    /// Which member of which target this is.
    pub fn target(self) -> Option<(usize, TargetMember)> {
        match self {
            Path::Known(Code(code)) => {
                let offset = code.checked_sub(FIRST_TARGET)?;
                let member = TargetMember::ALL.get(usize::from(offset % 3))?;
                let index = usize::from(offset / 3);
                (index < TARGETS_WITH_CODES).then_some((index, *member))
            }
            Path::Literal(text) => {
                let (index, name) = element(text, "/targets/")?;
                let member = TargetMember::ALL.into_iter().find(|m| m.as_str() == name)?;
                Some((index, member))
            }
        }
    }

    /// Which member of which change this is. The values inside an object that was old or new are
    /// fields of their own and belong to the same member: [`Event::changes`](crate::Event::changes)
    /// puts them together.
    pub fn change(self) -> Option<(usize, ChangeMember)> {
        match self {
            Path::Known(Code(code)) => {
                let offset = code.checked_sub(FIRST_CHANGE)?;
                let member = ChangeMember::ALL.get(usize::from(offset % 5))?;
                let index = usize::from(offset / 5);
                (index < CHANGES_WITH_CODES).then_some((index, *member))
            }
            Path::Literal(text) => {
                let (index, rest) = element(text, "/changes/")?;
                let name = rest.split('/').next()?;
                let member = ChangeMember::ALL.into_iter().find(|m| m.as_str() == name)?;
                Some((index, member))
            }
        }
    }

    /// The rest of the path below `/metadata`, without the leading slash and still escaped as in a
    /// JSON Pointer.
    pub fn metadata(self) -> Option<&'a str> {
        match self {
            Path::Known(_) => None,
            Path::Literal(text) => text.strip_prefix("/metadata/"),
        }
    }
}

/// Splits `/targets/17/id` into 17 and `id`.
fn element<'a>(path: &'a str, prefix: &str) -> Option<(usize, &'a str)> {
    let (index, rest) = path.strip_prefix(prefix)?.split_once('/')?;
    Some((index.parse().ok()?, rest))
}

impl Ord for Path<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Path::Known(one), Path::Known(two)) => one.cmp(two),
            _ => self.as_str().cmp(other.as_str()),
        }
    }
}

impl PartialOrd for Path<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Appends `/name` to a JSON Pointer, escaped.
pub(crate) fn push_segment(path: &mut String, name: &str) {
    path.push('/');
    if !name.contains(['~', '/']) {
        path.push_str(name);
        return;
    }
    for letter in name.chars() {
        match letter {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            other => path.push(other),
        }
    }
}
