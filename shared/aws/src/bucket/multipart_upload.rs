//! An object that is written in several steps, as a multipart upload. What is too small for a part waits in an object of its own until
//! the next step. Memory holds one part at most, however large the object becomes.

use serde::{Deserialize, Serialize};
use values::{Error, Result};

use super::{Bucket, MIN_PART_BYTES, Part};

/// The limit of S3.
const MAX_PARTS: usize = 10_000;

/// The state of an upload, for the checkpoint of a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MultipartState {
    /// The upload's id, as soon as there is a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<String>,
    /// The entity tags of the parts, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
    /// The key of the object with the bytes that are not uploaded as a part yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
    /// All bytes that were added.
    bytes: u64,
}

/// An object that is written in several steps.
#[derive(Debug)]
pub struct MultipartUpload<'a> {
    bucket: &'a Bucket,
    key: String,
    media_type: &'static str,
    state: MultipartState,
    /// The bytes that are not uploaded as a part yet. They are read from their object only when something is added.
    rest: Option<Vec<u8>>,
}

impl<'a> MultipartUpload<'a> {
    /// Continues where the last step ended.
    pub fn resume(bucket: &'a Bucket, key: String, media_type: &'static str, state: MultipartState) -> Self {
        Self { bucket, key, media_type, state, rest: None }
    }

    /// Is there nothing in it yet?
    pub fn is_empty(&self) -> bool {
        self.state.bytes == 0
    }

    /// Adds bytes. No round trip until there is enough for a part; 1 more for the first call of a step. A call that fails adds nothing.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut rest = self.take_rest().await?;
        let before = rest.len();
        rest.extend_from_slice(bytes);
        if rest.len() >= MIN_PART_BYTES {
            if let Err(error) = self.upload_part(rest.clone()).await {
                rest.truncate(before);
                self.rest = Some(rest);
                return Err(error);
            }
            rest.clear();
        }
        self.rest = Some(rest);
        self.state.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Ends a step that is not the last one. `mark` is unique for the step: what the previous step left must stay until the checkpoint
    /// of this one is stored.
    pub async fn pause(mut self, mark: u64) -> Result<MultipartState> {
        if let Some(rest) = self.rest.take() {
            self.state.rest = match rest.is_empty() {
                true => None,
                false => {
                    let at = format!("{}.rest-{mark}", self.key);
                    self.bucket.put(&at, rest, self.media_type, None).await?;
                    Some(at)
                }
            };
        }
        Ok(self.state)
    }

    /// Ends the last step. A small object exists afterwards; of a large one all parts do.
    pub async fn finish(mut self) -> Result<MultipartState> {
        let rest = self.take_rest().await?;
        match self.state.upload {
            None => self.bucket.put(&self.key, rest, self.media_type, None).await?,
            Some(_) if rest.is_empty() => {}
            Some(_) => self.upload_part(rest).await?,
        }
        Ok(MultipartState { rest: None, ..self.state })
    }

    /// Completes an object that is [`finished`](Self::finish) from its parts. An object that was completed before is no error.
    pub async fn complete(self) -> Result<()> {
        let Some(upload) = &self.state.upload else { return Ok(()) };
        let numbered = self.state.parts.iter().zip(1..).map(|(etag, number)| Part { number, etag: etag.clone() });
        self.bucket.complete_multipart_upload(&self.key, upload, &numbered.collect::<Vec<_>>()).await
    }

    async fn take_rest(&mut self) -> Result<Vec<u8>> {
        if let Some(rest) = self.rest.take() {
            return Ok(rest);
        }
        let Some(at) = &self.state.rest else { return Ok(Vec::new()) };
        self.bucket
            .get(at)
            .await?
            .ok_or_else(|| Error::internal(format!("the object {at}, the rest of an upload, does not exist")))
    }

    async fn upload_part(&mut self, bytes: Vec<u8>) -> Result<()> {
        if self.state.parts.len() >= MAX_PARTS {
            return Err(Error::conflict("file_too_large", "The file is larger than the limit of one file."));
        }
        let upload = match &self.state.upload {
            Some(upload) => upload.clone(),
            None => self.bucket.create_multipart_upload(&self.key, self.media_type).await?,
        };
        let number = i32::try_from(self.state.parts.len() + 1).map_err(Error::internal)?;
        let part = self.bucket.upload_part(&self.key, &upload, number, bytes).await?;
        self.state.parts.push(part.etag);
        self.state.upload = Some(upload);
        Ok(())
    }
}
