//! Writing for people and for programs.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use crate::failure::Done;

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes one line to standard output.
pub(crate) fn line(text: &str) -> Done {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// Rows under a heading, columns aligned; the last column runs as long as it likes.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) -> Done {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells
            .chain([heading.get(column).map_or(0, |h| h.len())])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let mut out = std::io::stdout().lock();
    let heading: Vec<String> = heading.iter().map(ToString::to_string).collect();
    for row in std::iter::once(&heading).chain(rows) {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let padding = width.saturating_sub(cell.chars().count());
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', padding + 2));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// The columns of an event in tables and CSV.
pub(crate) const EVENT_COLUMNS: [&str; 7] = [
    "id",
    "occurred_at",
    "actor",
    "action",
    "target",
    "outcome",
    "message",
];

/// An event as a row of [`EVENT_COLUMNS`]. Control characters are shown as `?`, so that an event
/// cannot move the cursor of whoever reads it.
pub(crate) fn event_row(event: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first_of = |object: &Value, names: &[&str]| {
        names
            .iter()
            .map(|name| text(&object[*name]))
            .find(|t| !t.is_empty())
            .unwrap_or_default()
    };
    let target = &event["targets"][0];
    let cells = [
        text(&event["display_id"]),
        text(&event["occurred_at"]),
        first_of(&event["actor"], &["name", "email", "id", "type"]),
        text(&event["action"]),
        first_of(target, &["name", "id", "type"]),
        text(&event["outcome"]["result"]),
        text(&event["message"]),
    ];
    cells
        .into_iter()
        .map(|cell| cell.replace(|c: char| c.is_control(), "?"))
        .collect()
}

/// One CSV line (RFC 4180) that a spreadsheet does not take for formulas.
pub(crate) fn csv_line(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guard = if formula { "'" } else { "" };
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    });
    quoted.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_csv_cell_is_never_a_formula() {
        let cells = ["=1+1", "plain", "say \"hi\""].map(str::to_owned);
        assert_eq!(csv_line(&cells), r#""'=1+1","plain","say ""hi""""#);
    }

    #[test]
    fn an_event_cannot_move_the_cursor() {
        let event = serde_json::json!({"message": "a\u{1b}[2Jb", "targets": []});
        assert_eq!(event_row(&event)[6], "a?[2Jb");
    }
}
