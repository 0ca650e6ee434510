//! Routes of images: announce an upload, read its state, change and remove images. The uploads function processes the
//! file.

use aws_kit::{Idempotent, PresignedUrl};
use axum::Router;
use axum::extract::State as AxumState;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use catalog::{Alt, ImageOut, ImageRefusal, ImageStatus, ImageType, ImageUpload, NewImage, UploadState};
use http::StatusCode;
use http_kit::{ApiResult, Authorized, IdempotencyKey, IfMatch, Json, Path, idempotent_response};
use serde::{Deserialize, Serialize};
use values::permit::ManageProducts;
use values::{Clock, ImageId, ProductId, Result, Timestamp};

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new()
        .route("/api/v1/products/{id}/images", post(announce))
        .route("/api/v1/products/{id}/images/{image}", get(show).put(change).delete(remove))
}

/// The body of `POST /products/{id}/images`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ImageIn {
    content_type: String,
    bytes: u64,
    alt: Option<Alt>,
}

/// Where to upload the file, and until when.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnnouncedOut {
    image_id: ImageId,
    upload: PresignedUrl,
    expires_at: Timestamp,
}

/// The body of `PUT /products/{id}/images/{image}`. Without `alt`, the text is removed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageChangeIn {
    alt: Option<Alt>,
    position: u32,
}

/// The state of an image in a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageStateOut {
    image_id: ImageId,
    state: UploadState,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ImageRefusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<ImageType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<ImageOut>,
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
    let ImageStatus { upload, image: shown } = state.products.image(product, image).await?;
    let upload = upload.as_ref();
    let found = ImageStateOut {
        image_id: image,
        state: upload.map_or(UploadState::Ready, |upload| upload.state),
        reason: upload.and_then(|upload| upload.reason),
        content_type: upload.map(|upload| upload.content_type),
        bytes: upload.map(|upload| upload.bytes),
        created_at: upload.map(|upload| upload.created_at),
        image: shown.map(|image| state.media.image_out(image)),
    };
    Ok(Json(found).into_response())
}

async fn change(
    AxumState(state): AxumState<State>,
    Authorized(context, _): Authorized<ManageProducts>,
    Path((product, image)): Path<(ProductId, ImageId)>,
    if_match: IfMatch,
    Json(body): Json<ImageChangeIn>,
) -> ApiResult {
    let (version, ImageChangeIn { alt, position }) = (if_match.required()?, body);
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
