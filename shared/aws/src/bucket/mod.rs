//! The S3 bucket: reads, conditional writes, multipart uploads and presigned URLs. It uses the parts of the SDK that every function
//! links anyway, and not `aws-sdk-s3`: docs/adr/0014.

mod client;
mod multipart_upload;
mod presign;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use values::{Error, Result, Timestamp};

use crate::lazy_client::LazyClient;
use crate::{Aws, Settings};
use client::{S3Client, S3Error, S3Request};
pub use multipart_upload::{MultipartState, MultipartUpload};
pub use presign::PresignedUrl;

/// The smallest part of a multipart upload, in bytes. The last part may be smaller.
pub const MIN_PART_BYTES: usize = 5 * 1024 * 1024;

/// The bucket in `SOUK_BUCKET`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: LazyClient<S3Client>,
    credentials: SharedCredentialsProvider,
    region: Region,
    /// The URL that every object's URL begins with.
    url: String,
}

/// The entity tag of one version of an object. It shows whether the object has changed since it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etag(String);

/// The result of reading an object that the caller may have already.
#[derive(Debug)]
pub enum ObjectRead {
    /// The object has not changed.
    Same,
    /// The object does not exist.
    Missing,
    /// The object's bytes and entity tag.
    New(Vec<u8>, Etag),
}

/// An uploaded part of a multipart upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// 1 to 10,000.
    pub number: i32,
    /// The part's entity tag.
    pub etag: String,
}

impl Bucket {
    /// The bucket in `SOUK_BUCKET`. An attempt may take 10 s and a call 25 s, because objects are larger than rows.
    pub fn from_env(aws: &Aws) -> Result<Self> {
        Self::new(aws.config(), &Settings.required("SOUK_BUCKET")?)
    }

    fn new(config: &SdkConfig, bucket: &str) -> Result<Self> {
        let region = config.region().cloned().ok_or_else(|| Error::internal("no region is set"))?;
        let credentials = config.credentials_provider().ok_or_else(|| Error::internal("no credentials are set"))?;
        let url = presign::base_url(bucket, &region, config.endpoint_url());
        let client = {
            let (config, url, region, credentials) = (config.clone(), url.clone(), region.clone(), credentials.clone());
            LazyClient::new(move || S3Client::new(&config, &url, &region, &credentials))
        };
        Ok(Self { client, credentials, region, url })
    }

    /// Opens the connection while a new execution environment still has its full CPU.
    pub async fn warm(&self) {
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), self.head("ping")).await;
    }

    /// A URL for uploading an object of exactly that type and size, valid for `seconds`. Type and size are signed.
    pub async fn presign_put(&self, key: &str, content_type: &str, bytes: u64, seconds: u64) -> Result<PresignedUrl> {
        let put =
            S3Request::new("PUT", key).header("content-type", content_type).header("content-length", bytes.to_string());
        self.presign(put, seconds).await
    }

    /// A URL for uploading an object of that type and any size, valid for `seconds`.
    pub async fn presign_put_any(&self, key: &str, content_type: &str, seconds: u64) -> Result<PresignedUrl> {
        self.presign(S3Request::new("PUT", key).header("content-type", content_type), seconds).await
    }

    /// A URL for downloading an object under a file name, valid for `seconds`.
    pub async fn presign_get(&self, key: &str, name: &str, seconds: u64) -> Result<PresignedUrl> {
        let disposition = format!("attachment; filename=\"{name}\"");
        self.presign(S3Request::new("GET", key).query("response-content-disposition", &disposition), seconds).await
    }

    async fn presign(&self, request: S3Request, seconds: u64) -> Result<PresignedUrl> {
        let credentials = self.credentials.provide_credentials().await.map_err(Error::internal)?;
        presign::presign(&self.url, request, seconds, credentials, &self.region, SystemTime::now())
    }

    /// Reads an object; none if it does not exist.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        match self.get_changed(key, None).await? {
            ObjectRead::New(bytes, _) => Ok(Some(bytes)),
            ObjectRead::Same | ObjectRead::Missing => Ok(None),
        }
    }

    /// Reads an object, unless its entity tag is still `known`.
    pub async fn get_changed(&self, key: &str, known: Option<&Etag>) -> Result<ObjectRead> {
        let mut get = S3Request::new("GET", key);
        if let Some(known) = known {
            get = get.header("if-none-match", &known.0);
        }
        match self.client.send(get).await {
            Ok(response) => Ok(ObjectRead::New(response.body, Etag(response.etag))),
            Err(error) => match error.status {
                Some(304) => Ok(ObjectRead::Same),
                Some(404) => Ok(ObjectRead::Missing),
                _ => Err(error.into()),
            },
        }
    }

    /// Reads at most `bytes` from the offset `from`. Empty at or behind the end; none if the object does not exist.
    pub async fn get_range(&self, key: &str, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        self.range(S3Request::new("GET", key), from, bytes).await
    }

    /// Reads at most `bytes` from the offset `from`, if the entity tag is still `known`. Empty at or behind the end; none if the object
    /// has changed or does not exist.
    pub async fn get_range_of(&self, key: &str, known: &Etag, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        self.range(S3Request::new("GET", key).header("if-match", &known.0), from, bytes).await
    }

    async fn range(&self, get: S3Request, from: u64, bytes: u64) -> Result<Option<Vec<u8>>> {
        let get = get.header("range", format!("bytes={from}-{}", from + bytes.max(1) - 1));
        match self.client.send(get).await {
            Ok(response) => Ok(Some(response.body)),
            Err(error) => match error.status {
                Some(416) => Ok(Some(Vec::new())),
                Some(404 | 412) => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// The size in bytes and the entity tag of an object; none if it does not exist.
    pub async fn head(&self, key: &str) -> Result<Option<(u64, Etag)>> {
        match self.client.send(S3Request::new("HEAD", key)).await {
            Ok(response) => Ok(Some((response.length, Etag(response.etag)))),
            Err(S3Error { status: Some(404), .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The size of an object in bytes; none if it does not exist.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        Ok(self.head(key).await?.map(|(bytes, _)| bytes))
    }

    /// Writes an object and replaces what was there.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str, cache_control: Option<&str>) -> Result<()> {
        let mut put = S3Request::new("PUT", key).header("content-type", content_type).body(bytes);
        if let Some(cache_control) = cache_control {
            put = put.header("cache-control", cache_control);
        }
        self.client.send(put).await?;
        Ok(())
    }

    /// Writes an object if its entity tag is still `known`, or, without `known`, if it does not exist. Returns none if the object has
    /// changed. The SDK's retry of a write whose response was lost fails in the same way: read the object to distinguish the two.
    pub async fn put_if(
        &self,
        key: &str,
        bytes: Vec<u8>,
        content_type: &str,
        known: Option<&Etag>,
    ) -> Result<Option<Etag>> {
        let put = S3Request::new("PUT", key).header("content-type", content_type).body(bytes);
        let put = match known {
            Some(etag) => put.header("if-match", &etag.0),
            None => put.header("if-none-match", "*"),
        };
        match self.client.send(put).await {
            Ok(response) => Ok(Some(Etag(response.etag))),
            // 409: another conditional write is in progress. 404: the known object was deleted.
            Err(S3Error { status: Some(404 | 409 | 412), .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object. An object that does not exist is no error.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.client.send(S3Request::new("DELETE", key)).await?;
        Ok(())
    }

    /// Lists objects by prefix, in the order of their keys, beginning behind `after`: at most 1,000, and none at the end. Returns the
    /// key, the size in bytes and the time of the last write of each.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<(String, u64, Timestamp)>> {
        // URL-encoded keys contain nothing that XML escapes.
        let mut list =
            S3Request::new("GET", "").query("list-type", "2").query("encoding-type", "url").query("prefix", prefix);
        if let Some(after) = after {
            list = list.query("start-after", after);
        }
        let response = self.client.send(list).await?;
        client::elements(&response.body, "Contents").into_iter().map(parse_listed).collect()
    }

    /// Starts a multipart upload and returns its id.
    pub async fn create_multipart_upload(&self, key: &str, content_type: &str) -> Result<String> {
        let create = S3Request::new("POST", key).query("uploads", "").header("content-type", content_type);
        let created = self.client.send(create).await?;
        let upload = client::element(&created.body, "UploadId").map(str::to_owned);
        upload.ok_or_else(|| Error::internal("S3 returned a multipart upload without an id"))
    }

    /// Uploads one part. A part with the same number is replaced.
    pub async fn upload_part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<Part> {
        let put = S3Request::new("PUT", key).query("partNumber", &number.to_string()).query("uploadId", upload);
        Ok(Part { number, etag: self.client.send(put.body(bytes)).await?.etag })
    }

    /// Completes the object from its parts. An upload that was completed before is no error.
    pub async fn complete_multipart_upload(&self, key: &str, upload: &str, parts: &[Part]) -> Result<()> {
        let parts = parts
            .iter()
            .map(|Part { number, etag }| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
        let body = format!(
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</CompleteMultipartUpload>",
            parts.collect::<String>()
        );
        let complete = S3Request::new("POST", key).query("uploadId", upload).header("content-type", "application/xml");
        match self.client.send(complete.body(body.into_bytes())).await {
            Ok(_) => Ok(()),
            Err(error) if error.code.as_deref() == Some("NoSuchUpload") && self.size(key).await?.is_some() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn parse_listed(object: &str) -> Result<(String, u64, Timestamp)> {
    let field = |name| {
        let text = client::element(object.as_bytes(), name);
        text.ok_or_else(|| Error::internal(format!("a listed object has no {name}")))
    };
    // The encoding is that of a form: a space is a plus.
    let key = field("Key")?.replace('+', " ");
    let key = percent_decode_str(&key).decode_utf8().map_err(Error::internal)?.into_owned();
    let bytes = field("Size")?.parse().map_err(Error::internal)?;
    let written = field("LastModified")?.parse().map_err(Error::internal)?;
    Ok((key, bytes, written))
}
