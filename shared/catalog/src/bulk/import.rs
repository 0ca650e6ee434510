//! One slice of an import. Each line is an upsert by SKU, so a line that is read twice changes nothing the second time.
//! Rejected lines go to a report.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use aws_kit::{Bucket, CsvHeader, ImportFile, MultipartUpload};
use futures::{StreamExt, stream};
use tracing::error;
use values::{Kind, Result, Sku, Trace};

use crate::bulk::columns::{name_columns, parse_header};
use crate::bulk::job::{Counts, Job};
use crate::bulk::line::{Line, LineRejection};
use crate::bulk::progress::ImportProgress;
use crate::bulk::rows::RowFormat;
use crate::bulk::upsert::{SkuState, UpsertOutcome};
use crate::{CatalogService, Draft, Format};
use tabular::{FilePosition, Reader};

/// The largest file: 200 MB.
pub const MAX_IMPORT_BYTES: u64 = 200 * 1024 * 1024;
/// Bytes of the lines of a block.
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
        let source = match state.source.take() {
            Some(checkpoint) => ImportFile::resume(self.bucket, self.job.upload_key(), checkpoint),
            None => ImportFile::open(self.bucket, self.job.upload_key(), MAX_IMPORT_BYTES).await?,
        };
        let mut reader = Reader::at(self.job.format, state.place);
        let rows = match (&state.columns, self.job.format) {
            (Some(columns), _) => {
                RowFormat { columns: columns.clone(), delimiter: state.delimiter.unwrap_or_default() }
            }
            (None, Format::Ndjson) => RowFormat::default(),
            (None, Format::Csv) => read_header(&source, &mut reader, &mut state).await?,
        };
        reader.end_cells_at(rows.delimiter);
        let report = MultipartUpload::resume(self.bucket, self.job.report_key(), "application/x-ndjson", state.report);
        let mut progress = Progress { place: state.place, counts: self.job.counts, report };
        let mut pending = None;
        let lines_before = self.job.counts.lines;
        while Instant::now() < self.until {
            let block = next_block(&source, &mut reader, &mut pending, &rows, self.until).await?;
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
        Ok((ImportProgress { source: Some(source.into_checkpoint()), place, report, ..state }, counts))
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

/// Lines that can be imported in parallel: no two of them have a SKU in common, in any letter case. Empty at the end of the file, or if
/// the time is over before there is a line: a file can have many megabytes without a line. Lines in memory are
/// returned before more of the file is read.
async fn next_block(
    source: &ImportFile<'_>,
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
                    source.feed(reader).await?;
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

/// Reads the header line of a CSV file.
async fn read_header(source: &ImportFile<'_>, reader: &mut Reader, state: &mut ImportProgress) -> Result<RowFormat> {
    let CsvHeader { cells, delimiter, next } = source.header(reader, state.delimiter).await?;
    let columns = parse_header(&cells)?;
    state.place = next;
    (state.columns, state.delimiter) = (Some(columns.clone()), Some(delimiter));
    Ok(RowFormat { columns, delimiter })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tabular::{DelimiterHint, RecordContent};

    /// The drafts of a file, without a table or a bucket.
    pub(crate) fn read(format: Format, file: &[u8]) -> Vec<std::result::Result<Draft, LineRejection>> {
        let (mut reader, mut rows, mut lines) =
            (Reader::at(format, FilePosition::default()), RowFormat::default(), Vec::new());
        reader.feed(file);
        reader.feed(&[]);
        if format == Format::Csv {
            let (DelimiterHint::Named(delimiter) | DelimiterHint::Seen(delimiter)) = reader.delimiter_hint().unwrap()
            else {
                panic!("the file has a delimiter")
            };
            reader.end_cells_at(delimiter);
            let RecordContent::Cells(cells) = reader.next().unwrap().content.unwrap() else { panic!("it is CSV") };
            rows = RowFormat { columns: parse_header(&cells).unwrap(), delimiter };
        }
        while let Some(record) = reader.next() {
            lines.push(Line::read(record, &rows));
        }
        lines.into_iter().map(|line| line.content.map(|draft| *draft).map_err(|rejection| *rejection)).collect()
    }
}
