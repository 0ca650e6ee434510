//! One slice of an import. Each line is an upsert by SKU, so a line that is read twice changes nothing the second time.
//! Rejected lines go to a report.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use aws_kit::{Bucket, Etag, MultipartUpload};
use futures::{StreamExt, stream};
use tracing::error;
use values::{Error, Kind, Result, Sku, Trace};

use crate::bulk::columns::{self, Column};
use crate::bulk::job::{Counts, Job};
use crate::bulk::line::{Line, LineRejection};
use crate::bulk::progress::ImportProgress;
use crate::bulk::upsert::{SkuState, UpsertOutcome};
use crate::{CatalogService, Draft};
use tabular::{FilePosition, Reader, RecordContent};

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
        let columns = match (&state.columns, self.job.format) {
            (Some(columns), _) => columns.clone(),
            (None, crate::Format::Ndjson) => Vec::new(),
            (None, crate::Format::Csv) => source.header(&mut reader, &mut state).await?,
        };
        let report = MultipartUpload::resume(self.bucket, self.job.report_key(), "application/x-ndjson", state.report);
        let mut progress = Progress { place: state.place, counts: self.job.counts, report };
        let mut pending = None;
        let lines_before = self.job.counts.lines;
        while Instant::now() < self.until {
            let block = source.block(&mut reader, &mut pending, &columns, self.until).await?;
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
                        Ok(LineOutcome::Rejected(Box::new(LineRejection::new(
                            line.number,
                            Some(draft.sku.to_string()),
                            error,
                        ))))
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
    /// Lines that can be imported in parallel: no two of them have a SKU in common. Empty at the end of the file, or if
    /// the time is over before there is a line: a file can have many megabytes without a line. Lines in memory are
    /// returned before more of the file is read.
    async fn block(
        &self,
        reader: &mut Reader,
        pending: &mut Option<Line>,
        columns: &[Column],
        until: Instant,
    ) -> Result<Vec<Line>> {
        let (mut block, mut skus, mut bytes) = (Vec::new(), HashSet::new(), 0);
        loop {
            let line = match pending.take() {
                Some(line) => line,
                None => match reader.next() {
                    Some(record) => {
                        bytes += record.bytes;
                        Line::read(record, columns)
                    }
                    None if !block.is_empty() || reader.is_done() || Instant::now() >= until => return Ok(block),
                    None => {
                        self.feed(reader).await?;
                        continue;
                    }
                },
            };
            let line_skus: Vec<Sku> = line.skus().into_iter().cloned().collect();
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

    /// The header line of a CSV file.
    async fn header(&self, reader: &mut Reader, state: &mut ImportProgress) -> Result<Vec<Column>> {
        let missing =
            || Error::conflict("csv_column", "The file has no header line. Its first line must name the columns.");
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
            Err(error) => return Err(Error::conflict(error.code(), error.message())),
        };
        let columns = columns::parse_header(&cells)?;
        state.place = first.next;
        state.columns = Some(columns.clone());
        Ok(columns)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Draft, Format};

    /// The drafts of a file, without a table or a bucket.
    pub(crate) fn read(format: Format, file: &[u8]) -> Vec<std::result::Result<Draft, LineRejection>> {
        let (mut reader, mut columns, mut lines) = (Reader::at(format, FilePosition::default()), None, Vec::new());
        for block in [file, &[]] {
            reader.feed(block);
            while let Some(record) = reader.next() {
                match (&record.content, &columns) {
                    (Ok(RecordContent::Cells(cells)), None) => columns = Some(columns::parse_header(cells).unwrap()),
                    _ => lines.push(Line::read(record, columns.as_deref().unwrap_or_default())),
                }
            }
        }
        lines.into_iter().map(|line| line.content.map(|draft| *draft).map_err(|rejection| *rejection)).collect()
    }
}
