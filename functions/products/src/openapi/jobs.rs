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
             options, variants`, in any case; tags are separated by `|`, and the last three columns are JSON. Cells end at commas, \
             semicolons or tabs, the same in the whole file. Prices are written as `12.99`, and in a file with semicolons or tabs also as \
             `12,99`; a price with a separator that could stand between thousands, such as `1.234,50`, is rejected. Rows without \
             content are skipped. The file must be UTF-8. A line replaces the product, except its stock: a value that the line does not \
             have is removed. Stock is set only if the line has it. Images stay. At most 200 MB, and 256 KB for a line.",
        )
        .idempotency_key(false)
        .body::<ImportIn>()
        .answer::<JobOut>(202, "The job waits for its file.")
        .error(422, "`validation_failed`, with codes such as `file_too_large` and `not_csv`; `idempotency_mismatch`.")
        .done();
    api.operation("get", "/api/v1/products/imports/{id}", Access::Account, "getImport", "Read an import")
        .describe(
            "Admins only. If lines were rejected, a finished job has a `report`: the URL of a file with a JSON object for each \
             rejected line (`line`, `sku`, `code`, `field`, `message`). `sku` is null if it cannot be read, and `field` if the whole line \
             is at fault. The job is stored for a week.",
        )
        .path_param::<JobId>("id", JOB)
        .answer::<JobOut>(200, STATE)
        .done();
    api.operation("post", "/api/v1/products/exports", Access::Account, "exportProducts", "Start an export")
        .describe(
            "Admins only. The file can be imported again. In CSV, a cell that a spreadsheet would read as a formula begins with an \
             apostrophe; an import removes it. An import of the file sets the stock again. Remove the stock from the file \
             if products are sold meanwhile.",
        )
        .idempotency_key(false)
        .body::<ExportIn>()
        .answer::<JobOut>(202, "The job is queued.")
        .error(422, "`validation_failed`, with the code `not_csv` of `excel`; `idempotency_mismatch`.")
        .done();
    api.operation("get", "/api/v1/products/exports/{id}", Access::Account, "getExport", "Read an export")
        .describe("Admins only. When the job is done, `download` has a URL of the file. The job is stored for a week.")
        .path_param::<JobId>("id", JOB)
        .answer::<JobOut>(200, STATE)
        .done();
}
