//! Images.

use catalog::ProductOut;
use http_kit::openapi::{Access, Api};
use values::schema::{ImageId, ProductId};

use super::texts::{ARCHIVED, PRODUCT};
use crate::images::{AnnouncedOut, ImageChangeIn, ImageIn, ImageStateOut};

const IMAGE: &str = "The id of the image.";

pub(super) fn openapi(api: &mut Api) {
    api.operation("post", "/api/v1/products/{id}/images", Access::Account, "announceImage", "Announce an image")
        .describe(
            "Admins only. Upload the file with PUT to `upload` within 15 minutes, with the headers in the answer: `curl -T mug.jpg \
             -H 'content-type: image/jpeg' \"$url\"`. A file of another type or length is refused. The file is then validated, \
             rotated upright, converted into three sizes and added to the product, without its metadata. That takes about a second; \
             `GET /products/{id}/images/{image}` tells the result. JPEG, PNG or WebP; at most 10 MiB, 40 megapixels and 12,000 \
             pixels a side. Of an animation, only the first frame is used.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .idempotency_key(false)
        .body::<ImageIn>()
        .answer::<AnnouncedOut>(201, "The presigned URL for the upload.")
        .error(
            409,
            "`too_many_images`: a product has at most 20 images, including announced ones. `product_archived`.",
        )
        .error(
            422,
            "`validation_failed`, with codes such as `image_type_unsupported` and `image_size`; `idempotency_mismatch`.",
        )
        .done();
    let path = "/api/v1/products/{id}/images/{image}";
    api.operation("get", path, Access::Account, "readImage", "Read the status of an image")
        .describe("Admins only. A refused upload can be read for a day.")
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ImageId>("image", IMAGE)
        .answer::<ImageStateOut>(200, "The state of the image or of its upload.")
        .done();
    api.operation("put", path, Access::Account, "changeImage", "Describe and place an image")
        .describe(
            "Admins only. `If-Match` is the ETag of the product. What GET answers can be sent back, and so can the image as the \
             product shows it.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ImageId>("image", IMAGE)
        .if_match(true)
        .replacement::<ImageChangeIn>("ImageChange")
        .answer::<ProductOut>(200, "The product after the change.")
        .error(409, ARCHIVED)
        .error(422, "`validation_failed`, with codes such as `position_out_of_range`.")
        .done();
    api.operation("delete", path, Access::Account, "removeImage", "Remove an image")
        .describe(
            "Admins only. `If-Match` is the ETag of the product. The files stay, because another product may use the same files: \
             their names are digests of their content.",
        )
        .path_param::<ProductId>("id", PRODUCT)
        .path_param::<ImageId>("image", IMAGE)
        .if_match(true)
        .answer_empty(204, "The image is removed from the product.")
        .error(409, ARCHIVED)
        .done();
}
