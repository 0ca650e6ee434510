//! A page that fits into an answer, whatever its products have to say: a Lambda answers with six megabytes at most.

use std::io::{self, Write};

use search::Place;
use serde::Serialize;
use values::{Error, Page, Position, Result};

/// For the products of a page, as Lambda carries them. Facets and the rest stay well below the other two megabytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// As many of these rows as fit, one at least; the next page begins after the last of them.
pub(crate) fn fitting<T: Serialize>(rows: impl Iterator<Item = (Place, T)>, next: Option<Position>) -> Result<Page<T>> {
    let (mut page, mut bytes, mut last) = (Page { rows: Vec::new(), next }, 0, None::<Place>);
    for (place, row) in rows {
        bytes += carried(&row)?;
        if let Some(last) = last.filter(|_| bytes > MOST_BYTES) {
            page.next = Some(last.position());
            break;
        }
        last = Some(place);
        page.rows.push(row);
    }
    Ok(page)
}

/// The bytes of a row in Lambda's answer, where the body is a string within JSON: it is quoted once more.
fn carried(row: &impl Serialize) -> Result<usize> {
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, row).map_err(Error::internal)?;
    Ok(counted.0)
}

struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let quoted = bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        self.0 += bytes.len() + quoted;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use values::Clock;

    const MEGABYTE: usize = 1024 * 1024;

    fn rows(texts: &[String]) -> Vec<(Place, &String)> {
        texts.iter().enumerate().map(|(at, text)| (Place::new(at as u64, Clock::System.mint()), text)).collect()
    }

    #[test]
    fn a_page_ends_where_an_answer_would_be_too_large() {
        let texts = vec!["x".repeat(MEGABYTE); 6];
        let rows = rows(&texts);
        let (third, end) = (rows[2].0.position(), Place::new(9, Clock::System.mint()).position());
        let page = fitting(rows.into_iter(), Some(end.clone())).unwrap();
        assert_eq!((page.rows.len(), page.next), (3, Some(third)), "four and their quotes are too much");
        let small = fitting(self::rows(&texts[..3]).into_iter(), Some(end.clone())).unwrap();
        assert_eq!((small.rows.len(), small.next), (3, Some(end)), "a page that fits ends where it ends");
        assert_eq!(fitting(self::rows(&texts[..3]).into_iter(), None).unwrap().next, None);
    }

    #[test]
    fn a_page_has_a_product_at_least() {
        let texts = vec!["x".repeat(5 * MEGABYTE); 2];
        let page = fitting(rows(&texts).into_iter(), None).unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (1, true));
    }

    #[test]
    fn a_row_is_counted_as_it_is_carried() {
        for row in [json!("plain"), json!({ "said": "\"quoted\" \\ \n über 茶 \u{1}" }), json!([1.5, null, ""])] {
            let answer = serde_json::to_string(&row.to_string()).unwrap();
            assert_eq!(carried(&row).unwrap() + 2, answer.len(), "{answer}");
        }
    }
}
