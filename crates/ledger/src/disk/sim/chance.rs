//! Chance from a seed: the same seed gives the same turns, on every machine and in every version.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance { state: seed }
    }

    /// The chance of one step of a run.
    pub(super) fn of_step(seed: u64, step: u64) -> Chance {
        let mut of_run = Chance::new(seed);
        Chance::new(of_run.next() ^ step.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(super) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// How much of `length` is done before something interrupts it: all and nothing included.
    pub(super) fn part_of(&mut self, length: usize) -> usize {
        (self.next() % (length as u64 + 1)) as usize
    }
}
