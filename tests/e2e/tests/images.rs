//! Images: uploaded by a presigned URL, validated, shown in three sizes; files that are no image are refused.

use e2e::{Draft, ImageFile, ImageUpload, SOON, Shop, await_until, unique};
use futures::future::join_all;
use image::ImageFormat;
use serde_json::{Value, json};

#[tokio::test]
async fn uploaded_image_is_shown_in_three_sizes() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let upload = ImageFile::image(ImageFormat::Jpeg, 1800, 900, 1);
    let uploaded = shop.uploads(&mug, &upload).await;
    let ready = shop.awaits_image(&mug, &uploaded.id, "ready").await;
    assert_eq!((&ready["image"]["width"], &ready["image"]["height"]), (&json!(1800), &json!(900)), "{ready}");

    let shown = await_until("everybody sees it", SOON, async || {
        let shown = shop.reads_product(&mug).await["images"].clone();
        if shown.as_array().is_some_and(|images| images.len() == 1) {
            Ok(shown[0].clone())
        } else {
            Err(shown.to_string())
        }
    })
    .await;
    assert_eq!(
        (&shown["id"], &shown["alt"], &shown["position"]),
        (&json!(uploaded.id), &json!("A mug, half full."), &json!(0))
    );
    for (size, width, height) in [("small", 200, 100), ("medium", 600, 300), ("large", 1600, 800)] {
        let url = shown["urls"][size].as_str().unwrap_or_else(|| panic!("no {size}: {shown}"));
        let (status, headers, bytes) = shop.fetches(url).await;
        assert_eq!((status, &headers["content-type"]), (200, &"image/webp".parse().unwrap()), "{url}");
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        let image = image::load_from_memory_with_format(&bytes, ImageFormat::WebP).expect("it should be WebP");
        assert_eq!((image.width(), image.height()), (width, height));
        let name = url.rsplit('/').next().unwrap_or_default();
        assert!(
            name.len() > 32 && name[..32].bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{name} should be a digest"
        );
    }
    await_until("the upload is removed", SOON, async || {
        if shop.has_file(&uploaded.file(&mug)).await { Err("the file is still there".to_owned()) } else { Ok(()) }
    })
    .await;
    let history = shop.admin().await.get(&format!("/api/v1/products/{}/history", mug.id)).await.expect(200).json();
    assert_eq!(history["data"][0]["kind"], "image_added", "{history}");
    assert!(history["data"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("admin:")), "{history}");
}

/// The beginning of a PNG of 30,000 by 30,000 pixels.
fn bomb() -> Vec<u8> {
    let small = ImageFile::image(ImageFormat::Png, 4, 4, 0).bytes;
    let header = [&b"IHDR"[..], &30_000_u32.to_be_bytes(), &30_000_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let checksum = !header.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    [&small[..12], &header, &checksum.to_be_bytes(), &small[33..]].concat()
}

#[tokio::test]
async fn file_that_is_no_image_is_refused_and_removed() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let page = "<!doctype html><title>mug.png</title><script>alert(1)</script>";
    let jpeg = ImageFile::image(ImageFormat::Jpeg, 40, 30, 0).bytes;
    let png = ImageFile::image(ImageFormat::Png, 40, 30, 0).bytes;
    let webp = ImageFile::image(ImageFormat::WebP, 40, 30, 0).bytes;
    let bad = [
        (ImageFile::of("image/png", page), "not_an_image"),
        (ImageFile::of("image/png", &jpeg[..]), "type_mismatch"),
        (ImageFile::of("image/png", bomb()), "too_many_pixels"),
        (ImageFile::of("image/png", &png[..png.len() / 2]), "truncated"),
        (ImageFile::of("image/jpeg", &jpeg[..jpeg.len() / 2]), "truncated"),
        (ImageFile::of("image/webp", &webp[..webp.len() - 1]), "truncated"),
        (ImageFile::of("image/jpeg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "heic_not_supported"),
        (ImageFile::of("image/webp", b"\0\0\0\x1Cftypavif\0\0\0\0avifmif1miaf"), "avif_not_supported"),
    ];
    join_all(bad.map(async |(upload, reason)| {
        let uploaded = shop.uploads(&mug, &upload).await;
        let refused = shop.awaits_image(&mug, &uploaded.id, "refused").await;
        assert_eq!(refused["reason"], reason, "{refused}");
        assert!(refused["message"].as_str().is_some_and(|message| message.ends_with('.')), "{refused}");
        await_until(format_args!("what is {reason} is removed"), SOON, async || {
            if shop.has_file(&uploaded.file(&mug)).await { Err("the file is still there".to_owned()) } else { Ok(()) }
        })
        .await;
    }))
    .await;
    assert_eq!(shop.seen_by_admin(&mug).await.0["images"], json!([]));
}

#[tokio::test]
async fn only_the_announced_file_can_be_uploaded() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let upload = ImageFile::image(ImageFormat::Png, 40, 30, 2);
    let uploaded = shop.announces(&mug, &upload).await;
    let longer = ImageFile::of("image/png", [&upload.bytes[..], b"!"].concat());
    let other = ImageFile::of("text/html", upload.bytes.clone());
    let forged = ImageUpload { url: uploaded.url.replace(&uploaded.id, &unique("img")), ..uploaded.clone() };
    for (target, upload) in [(&uploaded, &longer), (&uploaded, &other), (&forged, &upload)] {
        let (status, body) = shop.puts(target, upload).await;
        assert!(status == 403 && body.contains("SignatureDoesNotMatch"), "{status}: {body}");
    }
    assert_eq!(shop.reads_image(&mug, &uploaded.id).await["state"], "pending");
    let (status, _, body) =
        shop.fetches(&format!("{}/{}/{}", shop.stack.emulator_url, shop.stack.bucket, uploaded.file(&mug))).await;
    assert_eq!(status, 403, "an upload should not be public: {}", String::from_utf8_lossy(&body));
    assert_eq!(shop.puts(&uploaded, &upload).await.0, 200);
    shop.awaits_image(&mug, &uploaded.id, "ready").await;
}

#[tokio::test]
async fn invalid_announcement_is_refused() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let (admin, path) = (shop.admin().await, format!("/api/v1/products/{}/images", mug.id));
    let refuses = async |body: Value, code: &str, field: &str| {
        admin.post(&path, &body).await.expect_problem(422, "validation_failed").names_field(field).has_error_code(code);
    };
    refuses(json!({ "contentType": "image/png", "bytes": 0 }), "image_size", "bytes").await;
    refuses(json!({ "contentType": "image/png", "bytes": 10 * 1024 * 1024 + 1 }), "image_size", "bytes").await;
    refuses(json!({ "contentType": "image/png", "bytes": -1 }), "invalid_value", "bytes").await;
    refuses(json!({ "contentType": "image/svg+xml", "bytes": 9 }), "image_type_unsupported", "contentType").await;
    refuses(json!({ "contentType": "image/png", "bytes": 9, "alt": "x".repeat(201) }), "invalid_value", "alt").await;
    refuses(json!({ "contentType": "image/png", "bytes": 9, "url": "x" }), "unknown_field", "url").await;
    refuses(json!({ "bytes": 9 }), "required", "contentType").await;

    let good = json!({ "contentType": "image/png", "bytes": 9 });
    let unknown = "/api/v1/products/prd_01kahr6y3wf1t8e9a5c2d7m4qz/images";
    admin.post(unknown, &good).await.expect_problem(404, "not_found");
    shop.anonymous().post(&path, &good).await.expect_problem(401, "unauthenticated");
    shop.archives(&mug).await;
    admin.post(&path, &good).await.expect_problem(409, "product_archived");
}

#[tokio::test]
async fn product_has_at_most_twenty_images() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let (admin, path) = (shop.admin().await, format!("/api/v1/products/{}/images", mug.id));
    let upload = ImageFile::image(ImageFormat::Png, 8, 8, 3);
    let once =
        admin.call(reqwest::Method::POST, &path).idempotency_key("first").json(&upload.announcement()).send().await;
    let again =
        admin.call(reqwest::Method::POST, &path).idempotency_key("first").json(&upload.announcement()).send().await;
    assert!(!once.is_replayed() && again.is_replayed());
    let first = ImageUpload::of(&once.expect(201).json());
    assert_eq!(first.id, ImageUpload::of(&again.expect(201).json()).id, "a repeated announcement should be one image");
    assert_eq!(shop.puts(&first, &upload).await.0, 200);
    shop.awaits_image(&mug, &first.id, "ready").await;
    for _ in 1..20 {
        admin.post(&path, &upload.announcement()).await.expect(201);
    }
    admin.post(&path, &upload.announcement()).await.expect_problem(409, "too_many_images");
}

#[tokio::test]
async fn concurrent_images_all_appear_and_a_repeated_event_adds_none() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let uploads: Vec<ImageFile> = (0..4).map(|mark| ImageFile::image(ImageFormat::Png, 30, 20, 40 * mark)).collect();
    let uploaded = join_all(uploads.iter().map(|upload| shop.uploads(&mug, upload))).await;
    join_all(uploaded.iter().map(|image| shop.awaits_image(&mug, &image.id, "ready"))).await;
    let (product, tag) = shop.seen_by_admin(&mug).await;
    let images = product["images"].as_array().expect("images");
    let places: Vec<_> = images.iter().map(|image| image["position"].as_u64()).collect();
    assert_eq!(places, [Some(0), Some(1), Some(2), Some(3)], "{product}");
    assert!(uploaded.iter().all(|image| images.iter().any(|shown| shown["id"] == image.id)), "{product}");

    // S3 may notify twice, and the holder of the URL may upload the file again.
    let sample = include_str!("../../../events/uploads/image.json");
    let mut event: Value = serde_json::from_str(sample).expect("the sample is JSON");
    event["Records"][0]["s3"]["object"]["key"] = json!(uploaded[0].file(&mug));
    let result = shop.functions.invoke("uploads", event.to_string()).await;
    assert_eq!(result.error, None, "{}", result.payload);
    assert_eq!(shop.puts(&uploaded[0], &uploads[0]).await.0, 200);
    await_until("the second file is removed", SOON, async || {
        if shop.has_file(&uploaded[0].file(&mug)).await { Err("the file is still there".to_owned()) } else { Ok(()) }
    })
    .await;
    assert_eq!(shop.seen_by_admin(&mug).await.1, tag, "the product should be unchanged");
}

#[tokio::test]
async fn images_are_described_moved_and_removed() {
    let shop = Shop::open().await;
    let mug = shop.sells(Draft::with_stock(1)).await;
    let admin = shop.admin().await;
    let mut ids = Vec::new();
    for mark in [50, 60, 70] {
        let uploaded = shop.uploads(&mug, &ImageFile::image(ImageFormat::WebP, 30, 20, mark)).await;
        shop.awaits_image(&mug, &uploaded.id, "ready").await;
        ids.push(uploaded.id);
    }
    let path = |image: &str| format!("/api/v1/products/{}/images/{image}", mug.id);
    let put = async |image: &str, tag: &str, body: Value| {
        admin.call(reqwest::Method::PUT, &path(image)).header("If-Match", tag).json(&body).send().await
    };
    let order = |product: &Value| -> Vec<String> {
        let images = product["images"].as_array().into_iter().flatten();
        images.filter_map(|image| image["id"].as_str().map(str::to_owned)).collect()
    };
    let (before, tag) = shop.seen_by_admin(&mug).await;
    assert_eq!(order(&before), ids);
    let file = before["images"][0]["urls"]["large"].as_str().expect("an address").to_owned();

    let moved = put(&ids[2], &tag, json!({ "alt": "From above.", "position": 0 })).await.expect(200);
    assert_eq!(order(&moved.json()), [ids[2].as_str(), &ids[0], &ids[1]]);
    assert_eq!(
        (&moved.json()["images"][0]["alt"], &moved.json()["images"][2]["position"]),
        (&json!("From above."), &json!(2))
    );
    put(&ids[2], &tag, json!({ "position": 1 })).await.expect_problem(412, "version_mismatch");
    admin.put(&path(&ids[2]), &json!({ "position": 1 })).await.expect_problem(428, "if_match_required");
    let tag = moved.expect_header("etag").to_owned();
    put(&ids[2], &tag, json!({ "position": 3 }))
        .await
        .expect_problem(422, "validation_failed")
        .has_error_code("position_out_of_range");
    put("img_01kahr6y3wf1t8e9a5c2d7m4r0", &tag, json!({ "position": 0 })).await.expect_problem(404, "not_found");
    let undescribed = put(&ids[2], &tag, json!({ "position": 0 })).await.expect(200);
    assert_eq!(undescribed.json()["images"][0].get("alt"), None, "an omitted member should be empty");

    let tag = undescribed.expect_header("etag");
    admin.call(reqwest::Method::DELETE, &path(&ids[0])).header("If-Match", tag).send().await.expect(204);
    let (after, _) = shop.seen_by_admin(&mug).await;
    assert_eq!(order(&after), [ids[2].as_str(), &ids[1]]);
    assert_eq!(after["images"][1]["position"], 1);
    admin.get(&path(&ids[0])).await.expect_problem(404, "not_found");
    assert_eq!(shop.fetches(&file).await.0, 200, "the file should stay: another product may use it");
}
