//! Imports and exports.

use http_kit::openapi::{Access, Api};
use values::schema::JobId;

use crate::jobs::{ExportIn, ImportIn, JobOut};

const JOB: &str = "The id of the import or export.";
const STATE: &str = "The current state.";

pub(super) fn openapi(api: &mut Api) {
    api.operation("post", "/api/v1/products/imports", Access::Account, "importProducts", "Start an import")
        .describe(
            "Admins only. Upload the file with PUT to `upload`, with the headers in the answer; then the import starts by itself. \
             NDJSON: each line is a JSON object as in the body of `POST /products`. CSV: the first line names the columns `sku, \
             name, description, category, brand, tags, price, currency, compareAtPrice, taxClass, weight, maxPerOrder, stock, attributes, \
             options, variants`; tags are separated by `|`, prices are written as `12.99`, and the last three columns are JSON. An \
             existing SKU is updated if the line differs. Stock is set only if the line has it. At most 200 MB, and 256 KB for a \
             line.",
        )
        .idempotency_key(false)
        .body::<ImportIn>()
        .answer::<JobOut>(202, "The job waits for its file.")
        .done();
    api.operation("get", "/api/v1/products/imports/{id}", Access::Account, "getImport", "Read an import")
        .describe(
            "Admins only. If lines were rejected, a finished job has a `report`: the URL of a file with a JSON object for each \
             rejected line (`line`, `sku`, `code`, `field`, `message`). The job is stored for a week.",
        )
        .path_param::<JobId>("id", JOB)
        .answer::<JobOut>(200, STATE)
        .done();
    api.operation("post", "/api/v1/products/exports", Access::Account, "exportProducts", "Start an export")
        .describe(
            "Admins only. The file can be imported again. In CSV, a cell that a spreadsheet would read as a formula begins with an \
             apostrophe; an import removes it.",
        )
        .idempotency_key(false)
        .body::<ExportIn>()
        .answer::<JobOut>(202, "The job is queued.")
        .done();
    api.operation("get", "/api/v1/products/exports/{id}", Access::Account, "getExport", "Read an export")
        .describe("Admins only. When the job is done, `download` has a URL of the file. The job is stored for a week.")
        .path_param::<JobId>("id", JOB)
        .answer::<JobOut>(200, STATE)
        .done();
}
