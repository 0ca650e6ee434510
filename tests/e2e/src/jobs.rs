//! Imports and exports: the admin uploads and downloads files by presigned URLs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Shop, await_until};

/// For a file of some thousand lines, on a busy machine.
const FILE_PATIENCE: Duration = Duration::from_secs(600);

impl Shop {
    /// Imports a file and waits for the end of the job; returns the job.
    pub async fn imports(&self, format: &str, file: impl Into<Vec<u8>>) -> Value {
        let job = self.begins_import(format, file).await;
        self.awaits_job(&job).await
    }

    /// Uploads a file; returns the path of its job.
    pub async fn begins_import(&self, format: &str, file: impl Into<Vec<u8>>) -> String {
        let file = file.into();
        self.begins_import_with(&json!({ "format": format, "bytes": file.len() }), file).await
    }

    /// Uploads a file without announcing its size; returns the path of its job.
    pub async fn begins_import_of_any_size(&self, format: &str, file: &str) -> String {
        self.begins_import_with(&json!({ "format": format }), file).await
    }

    /// Uploads a file for the import that this body starts; returns the path of its job.
    pub async fn begins_import_with(&self, body: &Value, file: impl Into<Vec<u8>>) -> String {
        let job = self.admin().await.post("/api/v1/products/imports", body).await.expect(202).json();
        assert_eq!(job["status"], "waiting", "{job}");
        self.sends_file(&job["upload"], file.into()).await;
        format!("/api/v1/products/imports/{}", job["id"].as_str().unwrap_or_default())
    }

    /// Waits until a job has ended; returns the job.
    pub async fn awaits_job(&self, path: &str) -> Value {
        await_until(format_args!("{path} is over"), FILE_PATIENCE, async || {
            let job = self.admin().await.get(path).await.expect(200).json();
            let over = ["done", "failed"].iter().any(|over| job["status"] == *over);
            if over { Ok(job) } else { Err(job.to_string()) }
        })
        .await
    }

    /// Exports all products; returns the file.
    pub async fn exports(&self, format: &str) -> String {
        self.exports_with(&json!({ "format": format })).await
    }

    /// Exports all products by the job that this body starts; returns the file, with its byte order mark if it has one.
    pub async fn exports_with(&self, body: &Value) -> String {
        let job = self.admin().await.post("/api/v1/products/exports", body).await;
        let job = job.expect(202).json();
        let job =
            self.awaits_job(&format!("/api/v1/products/exports/{}", job["id"].as_str().unwrap_or_default())).await;
        assert_eq!(job["status"], "done", "{job}");
        let file = self.receives_file(&job["download"]).await;
        let records = job["counts"]["lines"].as_u64().unwrap_or_default();
        assert!(records > 0 && file.lines().count() as u64 >= records, "{job}");
        file
    }

    /// The report of an import: the rejected lines with their reasons.
    pub async fn report(&self, job: &Value) -> Vec<Value> {
        let report = self.receives_file(&job["report"]).await;
        let read = |line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("a line of a report should be JSON ({error}): {line:?}"))
        };
        report.lines().map(read).collect()
    }

    /// Uploads a file to a presigned URL.
    pub async fn sends_file(&self, presigned: &Value, file: Vec<u8>) {
        assert_eq!(presigned["method"], "PUT", "{presigned}");
        let headers = presigned["headers"].as_object().into_iter().flatten();
        // The client sets the content length itself.
        let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        let put = self.http.put(presigned["url"].as_str().unwrap_or_default()).body(file);
        let put = headers.fold(put, |put, (name, value)| put.header(name, value.as_str().unwrap_or_default()));
        let response = put.send().await.unwrap_or_else(|error| panic!("the upload should get a response: {error}"));
        assert!(
            response.status().is_success(),
            "the upload should succeed: {} {:?}",
            response.status(),
            response.text().await
        );
    }

    /// Downloads the file at a presigned URL.
    pub async fn receives_file(&self, presigned: &Value) -> String {
        assert_eq!(presigned["method"], "GET", "{presigned}");
        let get = self.http.get(presigned["url"].as_str().unwrap_or_default());
        let response = get.send().await.unwrap_or_else(|error| panic!("the download should get a response: {error}"));
        assert!(response.status().is_success(), "the download should succeed: {}", response.status());
        let bytes = response.bytes().await;
        let bytes = bytes.unwrap_or_else(|error| panic!("the download should send its whole body: {error}"));
        String::from_utf8(bytes.to_vec()).unwrap_or_else(|error| panic!("the download should be UTF-8: {error}"))
    }
}
