//! Tests of the language, as data behind one `check` in each file.

mod agreement;
mod canonical;
mod docs;
mod errors;
mod meaning;
mod numbers;
mod tokens;
