//! How far the task is, and what it reports. Pure.

use serde::{Deserialize, Serialize};
use values::{Position, ProductId, Sku};

use crate::Category;

/// The most lines of each list of a report, so that its row stays small: DynamoDB stores at most 400 KB in a row.
const MAX_LINES: usize = 200;
/// A line that needs no decision is added only below this many lines, so that decisions find room.
const MAX_LINES_WITHOUT_DECISION: usize = 100;
/// The most tags of a line about merged tags.
const MAX_TAGS: usize = 5;
/// The most bytes of the list of categories, whose number of former keys has no limit.
const MAX_CATEGORY_BYTES: usize = 200 * 1024;
/// A page is interrupted by its products at most this many times.
const MAX_ATTEMPTS: u32 = 5;

/// What the task has done, and what an admin has to decide.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NormalizationReport {
    /// All rows were read.
    pub is_finished: bool,
    /// Products whose texts or category key were written in their form.
    pub products: u64,
    /// SKUs of earlier releases that were claimed in all letter cases.
    pub skus: u64,
    /// Products that could not be written. The log has the causes; restart the task to try them again.
    pub failed: u64,
    /// The categories that have keys of earlier releases.
    pub categories: Vec<FormerKeys>,
    /// What an admin has to decide.
    pub undecided: Vec<Undecided>,
    /// Lines that found no room in the lists.
    pub omitted: u64,
}

/// A category, and the keys of earlier releases that mean it today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerKeys {
    pub key: Category,
    pub former_keys: Vec<String>,
}

impl FormerKeys {
    /// About the bytes that it takes in the row.
    fn size(&self) -> usize {
        /// What a text takes beside its bytes.
        const OVERHEAD: usize = 4;
        let former: usize = self.former_keys.iter().map(|key| key.len() + OVERHEAD).sum();
        former + self.key.as_str().len() + OVERHEAD
    }
}

/// A contradiction that only an admin can solve, or a loss that an admin may want to know. Everything stays usable until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Undecided {
    /// Two SKUs differ in letter case only. `existing_sku` has the claim, which never ends. Archive the other one, or leave them.
    Sku { sku: Sku, product_id: ProductId, existing_sku: Sku, existing_product_id: ProductId },
    /// A field of a product names an option, a value or an attribute in two spellings. Replace the field.
    Spelling { product_id: ProductId, field: String, code: String },
    /// The category would have been below itself, so it is a root now. Move it to its place.
    Root { key: Category },
    /// With the category, the merged tree has more levels than allowed. Move it, or a category above or below it.
    Depth { key: Category },
    /// These tags of the product were other spellings of its other tags, and are gone. There is nothing to do, unless one was meant. A
    /// line has at most 5 tags, so a product can have several lines.
    MergedTags { product_id: ProductId, tags: Vec<String> },
}

impl Undecided {
    /// The lines about the merged tags of a product.
    pub(crate) fn merged_tags(product_id: ProductId, tags: &[String]) -> impl Iterator<Item = Self> {
        tags.chunks(MAX_TAGS).map(move |tags| Self::MergedTags { product_id, tags: tags.to_vec() })
    }

    /// Does an admin have to decide something? The loss of tags is only reported.
    fn needs_decision(&self) -> bool {
        !matches!(self, Self::MergedTags { .. })
    }
}

impl NormalizationReport {
    /// Adds a line, if there is room.
    pub(crate) fn add_undecided(&mut self, line: Undecided) {
        let max = if line.needs_decision() { MAX_LINES } else { MAX_LINES_WITHOUT_DECISION };
        match self.undecided.len() < max {
            true => self.undecided.push(line),
            false => self.omitted += 1,
        }
    }

    /// Sets the list of categories, as far as there is room.
    pub(crate) fn set_categories(&mut self, categories: Vec<FormerKeys>) {
        let (all, mut bytes) = (categories.len(), 0);
        let has_room = |line: &FormerKeys| {
            bytes += line.size();
            bytes <= MAX_CATEGORY_BYTES
        };
        self.categories = categories.into_iter().take(MAX_LINES).take_while(has_room).collect();
        self.omitted += (all - self.categories.len()) as u64;
    }
}

/// What the task does next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Step {
    /// Merge the next category.
    #[default]
    Categories,
    /// Read the next page of a shard's products.
    Products { shard: u8, after: Option<Position> },
    /// Nothing.
    Finished,
}

/// The row of the task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) step: Step,
    pub(crate) report: NormalizationReport,
    /// How often the page of this step was interrupted.
    #[serde(default)]
    pub(crate) attempts: u32,
    /// Goes up with each page. 0: there is no row yet.
    pub(crate) version: u64,
}

impl Progress {
    /// Continues behind a page of a shard.
    pub(crate) fn continue_behind(&mut self, shard: u8, next: Option<Position>) {
        self.attempts = 0;
        self.step = match next {
            Some(next) => Step::Products { shard, after: Some(next) },
            None if shard + 1 < crate::Catalog::SHARDS => Step::Products { shard: shard + 1, after: None },
            None => Step::Finished,
        };
        self.report.is_finished = self.step == Step::Finished;
    }

    /// Counts an interruption of the page, which is then read again. `failed` is the number of failures before the page: its failures
    /// are counted when it is read to its end.
    pub(crate) fn interrupt_page(&mut self, failed: u64) {
        self.attempts += 1;
        self.report.failed = failed;
    }

    /// May an outage or a concurrent update interrupt the page? Not for ever: a damaged product looks like that each time.
    pub(crate) fn has_attempts_left(&self) -> bool {
        self.attempts < MAX_ATTEMPTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn root() -> Undecided {
        Undecided::Root { key: Category::try_from("Tea".to_owned()).unwrap() }
    }

    #[test]
    fn all_shards_are_read_to_their_end() {
        let next = || Some(Position([("pk".to_owned(), "x".to_owned())].into()));
        let mut progress = Progress { step: Step::Products { shard: 0, after: None }, ..Progress::default() };
        progress.continue_behind(0, next());
        assert_eq!(progress.step, Step::Products { shard: 0, after: next() });
        for shard in 0..crate::Catalog::SHARDS {
            assert!(!progress.report.is_finished);
            progress.continue_behind(shard, None);
        }
        assert!(progress.report.is_finished && progress.step == Step::Finished);
    }

    #[test]
    fn report_is_bounded_and_counts_what_it_omits() {
        let mut report = NormalizationReport::default();
        (0..MAX_LINES + 3).for_each(|_| report.add_undecided(root()));
        let key = Category::try_from("tea".to_owned()).unwrap();
        report.set_categories(vec![FormerKeys { key, former_keys: vec!["Tea".to_owned()] }; MAX_LINES + 2]);
        assert_eq!((report.undecided.len(), report.categories.len(), report.omitted), (MAX_LINES, MAX_LINES, 5));
    }

    #[test]
    fn fullest_report_has_room_in_its_row() {
        // A character of four bytes, which is its own comparison form.
        let text = |characters: usize| "\u{20000}".repeat(characters);
        let product_id = values::Clock::System.mint();
        let merged: Vec<Undecided> = Undecided::merged_tags(product_id, &vec![text(50); 19]).collect();
        assert_eq!(merged.len(), 4, "no tag is left out");
        let field = format!("attributes.{}", text(64));
        let decision = Undecided::Spelling { product_id, field, code: "option_value_twice".to_owned() };
        let key = Category::try_from(text(64)).unwrap();
        let category = FormerKeys { key, former_keys: vec![text(64); 3] };
        let mut report = NormalizationReport::default();
        (0..MAX_LINES).for_each(|_| report.add_undecided(merged[0].clone()));
        assert_eq!((report.undecided.len(), report.omitted), (MAX_LINES_WITHOUT_DECISION, 100));
        (0..MAX_LINES).for_each(|_| report.add_undecided(decision.clone()));
        report.add_undecided(merged[0].clone());
        assert_eq!((report.undecided.len(), report.omitted), (MAX_LINES, 201), "decisions find room");
        report.set_categories(vec![category; MAX_LINES]);
        assert_eq!(report.categories.len() as u64 + report.omitted, 401);
        let bytes = serde_json::to_vec(&Progress { report, ..Progress::default() }).unwrap().len();
        assert!((300 * 1024..400 * 1024).contains(&bytes), "{bytes}");
    }

    #[test]
    fn page_is_interrupted_a_few_times_and_counts_its_failures_once() {
        let step = || Step::Products { shard: 0, after: None };
        let mut progress = Progress { step: step(), ..Progress::default() };
        progress.report.failed = 3;
        for _ in 0..MAX_ATTEMPTS {
            assert!(progress.has_attempts_left());
            progress.report.failed += 1;
            progress.interrupt_page(3);
        }
        assert!(!progress.has_attempts_left());
        assert_eq!((progress.report.failed, &progress.step), (3, &step()));
        progress.continue_behind(0, None);
        assert!(progress.has_attempts_left(), "the next page has its own attempts");
    }

    #[test]
    fn row_is_read_as_it_was_written() {
        let clock = values::Clock::System;
        let mut progress =
            Progress { step: Step::Products { shard: 2, after: None }, version: 7, ..Progress::default() };
        let (sku, existing_sku) = ("BUG-X".parse().unwrap(), "bug-x".parse().unwrap());
        let (product_id, existing_product_id) = (clock.mint(), clock.mint());
        progress.report.add_undecided(Undecided::Sku { sku, product_id, existing_sku, existing_product_id });
        progress.report.add_undecided(root());
        progress.report.add_undecided(Undecided::MergedTags { product_id, tags: vec!["tea".to_owned()] });
        let mut row = serde_json::to_value(&progress).unwrap();
        assert_eq!(row["report"]["undecided"][0]["existingSku"], "bug-x");
        assert_eq!(row["report"]["undecided"][1], json!({ "kind": "root", "key": "tea" }));
        let merged = json!({ "kind": "mergedTags", "productId": product_id, "tags": ["tea"] });
        assert_eq!(row["report"]["undecided"][2], merged);
        assert_eq!(serde_json::from_value::<Progress>(row.clone()).unwrap(), progress);
        row.as_object_mut().unwrap().remove("attempts");
        assert_eq!(serde_json::from_value::<Progress>(row).unwrap(), progress, "a row without attempts is read");
    }
}
