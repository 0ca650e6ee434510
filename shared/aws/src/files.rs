//! The bucket: files in and out, signed addresses for whoever uploads or downloads, and writes that see each other.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::{Aws, Settings};

/// The fewest bytes of a part of a multipart upload, but for the last one.
pub const SMALLEST_PART: usize = 5 * 1024 * 1024;

/// The bucket that `SOUK_BUCKET` names. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    client: Client,
    bucket: String,
}

/// Names one state of a file: whoever holds it can tell whether it was changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etag(String);

/// A file that was asked for with a state of it in hand.
#[derive(Debug)]
pub enum Fetched {
    /// It is as it was.
    Same,
    /// There is none.
    Missing,
    /// Its bytes, and the name of this state.
    New(Vec<u8>, Etag),
}

/// What somebody without a credential may do once, for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Signed {
    /// `PUT` or `GET`.
    pub method: String,
    /// Where, with the signature.
    pub url: String,
    /// What has to be sent along exactly so, for it is signed too.
    pub headers: std::collections::BTreeMap<String, String>,
}

/// A part of a multipart upload that is there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// 1 to 10,000.
    pub number: i32,
    /// What S3 called it.
    pub etag: String,
}

impl Files {
    /// The bucket that `SOUK_BUCKET` names. An attempt has 10 s here, a call 25: files are larger than rows.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(10))
            .operation_timeout(Duration::from_secs(25));
        // An endpoint of somebody's own has no name for each bucket.
        let by_path = aws.config().endpoint_url().is_some();
        let config = Builder::from(aws.config()).timeout_config(timeouts.build()).force_path_style(by_path);
        Ok(Self { client: Client::from_conf(config.build()), bucket: Settings.required("SOUK_BUCKET")? })
    }

    /// Opens the connection while a new sandbox still has its full CPU.
    pub async fn warm(&self) {
        let ping = self.client.head_object().bucket(&self.bucket).key("ping").send();
        let _ = tokio::time::timeout(Duration::from_millis(500), ping).await;
    }

    /// For whoever has this: put that many bytes of that type there, within so many seconds. Both are signed, so neither
    /// can be another.
    pub async fn presign_put(&self, key: &str, content_type: &str, bytes: u64, seconds: u64) -> Result<Signed> {
        let length = i64::try_from(bytes).map_err(Error::internal)?;
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        signed(put.content_length(length).presigned(within(seconds)?).await)
    }

    /// For whoever has this: put a file of that type and any size there.
    pub async fn presign_put_any(&self, key: &str, content_type: &str, seconds: u64) -> Result<Signed> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        signed(put.presigned(within(seconds)?).await)
    }

    /// For whoever has this: read that file, saved under that name, within so many seconds.
    pub async fn presign_get(&self, key: &str, name: &str, seconds: u64) -> Result<Signed> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        let get = get.response_content_disposition(format!("attachment; filename=\"{name}\""));
        signed(get.presigned(within(seconds)?).await)
    }

    /// A whole file; none when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.get_changed(key, None).await? {
            Fetched::New(bytes, _) => Ok(Some(bytes)),
            Fetched::Same | Fetched::Missing => Ok(None),
        }
    }

    /// A whole file, unless it is still as `known` names it.
    pub async fn get_changed(&self, key: &str, known: Option<&Etag>) -> Result<Fetched> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        match get.set_if_none_match(known.map(|etag| etag.0.clone())).send().await {
            Ok(answer) => {
                let etag = Etag(answer.e_tag.unwrap_or_default());
                let bytes = answer.body.collect().await.map_err(|error| Error::unavailable("file store", error))?;
                Ok(Fetched::New(bytes.to_vec(), etag))
            }
            Err(error) => match status(&error) {
                Some(304) => Ok(Fetched::Same),
                Some(404) => Ok(Fetched::Missing),
                _ => Err(Error::unavailable("file store", error)),
            },
        }
    }

    /// At most `bytes` of a file from `from` on; empty at or after its end; none when there is no file.
    pub async fn get_range(&self, key: &str, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        let range = format!("bytes={from}-{}", from + bytes.max(1) - 1);
        match self.client.get_object().bucket(&self.bucket).key(key).range(range).send().await {
            Ok(answer) => {
                let bytes = answer.body.collect().await.map_err(|error| Error::unavailable("file store", error))?;
                Ok(Some(bytes.to_vec()))
            }
            Err(error) => match status(&error) {
                Some(416) => Ok(Some(Vec::new())),
                Some(404) => Ok(None),
                _ => Err(Error::unavailable("file store", error)),
            },
        }
    }

    /// At most `bytes` of a file from `from` on, while it is as `held` names it; empty at or after its end; none when it is
    /// gone, or another.
    pub async fn get_range_of(&self, key: &str, held: &Etag, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        let range = format!("bytes={from}-{}", from + bytes.max(1) - 1);
        let get = self.client.get_object().bucket(&self.bucket).key(key).range(range).if_match(&held.0);
        match get.send().await {
            Ok(answer) => {
                let bytes = answer.body.collect().await.map_err(|error| Error::unavailable("file store", error))?;
                Ok(Some(bytes.to_vec()))
            }
            Err(error) => match status(&error) {
                Some(416) => Ok(Some(Vec::new())),
                Some(404 | 412) => Ok(None),
                _ => Err(Error::unavailable("file store", error)),
            },
        }
    }

    /// How many bytes a file has, and the name of its state; none when there is none.
    pub async fn look(&self, key: &str) -> Result<Option<(u64, Etag)>> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => {
                let bytes = answer.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                Ok(Some((bytes, Etag(answer.e_tag.unwrap_or_default()))))
            }
            Err(error) if status(&error) == Some(404) => Ok(None),
            Err(error) => Err(Error::unavailable("file store", error)),
        }
    }

    /// How many bytes a file has; none when there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        Ok(self.look(key).await?.map(|(bytes, _)| bytes))
    }

    /// Writes a whole file, whatever was there.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str, cache_control: Option<&str>) -> Result<()> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        let put = put.set_cache_control(cache_control.map(str::to_owned)).body(ByteStream::from(bytes));
        put.send().await.map(|_| ()).map_err(|error| Error::unavailable("file store", error))
    }

    /// Writes a whole file over the state that is `held`, or where there is none yet; none: somebody else was first. A retry
    /// whose first attempt got through finds itself refused too: read the file to tell.
    pub async fn put_if(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
        held: Option<&Etag>,
    ) -> Result<Option<Etag>> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
        let put = match held {
            Some(etag) => put.if_match(&etag.0),
            None => put.if_none_match("*"),
        };
        match put.body(ByteStream::from(bytes)).send().await {
            Ok(answer) => Ok(Some(Etag(answer.e_tag.unwrap_or_default()))),
            // 409: another conditional write is under way; 404: what was held is gone.
            Err(error) if matches!(status(&error), Some(404 | 409 | 412)) => Ok(None),
            Err(error) => Err(Error::unavailable("file store", error)),
        }
    }

    /// Removes a file, or finds none.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let delete = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        delete.map(|_| ()).map_err(|error| Error::unavailable("file store", error))
    }

    /// Begins a file that comes in parts; the upload's id.
    pub async fn begin_parts(&self, key: &str, content_type: &str) -> Result<String> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(key).content_type(content_type);
        let begun = begin.send().await.map_err(|error| Error::unavailable("file store", error))?;
        begun.upload_id.ok_or_else(|| Error::internal("a multipart upload came without its id"))
    }

    /// Writes one part; the same number again replaces it.
    pub async fn put_part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<Part> {
        let put = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        let put = put.body(ByteStream::from(bytes)).send().await;
        let etag = put.map_err(|error| Error::unavailable("file store", error))?.e_tag.unwrap_or_default();
        Ok(Part { number, etag })
    }

    /// Makes the file of its parts. Done already is done too.
    pub async fn end_parts(&self, key: &str, upload: &str, parts: &[Part]) -> Result<()> {
        let parts =
            parts.iter().map(|part| CompletedPart::builder().part_number(part.number).e_tag(&part.etag).build());
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let end = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        match end.multipart_upload(whole).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchUpload") && self.size(key).await?.is_some() => Ok(()),
            Err(error) => Err(Error::unavailable("file store", error)),
        }
    }
}

fn within(seconds: u64) -> Result<PresigningConfig> {
    PresigningConfig::expires_in(Duration::from_secs(seconds)).map_err(Error::internal)
}

fn signed<E>(request: Result<PresignedRequest, SdkError<E, HttpResponse>>) -> Result<Signed>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let request = request.map_err(Error::internal)?;
    let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Signed { method: request.method().to_owned(), url: request.uri().to_owned(), headers })
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

impl Files {
    /// Files whose keys begin so, in the order of their keys, from behind `after`: a thousand at most, none at the end. Of each
    /// its key, its bytes and when it was written last.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<(String, u64, Timestamp)>> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let list = list.set_start_after(after.map(str::to_owned)).send().await;
        let found = list.map_err(|error| Error::unavailable("file store", error))?.contents.unwrap_or_default();
        let listed = found.into_iter().map(|file| {
            let written = file.last_modified.and_then(|at| at.to_millis().ok()).ok_or("a listed file has no date");
            let bytes = file.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
            Ok((file.key.unwrap_or_default(), bytes, Timestamp::from_millis(written.map_err(Error::internal)?)))
        });
        listed.collect()
    }
}
