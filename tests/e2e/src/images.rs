//! Images of products: the admin announces an image, uploads it into the bucket, and a function processes it.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::queues::credential;
use crate::{Product, SOON, Shop, await_until};

/// A file and the content type that the upload claims.
#[derive(Debug, Clone)]
pub struct ImageFile {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// The response to an announcement: a presigned upload.
#[derive(Debug, Clone)]
pub struct ImageUpload {
    pub id: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
}

impl ImageFile {
    /// A file with these bytes and this claimed type.
    pub fn of(content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { content_type: content_type.to_owned(), bytes: bytes.into() }
    }

    /// An image that is unique by its `mark`.
    pub fn image(format: ImageFormat, width: u32, height: u32, mark: u8) -> Self {
        let pixels =
            RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, mark]));
        let mut bytes = Cursor::new(Vec::new());
        let written = DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format);
        written.unwrap_or_else(|error| panic!("an image should be encoded: {error}"));
        Self::of(format.to_mime_type(), bytes.into_inner())
    }

    /// The body that announces the image.
    pub fn announcement(&self) -> Value {
        json!({ "contentType": self.content_type, "bytes": self.bytes.len(), "alt": "A mug, half full." })
    }
}

impl ImageUpload {
    /// Reads it from a response.
    pub fn of(response: &Value) -> Self {
        let upload = &response["upload"];
        assert_eq!(upload["method"], "PUT", "{response}");
        let text =
            |value: &Value| value.as_str().unwrap_or_else(|| panic!("a text should be there: {response}")).to_owned();
        let headers = upload["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, value)| (name.clone(), text(value))).collect();
        Self { id: text(&response["imageId"]), url: text(&upload["url"]), headers }
    }

    /// The file's key in the bucket.
    pub fn file(&self, product: &Product) -> String {
        format!("uploads/images/{}/{}", product.id, self.id)
    }
}

impl Shop {
    /// The admin announces an image of a product.
    pub async fn announces(&self, product: &Product, file: &ImageFile) -> ImageUpload {
        let path = format!("/api/v1/products/{}/images", product.id);
        ImageUpload::of(&self.admin().await.post(&path, &file.announcement()).await.expect(201).json())
    }

    /// Uploads a file to the presigned URL, without other credentials; returns status and body.
    pub async fn puts(&self, upload: &ImageUpload, file: &ImageFile) -> (u16, String) {
        let mut request = self.http.put(&upload.url).body(file.bytes.clone());
        // The client sets the content length itself.
        for (name, value) in upload.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
            let value = if name.eq_ignore_ascii_case("content-type") { &file.content_type } else { value };
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("the bucket should respond: {error}"));
        (response.status().as_u16(), response.text().await.unwrap_or_default())
    }

    /// Announces and uploads an image.
    pub async fn uploads(&self, product: &Product, file: &ImageFile) -> ImageUpload {
        let upload = self.announces(product, file).await;
        let (status, body) = self.puts(&upload, file).await;
        assert_eq!(status, 200, "the bucket should accept the announced file: {body}");
        upload
    }

    /// Reads an image as the admin.
    pub async fn reads_image(&self, product: &Product, image: &str) -> Value {
        let path = format!("/api/v1/products/{}/images/{image}", product.id);
        self.admin().await.get(&path).await.expect(200).json()
    }

    /// Waits until an image has that state.
    pub async fn awaits_image(&self, product: &Product, image: &str, state: &str) -> Value {
        await_until(format_args!("{image} is {state}"), SOON, async || {
            let shown = self.reads_image(product, image).await;
            if shown["state"] == state { Ok(shown) } else { Err(shown.to_string()) }
        })
        .await
    }

    /// Reads a product as the admin, with its entity tag.
    pub async fn seen_by_admin(&self, product: &Product) -> (Value, String) {
        let response = self.admin().await.get(&format!("/api/v1/products/{}", product.id)).await.expect(200);
        (response.json(), response.expect_header("etag").to_owned())
    }

    /// Fetches a public file: status, headers, bytes.
    pub async fn fetches(&self, url: &str) -> (u16, HeaderMap, Vec<u8>) {
        let response = self.http.get(url).send().await.unwrap_or_else(|error| panic!("{url} should respond: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap_or_default().to_vec())
    }

    /// Is there such a file in the bucket?
    pub async fn has_file(&self, file: &str) -> bool {
        let url = format!("{}/{}/{file}", self.stack.emulator_url, self.stack.bucket);
        let request = self.http.request(Method::HEAD, &url).header("Authorization", credential(&self.stack, "s3"));
        let response = request.send().await.unwrap_or_else(|error| panic!("{url} should respond: {error}"));
        match response.status().as_u16() {
            200 => true,
            404 => false,
            other => panic!("{url} should answer 200 or 404: {other}"),
        }
    }
}
