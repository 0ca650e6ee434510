//! Pictures of products: announced by the admin, put into the bucket as `curl` would, and looked at by a function.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::queues::credential;
use crate::{Product, SOON, Shop, await_until};

/// A file with the type that it is said to have.
#[derive(Debug, Clone)]
pub struct Upload {
    /// As HTTP writes it.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What souk said of a picture that was announced.
#[derive(Debug, Clone)]
pub struct ImageUpload {
    /// `img_…`.
    pub id: String,
    /// Where to put the file.
    pub url: String,
    /// What to send along.
    pub headers: Vec<(String, String)>,
}

impl Upload {
    /// Those bytes, said to be of that type.
    pub fn of(content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { content_type: content_type.to_owned(), bytes: bytes.into() }
    }

    /// A picture that nobody else has; `mark` makes it so.
    pub fn picture(format: ImageFormat, width: u32, height: u32, mark: u8) -> Self {
        let pixels =
            RgbImage::from_fn(width, height, |x, y| Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, mark]));
        let mut bytes = Cursor::new(Vec::new());
        let written = DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format);
        written.unwrap_or_else(|error| panic!("a picture can be written: {error}"));
        Self::of(format.to_mime_type(), bytes.into_inner())
    }

    /// The body that announces it.
    pub fn announcement(&self) -> Value {
        json!({ "contentType": self.content_type, "bytes": self.bytes.len(), "alt": "A mug, half full." })
    }
}

impl ImageUpload {
    /// Read from an answer.
    pub fn of(response: &Value) -> Self {
        let upload = &response["upload"];
        assert_eq!(upload["method"], "PUT", "{response}");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("a text is missing: {response}")).to_owned();
        let headers = upload["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, value)| (name.clone(), text(value))).collect();
        Self { id: text(&response["imageId"]), url: text(&upload["url"]), headers }
    }

    /// The file's name in the bucket.
    pub fn file(&self, product: &Product) -> String {
        format!("uploads/images/{}/{}", product.id, self.id)
    }
}

impl Shop {
    /// The admin announces a picture of a product.
    pub async fn announces(&self, product: &Product, upload: &Upload) -> ImageUpload {
        let path = format!("/api/v1/products/{}/images", product.id);
        ImageUpload::of(&self.admin().await.post(&path, &upload.announcement()).await.expect(201).json())
    }

    /// Somebody with nothing but the address puts a file there; the status, and what was said.
    pub async fn puts(&self, announced: &ImageUpload, upload: &Upload) -> (u16, String) {
        let mut request = self.http.put(&announced.url).body(upload.bytes.clone());
        // A client counts its body itself.
        for (name, value) in announced.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
            let value = if name.eq_ignore_ascii_case("content-type") { &upload.content_type } else { value };
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("the bucket gave no answer: {error}"));
        (response.status().as_u16(), response.text().await.unwrap_or_default())
    }

    /// Announced and put; the picture's id.
    pub async fn uploads(&self, product: &Product, upload: &Upload) -> ImageUpload {
        let announced = self.announces(product, upload).await;
        let (status, said) = self.puts(&announced, upload).await;
        assert_eq!(status, 200, "the bucket takes what was announced: {said}");
        announced
    }

    /// What the admin is told of a picture.
    pub async fn reads_image(&self, product: &Product, image: &str) -> Value {
        let path = format!("/api/v1/products/{}/images/{image}", product.id);
        self.admin().await.get(&path).await.expect(200).json()
    }

    /// Waits until a picture is in that state.
    pub async fn awaits_image(&self, product: &Product, image: &str, state: &str) -> Value {
        await_until(format_args!("{image} is {state}"), SOON, async || {
            let told = self.reads_image(product, image).await;
            if told["state"] == state { Ok(told) } else { Err(told.to_string()) }
        })
        .await
    }

    /// The product as the admin sees it, with its tag.
    pub async fn seen_by_admin(&self, product: &Product) -> (Value, String) {
        let response = self.admin().await.get(&format!("/api/v1/products/{}", product.id)).await.expect(200);
        (response.json(), response.expect_header("etag").to_owned())
    }

    /// A file that anybody may read: status, headers, bytes.
    pub async fn fetches(&self, url: &str) -> (u16, HeaderMap, Vec<u8>) {
        let response = self.http.get(url).send().await.unwrap_or_else(|error| panic!("{url} gave no answer: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, response.bytes().await.unwrap_or_default().to_vec())
    }

    /// Is there such a file in the bucket?
    pub async fn has_file(&self, file: &str) -> bool {
        let url = format!("{}/{}/{file}", self.stack.emulator_url, self.stack.bucket);
        let request = self.http.request(Method::HEAD, &url).header("Authorization", credential(&self.stack, "s3"));
        let response = request.send().await.unwrap_or_else(|error| panic!("{url} gave no answer: {error}"));
        match response.status().as_u16() {
            200 => true,
            404 => false,
            other => panic!("{url} answers {other}"),
        }
    }
}
