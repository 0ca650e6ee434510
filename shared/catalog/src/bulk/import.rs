//! One slice of an import. Each line is an upsert by SKU, so a line that is read twice changes nothing the second time.
//! Rejected lines go to a report.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use aws_kit::{Bucket, Etag, MultipartUpload};
use futures::{StreamExt, stream};
use tracing::error;
use values::{Error, Kind, Result, Sku, Trace};

use crate::bulk::columns::{carriage_returns, name_columns, parse_header};
use crate::bulk::job::{Counts, Job};
use crate::bulk::line::{Line, LineRejection};
use crate::bulk::progress::ImportProgress;
use crate::bulk::rows::RowFormat;
use crate::bulk::upsert::{SkuState, UpsertOutcome};
use crate::{CatalogService, Draft, Format};
use tabular::{Delimiter, DelimiterHint, FilePosition, Reader, RecordContent, RecordError};

/// The largest file: 200 MB.
pub const MAX_IMPORT_BYTES: u64 = 200 * 1024 * 1024;
/// Bytes per read.
const BLOCK_BYTES: usize = 1024 * 1024;
/// Lines per lookup: the limit of a DynamoDB batch read.
const BLOCK_LINES: usize = 100;
/// Lines that are written in parallel.
const AT_ONCE: usize = 16;

/// One slice of an import.
pub(crate) struct ImportSlice<'a> {
    pub(crate) products: &'a CatalogService,
    pub(crate) bucket: &'a Bucket,
    pub(crate) job: &'a Job,
    pub(crate) trace: &'a Trace,
    /// No line starts after this time.
    pub(crate) until: Instant,
}

impl ImportSlice<'_> {
    /// Continues an import until its time is over or the file is read. An outage ends the slice; lines that were done
    /// before it count.
    pub(crate) async fn import(&self, mut state: ImportProgress) -> Result<(ImportProgress, Counts)> {
        let (size, etag) = match state.source.take() {
            Some(source) => source,
            None => self.source_file().await?,
        };
        let source = Source { bucket: self.bucket, key: self.job.upload_key(), size, etag };
        let mut reader = Reader::at(self.job.format, state.place);
        let rows = match (&state.columns, self.job.format) {
            (Some(columns), _) => {
                RowFormat { columns: columns.clone(), delimiter: state.delimiter.unwrap_or_default() }
            }
            (None, Format::Ndjson) => RowFormat::default(),
            (None, Format::Csv) => source.header(&mut reader, &mut state).await?,
        };
        reader.end_cells_at(rows.delimiter);
        let report = MultipartUpload::resume(self.bucket, self.job.report_key(), "application/x-ndjson", state.report);
        let mut progress = Progress { place: state.place, counts: self.job.counts, report };
        let mut pending = None;
        let lines_before = self.job.counts.lines;
        while Instant::now() < self.until {
            let block = source.block(&mut reader, &mut pending, &rows, self.until).await?;
            if block.is_empty() {
                progress.place = reader.position();
                state.ended = reader.is_done();
                break;
            }
            match self.import_block(block, &mut progress).await {
                Err(outage) if progress.counts.lines == lines_before => return Err(outage),
                Err(outage) => {
                    error!(error.cause = outage.causes(), error.detail = outage.detail, "import paused");
                    break;
                }
                Ok(()) => {}
            }
        }
        let Progress { place, counts, report } = progress;
        let report = match state.ended && counts.rejected > 0 {
            true => report.finish().await?,
            false => report.pause(self.job.state.version).await?,
        };
        Ok((ImportProgress { source: Some((size, source.etag)), place, report, ..state }, counts))
    }

    /// Size and ETag of the file when its import starts.
    async fn source_file(&self) -> Result<(u64, Etag)> {
        let metadata = self.bucket.head(&self.job.upload_key()).await?;
        let (size, etag) = metadata.ok_or_else(|| {
            Error::conflict("file_missing", "The file of the import does not exist. Upload it again with a new import.")
        })?;
        match size <= MAX_IMPORT_BYTES {
            true => Ok((size, etag)),
            false => Err(Error::conflict("file_too_large", "The file is larger than 200 MB. Split it.")),
        }
    }

    /// Imports the lines of a block in parallel and counts them in their order. No line starts after the time is over.
    async fn import_block(&self, block: Vec<Line>, progress: &mut Progress<'_>) -> Result<()> {
        let skus: Vec<Sku> = block.iter().filter_map(|line| Some(line.content.as_ref().ok()?.sku.clone())).collect();
        let sku_states = self.products.sku_states(&skus).await?;
        let lines = block.into_iter().take_while(|_| Instant::now() < self.until);
        let mut results = stream::iter(lines).map(|line| self.import_line(line, &sku_states)).buffered(AT_ONCE);
        while let Some((line, outcome)) = results.next().await {
            progress.count(line, outcome?).await?;
        }
        Ok(())
    }

    async fn import_line(&self, line: Line, sku_states: &HashMap<Sku, SkuState>) -> (Line, Result<LineOutcome>) {
        let outcome = match &line.content {
            Err(rejection) => Ok(LineOutcome::Rejected(rejection.clone())),
            Ok(draft) => {
                let state = sku_states.get(&draft.sku).cloned().unwrap_or(SkuState::Free);
                let draft =
                    Draft { import_line: Some(format!("{}:{}", self.job.id, line.number)), ..(**draft).clone() };
                match self.products.upsert(&draft, state, self.trace).await {
                    Ok(outcome) => Ok(LineOutcome::Imported(outcome)),
                    Err(error) if matches!(error.kind, Kind::Unavailable(_)) => Err(error),
                    Err(error) => {
                        if error.kind == Kind::Internal {
                            error!(error.cause = error.causes(), line.number = line.number, "line not imported");
                        }
                        let error = if self.job.format == Format::Csv { name_columns(error) } else { error };
                        let rejection = LineRejection::new(line.number, Some(draft.sku.to_string()), error);
                        Ok(LineOutcome::Rejected(Box::new(rejection)))
                    }
                }
            }
        };
        (line, outcome)
    }
}

enum LineOutcome {
    Imported(UpsertOutcome),
    Rejected(Box<LineRejection>),
}

/// What a slice has done so far.
struct Progress<'a> {
    place: FilePosition,
    counts: Counts,
    report: MultipartUpload<'a>,
}

impl Progress<'_> {
    async fn count(&mut self, line: Line, outcome: LineOutcome) -> Result<()> {
        match outcome {
            LineOutcome::Imported(UpsertOutcome::Created) => self.counts.created += 1,
            LineOutcome::Imported(UpsertOutcome::Updated) => self.counts.updated += 1,
            LineOutcome::Imported(UpsertOutcome::Unchanged) => self.counts.unchanged += 1,
            LineOutcome::Rejected(rejection) => {
                self.report.add(&rejection.to_report_line()?).await?;
                self.counts.rejected += 1;
            }
        }
        self.counts.lines += 1;
        self.place = line.next;
        Ok(())
    }
}

/// The file of an import.
struct Source<'a> {
    bucket: &'a Bucket,
    key: String,
    size: u64,
    etag: Etag,
}

impl Source<'_> {
    /// Lines that can be imported in parallel: no two of them have a SKU in common, in any letter case. Empty at the end of the file, or if
    /// the time is over before there is a line: a file can have many megabytes without a line. Lines in memory are
    /// returned before more of the file is read.
    async fn block(
        &self,
        reader: &mut Reader,
        pending: &mut Option<Line>,
        rows: &RowFormat,
        until: Instant,
    ) -> Result<Vec<Line>> {
        let (mut block, mut skus, mut bytes) = (Vec::new(), HashSet::new(), 0);
        loop {
            let line = match pending.take() {
                Some(line) => line,
                None => match reader.next() {
                    Some(record) => {
                        bytes += record.bytes;
                        Line::read(record, rows)
                    }
                    None if !block.is_empty() || reader.is_done() || Instant::now() >= until => return Ok(block),
                    None => {
                        self.feed(reader).await?;
                        continue;
                    }
                },
            };
            let line_skus: Vec<String> = line.skus().into_iter().map(Sku::in_lower_case).collect();
            if line_skus.iter().any(|sku| skus.contains(sku)) {
                *pending = Some(line);
                return Ok(block);
            }
            skus.extend(line_skus);
            block.push(line);
            if block.len() == BLOCK_LINES || bytes >= BLOCK_BYTES {
                return Ok(block);
            }
        }
    }

    async fn feed(&self, reader: &mut Reader) -> Result<()> {
        let from = reader.next_block_offset();
        if from >= self.size {
            reader.feed(&[]);
            return Ok(());
        }
        let block = self.bucket.get_range_of(&self.key, &self.etag, from, BLOCK_BYTES as u64).await?;
        let changed = || Error::conflict("file_changed", "The file was changed during the import. Start a new import.");
        reader.feed(&block.ok_or_else(changed)?);
        Ok(())
    }

    /// Reads the header line of a CSV file, and the line in front of it that may name the delimiter.
    async fn header(&self, reader: &mut Reader, state: &mut ImportProgress) -> Result<RowFormat> {
        let missing =
            || Error::conflict("csv_column", "The file has no header line. Its first line must name the columns.");
        let hint = loop {
            match reader.delimiter_hint() {
                Some(hint) => break hint,
                None if reader.is_done() => return Err(missing()),
                None => self.feed(reader).await?,
            }
        };
        let delimiter = choose_delimiter(hint, state.delimiter)?;
        reader.end_cells_at(delimiter);
        let first = loop {
            match reader.next() {
                Some(first) => break first,
                None if reader.is_done() => return Err(missing()),
                None => self.feed(reader).await?,
            }
        };
        let cells = match first.content {
            Ok(RecordContent::Cells(cells)) => cells,
            Ok(RecordContent::Json(_)) => return Err(missing()),
            Err(invalid) => return Err(Error::conflict(invalid.error.code(), invalid.error.message())),
        };
        let columns = parse_header(&cells)?;
        state.place = first.next;
        (state.columns, state.delimiter) = (Some(columns.clone()), Some(delimiter));
        Ok(RowFormat { columns, delimiter })
    }
}

/// The delimiter of a file. What the file names and what the request names must agree; the header line is only looked at without them.
fn choose_delimiter(hint: DelimiterHint, requested: Option<Delimiter>) -> Result<Delimiter> {
    match (hint, requested) {
        (DelimiterHint::Named(named), Some(requested)) if named != requested => {
            let (named, requested) = (named.name(), requested.name());
            let detail = format!(
                "The file names the {named} as its delimiter, but the import was started with the {requested}."
            );
            Err(Error::conflict("csv_delimiter", detail))
        }
        (DelimiterHint::Utf16, _) => Err(Error::conflict(RecordError::NotUtf8.code(), RecordError::NotUtf8.message())),
        (DelimiterHint::CarriageReturns, _) => Err(carriage_returns()),
        (DelimiterHint::Unsupported, _) => Err(Error::conflict(
            "csv_delimiter",
            "The line `sep=` of the file names an unknown delimiter. Use a comma, a semicolon or a tab.",
        )),
        (DelimiterHint::Named(named), _) => Ok(named),
        (DelimiterHint::Seen(seen), requested) => Ok(requested.unwrap_or(seen)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The drafts of a file, without a table or a bucket.
    pub(crate) fn read(format: Format, file: &[u8]) -> Vec<std::result::Result<Draft, LineRejection>> {
        let (mut reader, mut rows, mut lines) =
            (Reader::at(format, FilePosition::default()), RowFormat::default(), Vec::new());
        reader.feed(file);
        reader.feed(&[]);
        if format == Format::Csv {
            let delimiter = choose_delimiter(reader.delimiter_hint().unwrap(), None).unwrap();
            reader.end_cells_at(delimiter);
            let RecordContent::Cells(cells) = reader.next().unwrap().content.unwrap() else { panic!("it is CSV") };
            rows = RowFormat { columns: parse_header(&cells).unwrap(), delimiter };
        }
        while let Some(record) = reader.next() {
            lines.push(Line::read(record, &rows));
        }
        lines.into_iter().map(|line| line.content.map(|draft| *draft).map_err(|rejection| *rejection)).collect()
    }

    #[test]
    fn file_and_request_agree_about_the_delimiter() {
        let [comma, semicolon, tab] = Delimiter::ALL;
        let chosen = |hint, requested| choose_delimiter(hint, requested).map_err(|error| error.code);
        assert_eq!(chosen(DelimiterHint::Seen(semicolon), None), Ok(semicolon));
        assert_eq!(chosen(DelimiterHint::Seen(comma), Some(tab)), Ok(tab));
        assert_eq!(chosen(DelimiterHint::Named(semicolon), None), Ok(semicolon));
        assert_eq!(chosen(DelimiterHint::Named(tab), Some(tab)), Ok(tab));
        assert_eq!(chosen(DelimiterHint::Named(tab), Some(comma)), Err("csv_delimiter"));
        assert_eq!(chosen(DelimiterHint::Unsupported, Some(comma)), Err("csv_delimiter"));
        assert_eq!(chosen(DelimiterHint::Utf16, Some(comma)), Err("not_utf8"));
        assert_eq!(chosen(DelimiterHint::CarriageReturns, None), Err("csv_column"));
    }
}
