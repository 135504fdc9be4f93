//! A query that has been understood.

use std::fmt;

use event::Recorded;

use crate::{Expr, matching};

/// A query: a formula that any number of events can be held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    expr: Expr,
}

impl Query {
    /// The query with this formula.
    pub fn new(expr: Expr) -> Self {
        Self { expr }
    }

    /// Every event.
    pub fn all() -> Self {
        Self::new(Expr::All)
    }

    /// Whether the event is one of those the query finds.
    pub fn matches(&self, event: &Recorded) -> bool {
        matching::matches(&self.expr, event)
    }

    /// The formula.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }
}

/// The canonical text of the formula.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
