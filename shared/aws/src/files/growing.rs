//! A file that is written slice by slice: in parts as soon as there is enough for one, and what is left over waits in a file of
//! its own until the next slice. However large it becomes, one part of it is in memory.

use serde::{Deserialize, Serialize};
use values::{Error, Result};

use super::{Bucket, MIN_PART_BYTES, Part};

/// S3's bound.
const MOST_PARTS: usize = 10_000;

/// How far a file has grown: what a checkpoint keeps of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MultipartState {
    /// The multipart upload, as soon as there is a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<String>,
    /// What S3 calls the parts, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
    /// Where the rest waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
    /// In all.
    bytes: u64,
}

/// A file that grows.
#[derive(Debug)]
pub struct MultipartUpload<'a> {
    files: &'a Bucket,
    key: String,
    media_type: &'static str,
    grown: MultipartState,
    /// Of the last part; read from where it waited only when something is added.
    rest: Option<Vec<u8>>,
}

impl<'a> MultipartUpload<'a> {
    /// Goes on where the last slice ended.
    pub fn resumed(files: &'a Bucket, key: String, media_type: &'static str, grown: MultipartState) -> Self {
        Self { files, key, media_type, grown, rest: None }
    }

    /// Was nothing added yet?
    pub fn is_empty(&self) -> bool {
        self.grown.bytes == 0
    }

    /// Adds to it. No round trip, until there is enough for a part; 1 more for the first addition of a slice. What fails has
    /// added nothing, and what was there stays.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut rest = self.take_rest().await?;
        let before = rest.len();
        rest.extend_from_slice(bytes);
        if rest.len() >= MIN_PART_BYTES {
            if let Err(error) = self.put_part(rest.clone()).await {
                rest.truncate(before);
                self.rest = Some(rest);
                return Err(error);
            }
            rest.clear();
        }
        self.rest = Some(rest);
        self.grown.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Leaves it for another slice. `mark` is nobody else's: what an earlier slice left stays until this one is written down.
    pub async fn paused(mut self, mark: u64) -> Result<MultipartState> {
        if let Some(rest) = self.rest.take() {
            self.grown.rest = match rest.is_empty() {
                true => None,
                false => {
                    let at = format!("{}.rest-{mark}", self.key);
                    self.files.put(&at, rest, self.media_type, None).await?;
                    Some(at)
                }
            };
        }
        Ok(self.grown)
    }

    /// Nothing more will be added: a small file is there afterwards, of a large one all parts are.
    pub async fn ended(mut self) -> Result<MultipartState> {
        let rest = self.take_rest().await?;
        match self.grown.upload {
            None => self.files.put(&self.key, rest, self.media_type, None).await?,
            Some(_) if rest.is_empty() => {}
            Some(_) => self.put_part(rest).await?,
        }
        Ok(MultipartState { rest: None, ..self.grown })
    }

    /// Makes a file that has [`ended`](Self::ended) of its parts; what was made already is made.
    pub async fn joined(self) -> Result<()> {
        let Some(upload) = &self.grown.upload else { return Ok(()) };
        let numbered = self.grown.parts.iter().zip(1..).map(|(etag, number)| Part { number, etag: etag.clone() });
        self.files.end_parts(&self.key, upload, &numbered.collect::<Vec<_>>()).await
    }

    async fn take_rest(&mut self) -> Result<Vec<u8>> {
        if let Some(rest) = self.rest.take() {
            return Ok(rest);
        }
        let Some(at) = &self.grown.rest else { return Ok(Vec::new()) };
        self.files.get(at).await?.ok_or_else(|| Error::internal(format!("{at} is gone, the rest of a file")))
    }

    async fn put_part(&mut self, bytes: Vec<u8>) -> Result<()> {
        if self.grown.parts.len() >= MOST_PARTS {
            return Err(Error::conflict("file_too_large", "The file has become larger than one file may be."));
        }
        let upload = match &self.grown.upload {
            Some(upload) => upload.clone(),
            None => self.files.begin_parts(&self.key, self.media_type).await?,
        };
        let number = i32::try_from(self.grown.parts.len() + 1).map_err(Error::internal)?;
        let part = self.files.put_part(&self.key, &upload, number, bytes).await?;
        self.grown.parts.push(part.etag);
        self.grown.upload = Some(upload);
        Ok(())
    }
}
