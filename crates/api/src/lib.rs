//! The wire: what a client sends and what it gets, as types.
//!
//! These types are the API's contract: the OpenAPI document is made from them, the server answers
//! with them, and the client reads them. They hold no behaviour. Events themselves travel as the
//! ledger holds them; [`NewEvent`] and [`RecordedEvent`] describe their shape.

mod account;
mod actors;
mod counts;
mod event_shape;
mod health;
mod history;
mod managing;
mod people;
mod problem;
mod proof;
mod related;
mod search;
mod stream;
mod submit;
mod summary;
mod system;

pub use account::{
    AcceptInvitation, InvitationLook, LinkToken, Me, MeChange, OwnSession, PasswordChange,
    Preferences, Reauthenticate, Reset, SessionList, SessionTenant, SessionTimes, SessionView,
    Setup, SetupState, SignIn,
};
pub use counts::{
    Bucket, CompleteParams, Completion, Histogram, HistogramParams, Interval, Suggestion,
    SuggestionKind, Top, TopParams, TopValue, WeekStart,
};
pub use event_shape::{
    ActorShape, ChangeShape, ClientShape, CountsShape, EnrichmentShape, ErasureShape, EventShape,
    IngestShape, NewEvent, OutcomeShape, RecordedEvent, SourceShape, TargetShape,
};
pub use health::{Health, Readiness};
pub use managing::{
    Key, KeyList, MadeKey, NewKey, NewTenant, Rotate, TenantChange, TenantDeletion, TenantEntry,
    TenantSettings,
};
pub use people::{
    Invitation, MadeInvitation, MadeLink, Member, MemberChange, NewInvitation, PeopleList,
    SavedSearch, SavedSearchChange, SavedSearchList, Team, TeamChange, TeamList, TenantParams,
};
pub use problem::Problem;
pub use proof::{Consistency, ConsistencyParams, ProofDocument, ProofField};
pub use search::{CheckpointRef, EventsPage, GetParams, Order, OwnEvents, SearchParams, Sort};
pub use stream::{ExportEnd, ExportFormat, ExportParams, Gap, TailParams};
pub use submit::{
    BatchAnswer, BatchReceipt, Receipt, Rejection, Submission, SubmitParams, Submitted,
};

/// Media type of every refusal.
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";
/// Media type of one JSON document a line.
pub const NDJSON_MEDIA_TYPE: &str = "application/x-ndjson";
/// Header that names a request in answers and logs; a client may choose it.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// Trailer that ends a whole CSV or JSON export: how many events it holds.
pub const EXPORT_COUNT_TRAILER: &str = "annals-count";
pub use actors::{
    ActionDetail, ActivityParams, ActorActivity, ActorEntry, ActorProfile, Actors, ActorsParams,
    ModuleEvents, NoActivity, OtherModules, RecentAction, RecordNumbers, SecurityNumbers,
    SessionNumbers,
};
pub use history::{FieldState, History, HistoryEntry, HistoryGap, HistoryParams};
pub use related::{Related, RelatedGroup, RelatedWhy};
pub use summary::{ActivityGroup, HighPriority, Period, Storage, Summary, SummaryParams};
pub use system::{
    JobNumbers, NoData, ResponseTime, SourceUptime, SystemHealth, SystemHealthParams, Uptime,
};
