//! Repeatable randomness: everything the company does follows from one seed.

/// SplitMix64 (Steele, Lea and Flood, 2014): the same stream on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `0..n`; 0 if `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Uniform in `from..to`.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from).max(1) as usize) as i64
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Draws by weight.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(T, u32)]) -> T {
        let total: u32 = of.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total as usize) as u32;
        for (value, weight) in of {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        of[0].0
    }

    /// A place in `0..n`, low ones far more often: a few customers bring most of the work.
    pub(crate) fn favouring_few(&mut self, n: usize) -> usize {
        let fraction = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((fraction * fraction * fraction) * n as f64) as usize
    }

    /// Waiting times that follow no rhythm: exponential with this mean, at most six times it.
    pub(crate) fn wait(&mut self, mean: i64) -> i64 {
        let fraction = (self.below(1 << 20) + 1) as f64 / f64::from(1 << 20);
        (-fraction.ln()).min(6.0).mul_add(mean as f64, 1.0) as i64
    }
}
