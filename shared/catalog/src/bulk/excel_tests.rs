//! Exports that were opened and saved in Excel, and files as Excel and people write them.

use serde_json::{Value, json};
use tabular::{Delimiter, Dialect, FilePosition, Reader, RecordContent, csv};

use crate::bulk::export::{header_line, write_line};
use crate::bulk::import::tests::read;
use crate::{Draft, Format, ProductIn, ProductKind};

/// A product whose texts look like numbers, dates, truth values and formulas.
fn product(sku: &str, name: &str, cents: i64) -> ProductIn {
    let body = json!({
        "sku": sku, "name": name, "description": format!("{name}\n\"quoted\"; and more"), "category": "0815", "brand": "1-2",
        "tags": ["2026"], "price": { "amount": cents, "currency": "EUR" }, "weight": 380, "stock": { "available": 1_000 },
        "compareAtPrice": { "amount": 1_234_500, "currency": "EUR" }, "attributes": { "ean": "4006381333931", "glazed": true },
    });
    serde_json::from_value(body).unwrap()
}

fn products() -> Vec<ProductIn> {
    let texts = [
        ("007", "Mug"),
        ("4006381333931", "0815"),
        ("1-2", "=SUM(A1:A9)"),
        ("MAR-1", "10/12"),
        ("1E5", "+1"),
        ("3.4", "TRUE"),
        ("MUG-350", "'tis a \"mug\"; blue"),
    ];
    texts.into_iter().zip(0..).map(|((sku, name), n)| product(sku, name, 1_490 + n * 10)).collect()
}

fn export(dialect: Dialect) -> Vec<u8> {
    let mut file = header_line(dialect);
    products().iter().for_each(|product| write_line(Format::Csv, dialect, product, &mut file).unwrap());
    file
}

/// What Excel makes of a cell where the comma is the decimal separator.
fn excel_value(cell: &str) -> String {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let without_zeros = |digits: &str| match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    };
    let is_date = |mark| cell.split_once(mark).is_some_and(|(day, month)| is_number(day) && is_number(month));
    match cell.split_once(',') {
        _ if cell.starts_with(['=', '+', '-', '@']) => "#NAME?".to_owned(),
        _ if cell.eq_ignore_ascii_case("true") => "WAHR".to_owned(),
        _ if is_number(cell) && cell.len() > 11 => {
            format!("{},{}E+{}", &cell[..1], &cell[1..6], cell.len() - 1)
        }
        _ if is_number(cell) => without_zeros(cell),
        _ if cell == "1E5" => "1,00E+05".to_owned(),
        _ if is_date('-') || is_date('/') || is_date('.') || cell == "MAR-1" => "01. Feb".to_owned(),
        Some((whole, places)) if is_number(whole) && is_number(places) => {
            let number = format!("{},{}", without_zeros(whole), places.trim_end_matches('0'));
            number.trim_end_matches(',').to_owned()
        }
        _ => cell.to_owned(),
    }
}

/// The file after Excel has opened and saved it as "CSV UTF-8": a byte order mark, semicolons, empty columns at the right or no semicolons
/// behind the last value, and rows of separators at the end.
fn opened_and_saved(file: &[u8], delimiter: Delimiter) -> Vec<u8> {
    let mut reader = Reader::at(Format::Csv, FilePosition::default());
    reader.end_cells_at(delimiter);
    reader.feed(file);
    reader.feed(&[]);
    let (mut saved, mut width, mut rows) = (Dialect::Excel.preamble().to_vec(), 0, 0);
    while let Some(record) = reader.next() {
        let RecordContent::Cells(cells) = record.content.unwrap() else { panic!("it is CSV") };
        let mut cells: Vec<String> = cells.iter().map(|cell| excel_value(cell)).collect();
        // Excel decides for each block of rows whether they are as wide as the sheet. The header line is.
        if rows % 2 == 0 {
            cells.extend([String::new(), String::new()]);
        } else {
            cells.truncate(cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1));
        }
        (width, rows) = (width.max(cells.len()), rows + 1);
        csv::write(&cells, Delimiter::Semicolon, &mut saved);
    }
    for _ in 0..3 {
        csv::write(&vec![String::new(); width], Delimiter::Semicolon, &mut saved);
    }
    saved
}

fn drafts(file: &[u8]) -> Vec<Result<Draft, Value>> {
    read(Format::Csv, file).into_iter().map(|read| read.map_err(|error| serde_json::to_value(error).unwrap())).collect()
}

fn expected() -> Vec<Result<Draft, Value>> {
    products().into_iter().map(|product| Ok(product.draft().unwrap())).collect()
}

#[test]
fn export_for_excel_survives_excel() {
    let file = export(Dialect::Excel);
    assert!(file.starts_with(b"\xEF\xBB\xBFsku;name;"));
    assert_eq!(drafts(&file), expected());
    assert_eq!(drafts(&opened_and_saved(&file, Delimiter::Semicolon)), expected());
}

#[test]
fn export_for_programs_does_not_survive_excel() {
    let saved = opened_and_saved(&export(Dialect::Standard), Delimiter::Comma);
    let changed = drafts(&saved).into_iter().zip(expected()).filter(|(found, expected)| found != expected);
    assert_eq!(changed.count(), products().len(), "the simulation must convert what Excel converts");
}

#[test]
fn no_cell_of_an_export_is_a_formula() {
    for dialect in [Dialect::Standard, Dialect::Excel] {
        let file = String::from_utf8(export(dialect)).unwrap();
        let delimiter = if dialect == Dialect::Excel { ';' } else { ',' };
        for formula in ['=', '+', '-', '@'] {
            for start in [format!("{delimiter}{formula}"), format!("{delimiter}\"{formula}"), format!("\n{formula}")] {
                assert!(!file.contains(&start), "{start:?} in {file}");
            }
        }
        assert!(file.ends_with("\r\n") && file.contains("'=SUM(A1:A9)"), "{file}");
    }
}

fn price(draft: &Result<Draft, Value>) -> i64 {
    match &draft.as_ref().unwrap().content.kind {
        ProductKind::Single(terms) => terms.price.amount,
        ProductKind::Variants(_) => panic!("it has one SKU"),
    }
}

#[test]
fn files_as_spreadsheets_write_them_are_read() {
    for file in [
        "sku,name,category,price,currency\nA,Mug,a,12.90,EUR\nB,Cup,a,7,EUR\n",
        "sku;name;category;price;currency\r\nA;Mug;a;12,90;EUR\r\nB;Cup;a;7,00;EUR",
        "SKU\tNAME\tCategory\tPrice\tCURRENCY\r\nA\tMug\ta\t12,9\tEUR\r\nB\tCup\ta\t7.00\tEUR\r\n",
        "\u{feff}sep=;\r\n SKU ; Name;category ;price;Currency;;;\r\nA;Mug;a;12.9;EUR;;;\r\n;;;;;;;\r\nB;Cup;a;7;EUR\r\n;;;;;;;\r\n",
        "\"sep=\t\"\n\"sku\"\t\"name\"\t\"category\"\t\"price\"\t\"currency\"\n\"A\"\t\"Mug\"\t\"a\"\t\"12,90\"\t\"EUR\"\nB\tCup\ta\t7\tEUR\n\t\t\t\t\n",
        "\r\n;;\r\nsku;name;category;price;currency\nA ; Mug;a; 12,90;EUR \nB;Cup;a;7;EUR\n \n",
    ] {
        let drafts = drafts(file.as_bytes());
        assert_eq!(drafts.iter().map(price).collect::<Vec<_>>(), [1_290, 700], "{file}");
        assert_eq!(drafts[1].as_ref().unwrap().sku.as_str(), "B");
    }
}

#[test]
fn short_last_row_needs_a_line_break() {
    let file = "sku,name,category,price,currency,taxClass,weight\nA,Mug,mugs,9.90,EUR";
    let cut = drafts(file.as_bytes()).remove(0).unwrap_err();
    let message = "The last row has 5 cells and no line break, but the header line names 7 columns; if the file is complete, end \
                   it with a line break.";
    let expected = json!({ "line": 2, "sku": "A", "code": "csv_cells", "field": null, "message": message });
    assert_eq!(cut, expected, "an update would clear the tax class and the weight");
    assert_eq!(price(&drafts(format!("{file}\n").as_bytes())[0]), 990);
    assert_eq!(price(&drafts(format!("{file},,").as_bytes())[0]), 990, "it has all cells");
}

#[test]
fn ambiguous_price_is_rejected_and_other_rows_are_read() {
    let file = "sku;name;category;price;currency\nA;Mug;a;1.234,50;EUR\nB;Cup;a;1,234.50;EUR\nC;Jug;a;1.234;EUR\nD;Pot;a;1234,5;EUR\n";
    let drafts = drafts(file.as_bytes());
    for (draft, sku) in drafts.iter().zip(["A", "B", "C"]) {
        let rejection = draft.as_ref().unwrap_err();
        assert_eq!((&rejection["code"], &rejection["sku"]), (&json!("price_ambiguous"), &json!(sku)));
        assert_eq!(rejection["field"], "price");
    }
    assert_eq!(price(&drafts[3]), 123_450);
}
