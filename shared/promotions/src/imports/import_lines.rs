//! One slice of an import of codes. A code that is added twice changes nothing the second time. Rejected lines go to a report.

use std::time::Instant;

use aws_kit::{ImportFile, MultipartUpload};
use tabular::{Format, Reader};
use tracing::error;
use values::{Kind, PromotionId, Result};

use crate::codes::code::{AddedCodes, NewCode};
use crate::codes::store::MAX_NEW_CODES;
use crate::imports::begin::MAX_CODE_FILE_BYTES;
use crate::imports::code_import::{CodeCounts, CodeImport, ImportProgress};
use crate::imports::columns::{Column, parse_header};
use crate::imports::line::{Line, LineRejection};
use crate::imports::service::CodeImportService;

/// The media type of a report.
pub(crate) const REPORT_TYPE: &str = "application/x-ndjson";

impl CodeImportService {
    /// Continues an import until its time is over or the file is read. One transaction at a time: all of them write into the partition of
    /// the promotion, which takes 1,000 write units a second. An outage ends the slice; lines that were done before it count.
    pub(crate) async fn import_lines(&self, job: &CodeImport, until: Instant) -> Result<(ImportProgress, CodeCounts)> {
        let (mut progress, mut counts) = (job.progress.clone(), job.counts);
        let file = match progress.source.take() {
            Some(checkpoint) => ImportFile::resume(&self.bucket, job.upload_key(), checkpoint),
            None => ImportFile::open(&self.bucket, job.upload_key(), MAX_CODE_FILE_BYTES).await?,
        };
        let mut reader = Reader::at(job.format, progress.place);
        if job.format == Format::Csv && progress.columns.is_none() {
            let header = file.header(&mut reader, None).await?;
            progress.columns = Some((header.delimiter, parse_header(&header.cells)?));
            progress.place = header.next;
        }
        let (delimiter, columns) = progress.columns.clone().unwrap_or_default();
        reader.end_cells_at(delimiter);
        let report = std::mem::take(&mut progress.report);
        let mut report = MultipartUpload::resume(&self.bucket, job.report_key(), REPORT_TYPE, report);
        while Instant::now() < until {
            let lines = next_lines(&file, &mut reader, &columns, until).await?;
            let Some(next) = lines.last().map(|line| line.next) else {
                progress.place = reader.position();
                progress.has_ended = reader.is_done();
                break;
            };
            match self.add_lines(job.promotion, &lines, &mut report, &mut counts).await {
                Ok(()) => progress.place = next,
                Err(outage) if matches!(outage.kind, Kind::Unavailable(_)) && counts.lines > job.counts.lines => {
                    error!(error.cause = outage.causes(), error.detail = outage.detail, "import of codes paused");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        progress.report = match progress.has_ended && counts.rejected > 0 {
            true => report.finish().await?,
            false => report.pause(job.state.version).await?,
        };
        progress.source = Some(file.into_checkpoint());
        Ok((progress, counts))
    }

    /// Adds the codes of some lines, and then counts the lines.
    async fn add_lines(
        &self,
        promotion: PromotionId,
        lines: &[Line],
        report: &mut MultipartUpload<'_>,
        counts: &mut CodeCounts,
    ) -> Result<()> {
        let codes: Vec<NewCode> = lines.iter().filter_map(|line| line.content.as_ref().ok().cloned()).collect();
        let added = match codes.is_empty() {
            true => AddedCodes::default(),
            false => self.promotions.add_codes(promotion, &codes).await?,
        };
        let rejections = rejections(lines, &added);
        let mut text = Vec::new();
        rejections.iter().try_for_each(|rejection| rejection.write(&mut text))?;
        report.add(&text).await?;
        *counts = counts.with(lines.len() as u64, added.added.into(), rejections.len() as u64);
        Ok(())
    }
}

impl CodeCounts {
    /// The counts with some more lines, of which so many were new codes and so many were rejected.
    fn with(self, lines: u64, added: u64, rejected: u64) -> Self {
        Self {
            lines: self.lines + lines,
            added: self.added + added,
            unchanged: self.unchanged + lines.saturating_sub(added + rejected),
            rejected: self.rejected + rejected,
        }
    }
}

/// The next lines, at most as many as one transaction adds. Empty at the end of the file, or if the time is over before there is a line.
async fn next_lines(
    file: &ImportFile<'_>,
    reader: &mut Reader,
    columns: &[Column],
    until: Instant,
) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    while lines.len() < MAX_NEW_CODES {
        match reader.next() {
            Some(record) => lines.push(Line::read(record, columns)),
            None if !lines.is_empty() || reader.is_done() || Instant::now() >= until => break,
            None => file.feed(reader).await?,
        }
    }
    Ok(lines)
}

/// The lines that are rejected: invalid ones, and those whose codes belong to other promotions.
fn rejections(lines: &[Line], added: &AddedCodes) -> Vec<LineRejection> {
    let rejection = |line: &Line| match &line.content {
        Err(rejection) => Some(rejection.clone()),
        Ok(new) if added.refused.contains(&new.code) => Some(LineRejection::exists(line.number, &new.code)),
        Ok(_) => None,
    };
    lines.iter().filter_map(rejection).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tabular::FilePosition;

    fn lines(file: &str) -> Vec<Line> {
        let mut reader = Reader::at(Format::Csv, FilePosition::default());
        reader.feed(file.as_bytes());
        reader.feed(&[]);
        std::iter::from_fn(|| reader.next()).map(|record| Line::read(record, &[Column::Code])).collect()
    }

    #[test]
    fn every_line_is_added_unchanged_or_rejected() {
        let lines = lines("AAA\nBBB\nno\nCCC\nBBB\nAAA\nDDD\n");
        // BBB belongs to another promotion, and this one has DDD already.
        let added = AddedCodes { added: 2, unchanged: 3, refused: vec!["BBB".parse().unwrap()] };
        let rejected = rejections(&lines, &added);
        let report: Vec<_> = rejected.iter().map(|rejection| serde_json::to_value(rejection).unwrap()).collect();
        let found: Vec<_> = report.iter().map(|line| (line["line"].as_u64(), line["code"].as_str())).collect();
        let expected = [(2, "code_exists"), (3, "code_invalid"), (5, "code_exists")];
        assert_eq!(found, expected.map(|(line, code)| (Some(line), Some(code))));
        let counts = CodeCounts { lines: 10, added: 9, unchanged: 1, rejected: 0 }.with(7, 2, 3);
        assert_eq!(counts, CodeCounts { lines: 17, added: 11, unchanged: 3, rejected: 3 });
    }
}
