//! Categories.

use catalog::Category;
use http_kit::openapi::{Access, Api};

use super::texts::ADMINS;
use crate::categories::{CategoryOut, CreateIn, ReplaceIn, TreeOut};

const KEY: &str = "The key of the category.";
const MOVED: &str = "The path has another spelling of the key, in letter case or Unicode form. `Location` has the key.";

pub(super) fn openapi(api: &mut Api) {
    let path = "/api/v1/categories";
    api.operation("get", path, Access::Optional, "listCategories", "List categories")
        .describe(
            "The category tree. Siblings are ordered by `position`, then by name. At most some seconds old; admins get the current \
             tree.",
        )
        .if_none_match()
        .answer::<TreeOut>(200, "The root categories, each with all categories below it.")
        .done();
    api.operation("post", path, Access::Account, "createCategory", "Create a category")
        .describe(
            "Admins only. A product that names an unknown category creates it too: a root category, named as the product writes it. Keys \
             are compared without letter case and in one Unicode form (NFKC_Casefold), and stored so: `Café` and `CAFÉ` are the category \
             `café`.",
        )
        .body::<CreateIn>()
        .answer::<CategoryOut>(201, "It is created.")
        .error(
            409,
            "`category_exists`, `category_too_deep` (at most 6 levels), `too_many_categories` (at most 1,000) or \
             `too_many_concurrent_updates`.",
        )
        .done();
    let path = "/api/v1/categories/{key}";
    api.operation("get", path, Access::Optional, "readCategory", "Read a category")
        .describe("At most some seconds old; admins get the current category.")
        .path_param::<Category>("key", KEY)
        .if_none_match()
        .answer::<CategoryOut>(200, "The category.")
        .answer_empty(308, MOVED)
        .header(308, "Location")
        .done();
    api.operation("put", path, Access::Account, "replaceCategory", "Change a category")
        .describe(
            "Admins only. The categories below move with it; no product changes. `If-Match` is the `version` of the category in \
             quotes.",
        )
        .path_param::<Category>("key", KEY)
        .if_match(true)
        .replacement::<ReplaceIn>("CategoryUpdate")
        .answer::<CategoryOut>(200, "The result of the change.")
        .answer_empty(308, MOVED)
        .header(308, "Location")
        .error(
            409,
            "`category_cycle`: the new parent is this category or below it; `category_too_deep`; `too_many_concurrent_updates`.",
        )
        .done();
    api.operation("delete", path, Access::Account, "deleteCategory", "Remove an empty category")
        .describe(ADMINS)
        .path_param::<Category>("key", KEY)
        .if_match(true)
        .answer_empty(204, "The category is removed.")
        .answer_empty(308, MOVED)
        .header(308, "Location")
        .error(409, "`category_in_use`: it has subcategories or products; `too_many_concurrent_updates`.")
        .done();
}
