//! The bucket: files in and out, signed addresses for whoever uploads or downloads, and writes that see each other. Spoken
//! over the parts of the SDK that every function links anyway, without `aws-sdk-s3`: docs/adr/0014.

mod call;
mod growing;
mod sign;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::{Aws, Settings};
use call::{Ask, Calls, Fault};
pub use growing::{MultipartState, MultipartUpload};

/// The fewest bytes of a part of a multipart upload, but for the last one.
pub const MIN_PART_BYTES: usize = 5 * 1024 * 1024;

/// The bucket that `SOUK_BUCKET` names. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    calls: Calls,
    credentials: SharedCredentialsProvider,
    region: Region,
    address: String,
}

/// Names one state of a file: whoever holds it can tell whether it was changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etag(String);

/// A file that was asked for with a state of it in hand.
#[derive(Debug)]
pub enum ObjectRead {
    /// It is as it was.
    Same,
    /// There is none.
    Missing,
    /// Its bytes, and the name of this state.
    New(Vec<u8>, Etag),
}

/// What somebody without a credential may do once, for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresignedUrl {
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

impl Bucket {
    /// The bucket that `SOUK_BUCKET` names. An attempt has 10 s here, a call 25: files are larger than rows.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Self::new(aws.config(), &Settings.required("SOUK_BUCKET")?)
    }

    fn new(config: &SdkConfig, bucket: &str) -> Result<Self> {
        let region = config.region().cloned().ok_or_else(|| Error::internal("no region is set"))?;
        let credentials = config.credentials_provider().ok_or_else(|| Error::internal("no credentials are set"))?;
        let address = sign::address(bucket, &region, config.endpoint_url());
        Ok(Self { calls: Calls::new(config, &address, &region, &credentials), credentials, region, address })
    }

    /// Opens the connection while a new sandbox still has its full CPU.
    pub async fn warm(&self) {
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), self.look("ping")).await;
    }

    /// For whoever has this: put that many bytes of that type there, within so many seconds. Both are signed, so neither
    /// can be another.
    pub async fn presign_put(&self, key: &str, content_type: &str, bytes: u64, seconds: u64) -> Result<PresignedUrl> {
        let put = Ask::new("PUT", key).header("content-type", content_type).header("content-length", bytes.to_string());
        self.presign(put, seconds).await
    }

    /// For whoever has this: put a file of that type and any size there.
    pub async fn presign_put_any(&self, key: &str, content_type: &str, seconds: u64) -> Result<PresignedUrl> {
        self.presign(Ask::new("PUT", key).header("content-type", content_type), seconds).await
    }

    /// For whoever has this: read that file, saved under that name, within so many seconds.
    pub async fn presign_get(&self, key: &str, name: &str, seconds: u64) -> Result<PresignedUrl> {
        let saved = format!("attachment; filename=\"{name}\"");
        self.presign(Ask::new("GET", key).query("response-content-disposition", &saved), seconds).await
    }

    async fn presign(&self, ask: Ask, seconds: u64) -> Result<PresignedUrl> {
        let credentials = self.credentials.provide_credentials().await.map_err(Error::internal)?;
        sign::presign(&self.address, ask, seconds, credentials, &self.region, SystemTime::now())
    }

    /// A whole file; none when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.get_changed(key, None).await? {
            ObjectRead::New(bytes, _) => Ok(Some(bytes)),
            ObjectRead::Same | ObjectRead::Missing => Ok(None),
        }
    }

    /// A whole file, unless it is still as `known` names it.
    pub async fn get_changed(&self, key: &str, known: Option<&Etag>) -> Result<ObjectRead> {
        let mut get = Ask::new("GET", key);
        if let Some(known) = known {
            get = get.header("if-none-match", &known.0);
        }
        match self.calls.send(get).await {
            Ok(answer) => Ok(ObjectRead::New(answer.body, Etag(answer.etag))),
            Err(fault) => match fault.status {
                Some(304) => Ok(ObjectRead::Same),
                Some(404) => Ok(ObjectRead::Missing),
                _ => Err(fault.into()),
            },
        }
    }

    /// At most `bytes` of a file from `from` on; empty at or after its end; none when there is no file.
    pub async fn get_range(&self, key: &str, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        self.range(Ask::new("GET", key), from, bytes).await
    }

    /// At most `bytes` of a file from `from` on, while it is as `held` names it; empty at or after its end; none when it is
    /// gone, or another.
    pub async fn get_range_of(&self, key: &str, held: &Etag, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        self.range(Ask::new("GET", key).header("if-match", &held.0), from, bytes).await
    }

    async fn range(&self, get: Ask, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        let get = get.header("range", format!("bytes={from}-{}", from + bytes.max(1) - 1));
        match self.calls.send(get).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(fault) => match fault.status {
                Some(416) => Ok(Some(Vec::new())),
                Some(404 | 412) => Ok(None),
                _ => Err(fault.into()),
            },
        }
    }

    /// How many bytes a file has, and the name of its state; none when there is none.
    pub async fn look(&self, key: &str) -> Result<Option<(u64, Etag)>> {
        match self.calls.send(Ask::new("HEAD", key)).await {
            Ok(answer) => Ok(Some((answer.length, Etag(answer.etag)))),
            Err(Fault { status: Some(404), .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// How many bytes a file has; none when there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        Ok(self.look(key).await?.map(|(bytes, _)| bytes))
    }

    /// Writes a whole file, whatever was there.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str, cache_control: Option<&str>) -> Result<()> {
        let mut put = Ask::new("PUT", key).header("content-type", content_type).body(bytes);
        if let Some(cache_control) = cache_control {
            put = put.header("cache-control", cache_control);
        }
        self.calls.send(put).await?;
        Ok(())
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
        let put = Ask::new("PUT", key).header("content-type", content_type).body(bytes);
        let put = match held {
            Some(etag) => put.header("if-match", &etag.0),
            None => put.header("if-none-match", "*"),
        };
        match self.calls.send(put).await {
            Ok(answer) => Ok(Some(Etag(answer.etag))),
            // 409: another conditional write is under way; 404: what was held is gone.
            Err(Fault { status: Some(404 | 409 | 412), .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Removes a file, or finds none.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.calls.send(Ask::new("DELETE", key)).await?;
        Ok(())
    }

    /// Objects whose keys begin so, in the order of their keys, from behind `after`: a thousand at most, none at the end. Of each
    /// its key, its bytes and when it was written last.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<(String, u64, Timestamp)>> {
        // Keys encoded as in an address have nothing in them that XML would escape.
        let mut list =
            Ask::new("GET", "").query("list-type", "2").query("encoding-type", "url").query("prefix", prefix);
        if let Some(after) = after {
            list = list.query("start-after", after);
        }
        let answer = self.calls.send(list).await?;
        call::elements(&answer.body, "Contents").into_iter().map(listed).collect()
    }

    /// Begins a file that comes in parts; the upload's id.
    pub async fn begin_parts(&self, key: &str, content_type: &str) -> Result<String> {
        let begin = Ask::new("POST", key).query("uploads", "").header("content-type", content_type);
        let begun = self.calls.send(begin).await?;
        let upload = call::element(&begun.body, "UploadId").map(str::to_owned);
        upload.ok_or_else(|| Error::internal("a multipart upload came without its id"))
    }

    /// Writes one part; the same number again replaces it.
    pub async fn put_part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<Part> {
        let put = Ask::new("PUT", key).query("partNumber", &number.to_string()).query("uploadId", upload);
        Ok(Part { number, etag: self.calls.send(put.body(bytes)).await?.etag })
    }

    /// Makes the file of its parts. Done already is done too.
    pub async fn end_parts(&self, key: &str, upload: &str, parts: &[Part]) -> Result<()> {
        let parts = parts
            .iter()
            .map(|Part { number, etag }| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
        let whole = format!(
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</CompleteMultipartUpload>",
            parts.collect::<String>()
        );
        let end = Ask::new("POST", key).query("uploadId", upload).header("content-type", "application/xml");
        match self.calls.send(end.body(whole.into_bytes())).await {
            Ok(_) => Ok(()),
            Err(fault) if fault.code.as_deref() == Some("NoSuchUpload") && self.size(key).await?.is_some() => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}

fn listed(file: &str) -> Result<(String, u64, Timestamp)> {
    let told = |name| {
        let text = call::element(file.as_bytes(), name);
        text.ok_or_else(|| Error::internal(format!("a listed file has no {name}")))
    };
    // A form's encoding: a space is a plus.
    let key = told("Key")?.replace('+', " ");
    let key = percent_decode_str(&key).decode_utf8().map_err(Error::internal)?.into_owned();
    let bytes = told("Size")?.parse().map_err(Error::internal)?;
    let written = told("LastModified")?.parse().map_err(Error::internal)?;
    Ok((key, bytes, written))
}
