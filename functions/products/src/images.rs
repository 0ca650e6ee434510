//! Routes of images: announce an upload, read its state, change and remove images. The uploads function processes the
//! file.

use aws_kit::{Idempotent, PresignedUrl};
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use catalog::{Alt, ImageOut, ImageRefusal, ImageStatus, ImageType, ImageUpload, Media, NewImage, UploadState};
use http::StatusCode;
use http_kit::{
    ApiResult, Authorized, IdempotencyKey, IfMatch, Json, Path, Replaceable, Replacement, idempotent_response,
};
use serde::{Deserialize, Serialize};
use values::permit::ManageProducts;
use values::{Clock, ImageId, ProductId, Result, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/{id}/images", post(announce))
        .route("/api/v1/products/{id}/images/{image}", get(show).put(change).delete(remove))
}

/// An image to upload: the body of `POST /products/{id}/images`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewImage"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ImageIn {
    #[cfg_attr(feature = "openapi", schemars(with = "ImageType"))]
    content_type: String,
    /// The exact size of the file in bytes.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = catalog::MAX_IMAGE_BYTES)))]
    bytes: u64,
    /// A description of the image for people who cannot see it.
    alt: Option<Alt>,
}

/// Where to upload the file, and until when.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "AnnouncedImage"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnnouncedOut {
    /// The id of the future image.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ImageId"))]
    image_id: ImageId,
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::PresignedRequest"))]
    upload: PresignedUrl,
    /// The time until the file can be uploaded.
    expires_at: Timestamp,
}

/// What can change of an image: the body of `PUT /products/{id}/images/{image}`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImageChange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageChangeIn {
    /// A description of the image. If it is left out, the image has none.
    alt: Option<Alt>,
    /// The position from 0. The other images move.
    #[cfg_attr(feature = "openapi", schemars(range(max = catalog::MAX_IMAGES - 1)))]
    position: u32,
}

impl Replaceable for ImageChangeIn {
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "width",
        "height",
        "urls",
        "imageId",
        "state",
        "reason",
        "message",
        "contentType",
        "bytes",
        "createdAt",
        "image",
    ];
}

/// The state of an image as clients see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImageUpload"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageStateOut {
    /// The id of the image.
    #[cfg_attr(feature = "openapi", schemars(with = "values::schema::ImageId"))]
    image_id: ImageId,
    state: UploadState,
    /// Why the upload was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ImageRefusal>,
    /// What is wrong with the upload and what to do, if it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// The announced content type. Stored for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<ImageType>,
    /// The announced size in bytes. Stored for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    /// The time of the announcement. Stored for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    /// The image in the product, when it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<ImageOut>,
    /// Its members again, because a PUT of this path has them at this place.
    #[serde(flatten)]
    members: Option<ImageOut>,
}

impl ImageStateOut {
    fn new(id: ImageId, status: ImageStatus, media: &Media) -> Self {
        let ImageStatus { upload, image } = status;
        let upload = upload.as_ref();
        let reason = upload.and_then(|upload| upload.reason);
        let image = image.map(|image| media.image_out(image));
        Self {
            image_id: id,
            state: upload.map_or(UploadState::Ready, |upload| upload.state),
            reason,
            message: reason.map(ImageRefusal::message),
            content_type: upload.map(|upload| upload.content_type),
            bytes: upload.map(|upload| upload.bytes),
            created_at: upload.map(|upload| upload.created_at),
            members: image.clone(),
            image,
        }
    }
}

async fn announce(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path(product): Path<ProductId>,
    key: IdempotencyKey,
    Json(body): Json<ImageIn>,
) -> ApiResult {
    let idempotency = key.of(&context.trace.actor.0, &format!("POST /products/{product}/images"), &body)?;
    let new = NewImage { content_type: body.content_type, bytes: body.bytes, alt: body.alt };
    let announced = state.products.announce_image(product, &new, &context.trace, idempotency.as_ref()).await?;
    let (Idempotent::Fresh(image) | Idempotent::Replayed(image)) = &announced;
    let upload = upload_url(&state, image).await?;
    Ok(idempotent_response(announced, |image| {
        let body = AnnouncedOut { image_id: image.id, upload, expires_at: image.upload_deadline() };
        (StatusCode::CREATED, Json(body))
    }))
}

async fn show(
    AxumState(state): AxumState<State>,
    _: Authorized<ManageProducts>,
    Path((product, image)): Path<(ProductId, ImageId)>,
) -> ApiResult {
    let status = state.products.image(product, image).await?;
    Ok(Json(ImageStateOut::new(image, status, &state.media)).into_response())
}

async fn change(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path((product, image)): Path<(ProductId, ImageId)>,
    if_match: IfMatch,
    body: Replacement<ImageChangeIn>,
) -> ApiResult {
    let version = if_match.required()?;
    let stored = async {
        let listing = state.products.read(product, &context.caller).await?;
        if_match.check("product", listing.product.version)?;
        let status = state.products.image(product, image).await?;
        Ok(ImageStateOut::new(image, status, &state.media))
    };
    let ImageChangeIn { alt, position } = body.checked(stored).await?;
    Ok(state
        .product_response(state.products.change_image(product, version, image, alt, position, &context.trace).await?))
}

async fn remove(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path((product, image)): Path<(ProductId, ImageId)>,
    if_match: IfMatch,
) -> ApiResult<StatusCode> {
    state.products.remove_image(product, if_match.required()?, image, &context.trace).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A presigned URL that is valid until the upload's deadline.
async fn upload_url(state: &State, upload: &ImageUpload) -> Result<PresignedUrl> {
    let left = upload.upload_deadline().seconds() - Clock::System.now().seconds();
    let (file, seconds) = (upload.file(), u64::try_from(left).unwrap_or(0).max(1));
    state.bucket.presign_put(&file, upload.content_type.as_str(), upload.bytes, seconds).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json, to_value};

    #[test]
    fn answer_has_the_members_of_a_change_and_read_only_ones() {
        let id: ImageId = Clock::System.mint();
        let image = json!({ "id": id, "alt": "A mug", "position": 1, "width": 4, "height": 3, "hash": "00" });
        let status = ImageStatus { upload: None, image: Some(from_value(image).unwrap()) };
        let answer = to_value(ImageStateOut::new(id, status, &Media::default())).unwrap();
        assert_eq!((&answer["image"]["position"], &answer["position"]), (&json!(1), &json!(1)));
        let mut change = answer.as_object().unwrap().clone();
        change.retain(|name, _| !ImageChangeIn::READ_ONLY.contains(&name.as_str()));
        let change: ImageChangeIn = from_value(Value::Object(change)).unwrap();
        assert_eq!((change.position, change.alt.is_some()), (1, true));
        let status = ImageStatus { upload: None, image: None };
        let answer = to_value(ImageStateOut::new(id, status, &Media::default())).unwrap();
        assert!(answer.get("position").is_none(), "{answer}");
    }
}
