//! A text table with aligned columns.

use std::fmt::{self, Display};

/// A table. A heading that begins with a space aligns its column to the right.
#[derive(Debug, Default)]
pub(crate) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { headings: headings.iter().map(|&heading| heading.to_owned()).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table in Markdown.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let headings: Vec<String> = self.headings.iter().map(|heading| heading.trim().to_owned()).collect();
        let aligned = self.headings.iter().map(|heading| if heading.starts_with(' ') { "---:" } else { "---" });
        let rule = format!("|{}|\n", aligned.collect::<Vec<_>>().join("|"));
        line(&headings) + &rule + &self.rows.iter().map(|cells| line(cells)).collect::<String>()
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or_default();
        widest.max(self.headings[column].trim().chars().count())
    }

    fn line<'a>(&self, cells: impl IntoIterator<Item = &'a str>) -> String {
        let mut line = String::new();
        for (column, cell) in cells.into_iter().enumerate() {
            let width = self.width(column);
            let cell = match self.headings[column].starts_with(' ') {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            };
            line.push_str(if column == 0 { "" } else { "  " });
            line.push_str(&cell);
        }
        line.trim_end().to_owned()
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line(self.headings.iter().map(|heading| heading.trim())))?;
        for row in &self.rows {
            writeln!(f, "{}", self.line(row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_right_aligned_and_names_left_aligned() {
        let mut table = Table::new(&["function", " ms"]);
        table.row(["cart".to_owned(), "1.5".to_owned()]);
        table.row(["orders-worker".to_owned(), "12.5".to_owned()]);
        assert_eq!(table.to_string(), "function         ms\ncart            1.5\norders-worker  12.5\n");
        let markdown = "| function | ms |\n|---|---:|\n| cart | 1.5 |\n| orders-worker | 12.5 |\n";
        assert_eq!(table.to_markdown(), markdown);
    }
}
