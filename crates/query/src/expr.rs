//! A query as a formula over leaves.

use crate::Leaf;

/// A formula over [`Leaf`]s. The constructors [`Expr::and`], [`Expr::or`] and [`Expr::negate`]
/// keep it normal, and everything [`crate::parse`] answers is: no `And` directly in an `And`, no
/// `Or` directly in an `Or`, no `Not` of a `Not`, at least two members in each, and `All` and
/// `None` only as the whole formula.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Every event.
    All,
    /// No event.
    None,
    /// Events that match every member.
    And(Vec<Expr>),
    /// Events that match some member.
    Or(Vec<Expr>),
    /// Events that do not match the member.
    Not(Box<Expr>),
    /// Events that match the leaf.
    Leaf(Leaf),
}

impl Expr {
    /// Events that match every one of `members`; `All` if there are none.
    pub fn and(members: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for member in members {
            match member {
                Expr::All => {}
                Expr::None => return Expr::None,
                Expr::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::All,
            1 => flat.remove(0),
            _ => Expr::And(flat),
        }
    }

    /// Events that match some one of `members`; `None` if there are none.
    pub fn or(members: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for member in members {
            match member {
                Expr::None => {}
                Expr::All => return Expr::All,
                Expr::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::None,
            1 => flat.remove(0),
            _ => Expr::Or(flat),
        }
    }

    /// Events that `self` does not match.
    #[must_use]
    pub fn negate(self) -> Expr {
        match self {
            Expr::All => Expr::None,
            Expr::None => Expr::All,
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// Evaluates the formula, given the answer of each leaf.
    pub fn evaluate(&self, leaf_holds: &mut impl FnMut(&Leaf) -> bool) -> bool {
        match self {
            Expr::All => true,
            Expr::None => false,
            Expr::And(members) => members.iter().all(|member| member.evaluate(leaf_holds)),
            Expr::Or(members) => members.iter().any(|member| member.evaluate(leaf_holds)),
            Expr::Not(inner) => !inner.evaluate(leaf_holds),
            Expr::Leaf(leaf) => leaf_holds(leaf),
        }
    }
}

impl From<Leaf> for Expr {
    fn from(leaf: Leaf) -> Self {
        Expr::Leaf(leaf)
    }
}
