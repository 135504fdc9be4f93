//! What a power cut takes of the changes that no sync has settled.

use super::chance::Chance;

/// Chance alone would hardly ever take all or nothing of a long run, so these two are kinds of
/// their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outage {
    /// All of them are lost.
    Total,
    /// None is lost.
    Harmless,
    /// Chance decides of each.
    Partial,
}

impl Outage {
    pub(super) fn by(chance: &mut Chance) -> Outage {
        match chance.below(8) {
            0 => Outage::Total,
            1 => Outage::Harmless,
            _ => Outage::Partial,
        }
    }

    /// Does it spare the change at hand?
    pub(super) fn spares(self, chance: &mut Chance) -> bool {
        match self {
            Outage::Total => false,
            Outage::Harmless => true,
            Outage::Partial => chance.coin(),
        }
    }
}
