//! SQLite with FTS5, set up as somebody would who knows it: stems, weighed columns, a narrow table of facts beside the index, read-only
//! and mapped into memory.

use std::path::Path;

use anyhow::{Context, Result};
use catalog::Listing;
use rusqlite::{Connection, OpenFlags, Transaction, params};
use search::Document;

const FILE: &str = "products.sqlite";

/// Weights as souk has them. `words` keeps positions although nothing asks for phrases: without them bm25 is 0 throughout.
const TABLES: &str = "
    CREATE TABLE product (
        id INTEGER PRIMARY KEY, category TEXT NOT NULL, brand TEXT, price INTEGER NOT NULL, in_stock INTEGER NOT NULL,
        stars INTEGER NOT NULL, reviews INTEGER NOT NULL);
    CREATE TABLE shown (id INTEGER PRIMARY KEY, shown TEXT NOT NULL);
    CREATE TABLE tag (product INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (product, tag)) WITHOUT ROWID;
    CREATE TABLE attribute (
        product INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (product, name)) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words USING fts5(
        name, brand, tags, category, attributes, description,
        content='', tokenize='porter unicode61 remove_diacritics 2');
    INSERT INTO words(words, rank) VALUES ('rank', 'bm25(3.0, 2.0, 2.0, 1.5, 1.0, 0.5)');
    CREATE VIRTUAL TABLE title USING fts5(name, content='', detail=none, prefix='1 2 3', tokenize='unicode61 remove_diacritics 2');
";
const INDEXES: &str = "
    CREATE INDEX by_category ON product(category);
    CREATE INDEX by_price ON product(price);
    CREATE INDEX by_stars ON product(stars, reviews);
    CREATE INDEX by_tag ON tag(tag);
    INSERT INTO words(words) VALUES ('optimize');
    INSERT INTO title(title) VALUES ('optimize');
    ANALYZE;
";
/// Three letters in a row are a token: what is misspelt has most of them in common with what was meant.
const TRIGRAMS: &str = "
    CREATE VIRTUAL TABLE near USING fts5(label, content='', tokenize='trigram remove_diacritics 1');
    INSERT INTO near(rowid, label)
        SELECT id, concat_ws(' ', json_extract(shown, '$.name'), brand, category,
            (SELECT group_concat(tag, ' ') FROM tag WHERE product = id)) FROM product JOIN shown USING (id);
    INSERT INTO near(near) VALUES ('optimize');
";
/// Lives and dies with the connection.
const HITS: &str = "
    PRAGMA temp_store = memory;
    PRAGMA mmap_size = 4294967296;
    PRAGMA cache_size = -65536;
    CREATE TEMP TABLE hit (
        id INTEGER PRIMARY KEY, rank REAL, category TEXT, brand TEXT, price INTEGER, stars INTEGER, reviews INTEGER);
";

/// With or without the second index that forgives slips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forgiving {
    No,
    Trigrams,
}

pub(crate) fn write(folder: &Path, listings: &[Listing], forgiving: Forgiving) -> Result<()> {
    let mut connection = Connection::open(folder.join(FILE))?;
    connection.execute_batch("PRAGMA journal_mode = off; PRAGMA synchronous = off;")?;
    connection.execute_batch(TABLES)?;
    let transaction = connection.transaction()?;
    for (place, listing) in listings.iter().enumerate() {
        let sku = &listing.product.sku;
        insert(&transaction, place as i64 + 1, &Document::of(listing)?)
            .with_context(|| format!("SQLite refuses {sku}"))?;
    }
    transaction.commit()?;
    connection.execute_batch(INDEXES)?;
    if forgiving == Forgiving::Trigrams {
        connection.execute_batch(TRIGRAMS)?;
    }
    connection.execute_batch("VACUUM;")?;
    Ok(())
}

/// Nobody writes any more: no locks are taken, and no journal is looked for.
pub(crate) fn open(folder: &Path) -> Result<Connection> {
    let path = folder.join(FILE);
    let address =
        format!("file:{}?immutable=1", path.to_str().context("the index lies in a folder that is not UTF-8")?);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags)?;
    connection.set_prepared_statement_cache_capacity(100);
    connection.execute_batch(HITS)?;
    Ok(connection)
}

fn insert(into: &Transaction<'_>, id: i64, document: &Document) -> Result<()> {
    let Document {
        name, description, brand, category, tags, attributes, price, rating, in_stock, product_json, ..
    } = document;
    into.prepare_cached("INSERT INTO product VALUES (?, ?, ?, ?, ?, ?, ?)")?.execute(params![
        id,
        category,
        brand,
        *price as i64,
        in_stock,
        rating.hundredths,
        rating.count
    ])?;
    into.prepare_cached("INSERT INTO shown VALUES (?, ?)")?.execute(params![id, product_json])?;
    for tag in tags {
        into.prepare_cached("INSERT INTO tag VALUES (?, ?)")?.execute(params![id, tag])?;
    }
    for (name, value) in attributes {
        into.prepare_cached("INSERT OR IGNORE INTO attribute VALUES (?, ?, ?)")?.execute(params![id, name, value])?;
    }
    let attribute_words: Vec<String> = attributes.iter().map(|(name, value)| format!("{name} {value}")).collect();
    into.prepare_cached(
        "INSERT INTO words(rowid, name, brand, tags, category, attributes, description) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![id, name, brand, tags.join(" "), category, attribute_words.join(" "), description])?;
    into.prepare_cached("INSERT INTO title(rowid, name) VALUES (?, ?)")?.execute(params![id, name])?;
    Ok(())
}
