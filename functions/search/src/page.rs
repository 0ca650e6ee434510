//! Limits a page to the size of a response of Lambda: six megabytes.

use std::io::{self, Write};

use serde::Serialize;
use values::{Error, Page, PageRequest, Position, Result};

/// The name of the key in the position of a product among SKUs.
const SKU_NUMBER: &str = "n";

/// The maximum size of the products of a page in a response of Lambda, in bytes. Facets and the rest stay well below
/// the other two megabytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Returns as many rows as fit, at least one. Each row has its position; the next page begins after the last row.
pub(crate) fn limit_size<T: Serialize>(
    rows: impl Iterator<Item = (Position, T)>,
    next: Option<Position>,
) -> Result<Page<T>> {
    let (mut page, mut bytes, mut last) = (Page { rows: Vec::new(), next }, 0, None::<Position>);
    for (position, row) in rows {
        bytes += size_in_response(&row)?;
        if bytes > MAX_BYTES && last.is_some() {
            page.next = last;
            break;
        }
        last = Some(position);
        page.rows.push(row);
    }
    Ok(page)
}

/// Returns a page of the products of SKUs. Each product has the number of its SKU in the request.
pub(crate) fn sku_page<T: Serialize>(rows: impl Iterator<Item = (usize, T)>, request: &PageRequest) -> Result<Page<T>> {
    let position = |number: usize| Position([(SKU_NUMBER.to_owned(), number.to_string())].into());
    let after = request.after.as_ref().and_then(|after| after.get(SKU_NUMBER)?.parse().ok());
    let mut rows = rows.filter(|(number, _)| after.is_none_or(|after| *number > after));
    let first: Vec<(usize, T)> = rows.by_ref().take(request.limit as usize).collect();
    let next = first.last().map(|(number, _)| position(*number)).filter(|_| rows.next().is_some());
    limit_size(first.into_iter().map(|(number, row)| (position(number), row)), next)
}

/// The size of a row in the response of Lambda, in bytes. The body is a string within JSON, so quotes and backslashes
/// are escaped once more.
fn size_in_response(row: &impl Serialize) -> Result<usize> {
    let mut counter = ByteCounter(0);
    serde_json::to_writer(&mut counter, row).map_err(Error::internal)?;
    Ok(counter.0)
}

struct ByteCounter(usize);

impl Write for ByteCounter {
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
    use search::SortKey;
    use serde_json::json;
    use values::Clock;

    const MEGABYTE: usize = 1024 * 1024;

    fn rows(texts: &[String]) -> Vec<(Position, &String)> {
        let position = |at| SortKey::new(at as u64, Clock::System.mint()).to_position();
        texts.iter().enumerate().map(|(at, text)| (position(at), text)).collect()
    }

    #[test]
    fn a_page_ends_where_an_answer_would_be_too_large() {
        let texts = vec!["x".repeat(MEGABYTE); 6];
        let rows = rows(&texts);
        let (third, end) = (rows[2].0.clone(), SortKey::new(9, Clock::System.mint()).to_position());
        let page = limit_size(rows.into_iter(), Some(end.clone())).unwrap();
        assert_eq!((page.rows.len(), page.next), (3, Some(third)), "four rows with their quotes are too large");
        let small = limit_size(self::rows(&texts[..3]).into_iter(), Some(end.clone())).unwrap();
        assert_eq!((small.rows.len(), small.next), (3, Some(end)), "a page that fits keeps its end");
        assert_eq!(limit_size(self::rows(&texts[..3]).into_iter(), None).unwrap().next, None);
    }

    #[test]
    fn a_page_has_a_product_at_least() {
        let texts = vec!["x".repeat(5 * MEGABYTE); 2];
        let page = limit_size(rows(&texts).into_iter(), None).unwrap();
        assert_eq!((page.rows.len(), page.next.is_some()), (1, true));
    }

    #[test]
    fn pages_of_skus_list_every_product_once() {
        let rows = || [0, 3, 4, 9].into_iter().map(|number| (number, number));
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = sku_page(rows(), &PageRequest { limit: 2, after }).unwrap();
            assert_eq!(page.rows.len(), 2);
            listed.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, [0, 3, 4, 9]);
    }

    #[test]
    fn size_of_a_row_equals_its_size_in_the_response() {
        for row in [json!("plain"), json!({ "text": "\"quoted\" \\ \n über 茶 \u{1}" }), json!([1.5, null, ""])] {
            let response = serde_json::to_string(&row.to_string()).unwrap();
            assert_eq!(size_in_response(&row).unwrap() + 2, response.len(), "{response}");
        }
    }
}
