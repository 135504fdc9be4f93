//! Figures as aligned text.

/// Rows of a name and a value, printed as they come.
pub(crate) struct Figures;

impl Figures {
    pub(crate) fn title(text: &str) {
        println!("\n{text}");
    }

    pub(crate) fn row(name: &str, value: impl std::fmt::Display) {
        println!("  {name:<34} {value:>16}");
    }
}

/// A whole number with separators between thousands.
pub(crate) fn thousands(n: f64) -> String {
    let digits = format!("{n:.0}");
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in MiB with one decimal.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The value below which `percent` of the sorted `values` lie.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
