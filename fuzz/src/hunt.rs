//! Running a target: first its corpus, then mutations of it.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::random::Random;
use crate::{Reached, Target, memory, mutate};

/// Inputs kept for mutation beside the corpus: enough for every place a reader can come to, few
/// enough to be chosen often.
const KEPT_MAX: usize = 4_096;

/// When a run ends.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// After so many mutated inputs.
    Executions(u64),
    /// At this moment.
    Until(Instant),
}

/// What a run without a failure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hunted {
    /// Inputs tried, the corpus included.
    pub executions: u64,
    /// Different places the target came to.
    pub reached: usize,
    /// Most memory one execution held at once, in bytes.
    pub memory_bytes: usize,
}

/// An input that a target failed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The target's name.
    pub target: &'static str,
    /// The input.
    pub input: Vec<u8>,
    /// What did not hold.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (target, bytes) = (self.target, self.input.len());
        write!(
            f,
            "{target} fails on an input of {bytes} bytes: {}",
            self.message
        )
    }
}

/// A target being run.
pub struct Hunt<'a> {
    target: &'a Target,
    random: Random,
    kept: Vec<Vec<u8>>,
    reached: HashSet<Reached>,
    executions: u64,
    memory_bytes: usize,
}

impl<'a> Hunt<'a> {
    /// Begins a run. The seed decides every mutation.
    pub fn new(target: &'a Target, seed: u64) -> Hunt<'a> {
        Hunt {
            target,
            random: Random::new(seed),
            kept: Vec::new(),
            reached: HashSet::new(),
            executions: 0,
            memory_bytes: 0,
        }
    }

    /// Tries every input of `corpus`, then mutations until `limit`.
    ///
    /// # Errors
    /// With the first input that the target fails on.
    pub fn run(mut self, corpus: Vec<Vec<u8>>, limit: Limit) -> Result<Hunted, Failure> {
        for input in corpus {
            self.execute(&input)?;
            self.kept.push(input);
        }
        let mut done = 0;
        while !limit.is_reached(done) {
            let mut input = self.choose();
            let other = self.choose();
            mutate::mutate(&mut input, &other, self.target.words, &mut self.random);
            if self.execute(&input)? && self.kept.len() < KEPT_MAX {
                self.kept.push(input);
            }
            done += 1;
        }
        Ok(Hunted {
            executions: self.executions,
            reached: self.reached.len(),
            memory_bytes: self.memory_bytes,
        })
    }

    fn choose(&mut self) -> Vec<u8> {
        let place = self.random.below(self.kept.len());
        self.kept.get(place).cloned().unwrap_or_default()
    }

    /// Tries one input; whether it came to a new place.
    fn execute(&mut self, input: &[u8]) -> Result<bool, Failure> {
        let target = self.target;
        let fails = |message: String| Failure {
            target: target.name,
            input: input.to_vec(),
            message,
        };
        let (result, bytes) =
            memory::peak_of(|| catch_unwind(AssertUnwindSafe(|| (target.run)(input))));
        let reached = result.map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            fails(text.unwrap_or("it panicked").to_owned())
        })?;
        if bytes > target.memory_bytes {
            let limit = target.memory_bytes;
            return Err(fails(format!(
                "it held {bytes} bytes of memory, its limit is {limit}"
            )));
        }
        self.executions += 1;
        self.memory_bytes = self.memory_bytes.max(bytes);
        Ok(self.reached.insert(reached))
    }
}

impl Limit {
    fn is_reached(self, done: u64) -> bool {
        match self {
            Limit::Executions(executions) => done >= executions,
            Limit::Until(end) => Instant::now() >= end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a magic word, a length and that many bytes, and trusts the length.
    fn trusting(input: &[u8]) -> Reached {
        let Some(rest) = input.strip_prefix(b"magic") else {
            return Reached::at("no magic");
        };
        let Some((length, rest)) = rest.split_first() else {
            return Reached::at("no length");
        };
        assert!(
            usize::from(*length) <= rest.len() || *length < 0xf0,
            "beyond the end"
        );
        Reached::at("whole")
    }

    fn greedy(input: &[u8]) -> Reached {
        let claimed = input.first().map_or(0, |byte| usize::from(*byte) << 14);
        Reached::at(std::hint::black_box(vec![0u8; claimed]).is_empty())
    }

    const TRUSTING: Target = Target {
        name: "trusting",
        run: trusting,
        executions: 0,
        memory_bytes: 1 << 20,
        words: &["magic"],
    };

    fn hunt(target: &Target, seed: u64) -> Result<Hunted, Failure> {
        let corpus = vec![b"no".to_vec(), b"nothing".to_vec()];
        Hunt::new(target, seed).run(corpus, Limit::Executions(200_000))
    }

    #[test]
    fn a_length_that_is_trusted_is_found_behind_a_magic_word() {
        let failure = hunt(&TRUSTING, 1).unwrap_err();
        assert_eq!(failure.message, "beyond the end");
        assert!(failure.input.starts_with(b"magic"));
        assert_eq!(
            hunt(&TRUSTING, 1).unwrap_err(),
            failure,
            "a seed repeats a run"
        );
    }

    #[test]
    fn memory_that_an_input_asks_for_is_found() {
        let target = Target {
            run: greedy,
            ..TRUSTING
        };
        let failure = hunt(&target, 1).unwrap_err();
        assert!(failure.message.contains("bytes of memory"), "{failure}");
    }
}
