//! A review: what a customer writes about a product that they received.

use std::fmt;

use serde::{Deserialize, Serialize};
use values::{
    Actor, Error, ProductId, Result, ReviewId, Sourced, Text, Timestamp, UserId, comparison_key, is_invisible,
    nfc_up_to,
};

pub(crate) const MAX_STARS: i64 = 5;
pub(crate) const MAX_REVIEW_LENGTH: usize = 5000;

/// 1 to 5 stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Stars(u8);

impl Stars {
    /// The number of stars.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<i64> for Stars {
    type Error = String;

    fn try_from(stars: i64) -> Result<Self, String> {
        let within = (1..=MAX_STARS).contains(&stars).then(|| u8::try_from(stars).ok()).flatten();
        within.map(Self).ok_or_else(|| format!("must be a whole number from 1 to {MAX_STARS}"))
    }
}

/// 1 to 5000 characters in NFC, trimmed, with line breaks. In input, invisible characters are rejected, except joiners: some scripts
/// and many emoji need them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Sourced<String>")]
pub struct ReviewText(String);

impl TryFrom<Sourced<String>> for ReviewText {
    type Error = String;

    fn try_from(text: Sourced<String>) -> Result<Self, String> {
        let is_hidden = |c: char| is_invisible(c) && !matches!(c, '\n' | '\r' | '\t');
        let (text, is_valid) = match text {
            Sourced::Input(written) => {
                // The spaces around it count, as `maxLength` of the API document says.
                let (text, is_short) = (written.trim(), written.chars().count() <= MAX_REVIEW_LENGTH);
                (text.to_owned(), is_short && !text.chars().any(is_hidden) && !comparison_key(text).is_empty())
            }
            Sourced::Stored(text) => (nfc_up_to(text.trim(), MAX_REVIEW_LENGTH).into_owned(), true),
        };
        match is_valid && (1..=MAX_REVIEW_LENGTH).contains(&text.chars().count()) {
            true => Ok(Self(text)),
            false => Err(format!("must be 1 to {MAX_REVIEW_LENGTH} visible characters")),
        }
    }
}

/// What a customer writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ReviewInput"))]
#[serde(deny_unknown_fields)]
pub struct ReviewContent {
    /// The number of stars.
    pub rating: Stars,
    /// A single line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<100>>,
    /// May have several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<ReviewText>,
}

/// Whether a review is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ReviewStatus"))]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Shown to all, and part of the rating.
    #[default]
    Visible,
    /// Shown to its author and to admins, and not part of the rating.
    Hidden,
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
        })
    }
}

/// The decision of an admin to hide a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderation {
    pub by: Actor,
    pub at: Timestamp,
    /// Its author can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
}

/// The row of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Sorts by time of posting.
    pub id: ReviewId,
    pub product_id: ProductId,
    /// The author. Responses never contain it.
    pub user_id: UserId,
    /// An object of its own, because it rejects unknown fields, and the row has more fields.
    #[serde(rename = "opinion")]
    pub content: ReviewContent,
    /// Exists while the review is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Moderation>,
    /// Goes up with each change.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Review {
    /// Is it shown or hidden?
    pub fn visibility(&self) -> Visibility {
        if self.hidden.is_some() { Visibility::Hidden } else { Visibility::Visible }
    }

    /// Did this account write it?
    pub fn is_by(&self, user: Option<UserId>) -> bool {
        user == Some(self.user_id)
    }

    /// The next version.
    pub(crate) fn next(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// What the review adds to the rating of its product.
    fn rating_change(&self) -> RatingChange {
        match self.visibility() {
            Visibility::Visible => RatingChange { sum: i64::from(self.content.rating.get()), count: 1 },
            Visibility::Hidden => RatingChange::default(),
        }
    }
}

/// A change of a product's rating.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RatingChange {
    /// Stars added.
    pub(crate) sum: i64,
    /// Reviews added.
    pub(crate) count: i64,
}

impl RatingChange {
    /// The change when `before` becomes `after`. `None` for a missing review: it is posted or deleted. Returns `None`
    /// if the rating stays the same.
    pub(crate) fn between(before: Option<&Review>, after: Option<&Review>) -> Option<Self> {
        let of = |review: Option<&Review>| review.map_or(Self::default(), Review::rating_change);
        let (before, after) = (of(before), of(after));
        let change = Self { sum: after.sum - before.sum, count: after.count - before.count };
        (change != Self::default()).then_some(change)
    }
}

/// The error for a review that does not exist, or that the caller may not see.
pub(crate) fn no_review() -> Error {
    Error::not_found("review")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use values::{Clock, read_json_value};

    pub(crate) fn review(stars: i64) -> Review {
        let clock = Clock::fixed(Timestamp::from_millis(1_764_000_000_000));
        let (id, product_id, user_id, now) = (clock.mint(), clock.mint(), clock.mint(), clock.now());
        let content = ReviewContent { rating: Stars::try_from(stars).unwrap(), title: None, text: None };
        Review { id, product_id, user_id, content, hidden: None, version: 1, created_at: now, updated_at: now }
    }

    fn content(body: Value) -> Result<ReviewContent> {
        read_json_value(body)
    }

    #[test]
    fn stars_are_whole_numbers_from_1_to_5() {
        for stars in 1..=5 {
            assert_eq!(content(json!({ "rating": stars })).unwrap().rating.get(), stars);
        }
        for bad in [json!(0), json!(6), json!(-1), json!(4.5), json!("5"), json!(null), json!(257), json!(i64::MAX)] {
            assert!(content(json!({ "rating": bad })).is_err(), "{bad} must be refused");
        }
        assert!(content(json!({})).is_err() && content(json!({ "rating": 5, "user": "me" })).is_err());
    }

    #[test]
    fn text_allows_lines_and_emoji_but_no_display_controls() {
        let read = |text: &str| content(json!({ "rating": 5, "text": text }));
        let family = "Fits us all \u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\n\n\tTwice.";
        assert_eq!(read(&format!("  {family}\r\n")).unwrap().text, Some(ReviewText(family.to_owned())));
        assert!(read(&"é".repeat(5000)).is_ok());
        assert_eq!(read("Cafe\u{301}").unwrap().text, Some(ReviewText("Café".to_owned())));
        for bad in [
            "",
            " \n ",
            "a\u{0}b",
            "a\u{1b}[2Jb",
            "a\u{202E}b",
            "a\u{61C}b",
            "a\u{200B}b",
            "\u{200D}",
            &"x".repeat(5001),
        ] {
            assert!(read(bad).is_err(), "{bad:?} must be refused");
        }
        let row: ReviewText = serde_json::from_value(json!("a\u{61c}Cafe\u{301}")).unwrap();
        assert_eq!(row, ReviewText("a\u{61c}Café".to_owned()), "what is stored stays readable");
        let titled = |title: &str| content(json!({ "rating": 5, "title": title }));
        assert!(titled("A good mug").is_ok());
        for bad in ["", "a\nb", &"x".repeat(101)] {
            assert!(titled(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn row_reads_back_with_its_keys() {
        let mut row = serde_json::to_value(review(4)).unwrap();
        assert_eq!(row["opinion"]["rating"], 4, "the name of the attribute must stay");
        row["gsi3pk"] = json!("REVIEWS#x");
        assert_eq!(serde_json::from_value::<Review>(row).unwrap(), review(4));
    }

    /// What can happen to a customer's review.
    #[derive(Debug, Clone)]
    enum Action {
        Post(i64),
        Change(i64),
        Hide,
        Show,
        Delete,
    }

    fn action() -> impl Strategy<Value = (usize, Action)> {
        let actions = prop_oneof![
            (1i64..=5).prop_map(Action::Post),
            (1i64..=5).prop_map(Action::Change),
            Just(Action::Hide),
            Just(Action::Show),
            Just(Action::Delete),
        ];
        (0usize..4, actions)
    }

    fn after(action: Action, before: Option<&Review>) -> Option<Review> {
        let rated = |stars, review: &Review| {
            let content = ReviewContent { rating: Stars::try_from(stars).unwrap(), ..review.content.clone() };
            Review { content, ..review.next(review.updated_at) }
        };
        let hidden = || Some(Moderation { by: Actor::system("test"), at: Timestamp::from_millis(0), reason: None });
        match (action, before) {
            (Action::Post(stars), None) => Some(review(stars)),
            (Action::Change(stars), Some(review)) => Some(rated(stars, review)),
            (Action::Hide, Some(review)) => Some(Review { hidden: hidden(), ..review.clone() }),
            (Action::Show, Some(review)) => Some(Review { hidden: None, ..review.clone() }),
            (Action::Delete, _) => None,
            (_, before) => before.cloned(),
        }
    }

    proptest! {
        #[test]
        fn sum_of_changes_is_the_sum_of_visible_reviews(actions in prop::collection::vec(action(), 0..60)) {
            let (mut reviews, mut rating) = (vec![None; 4], RatingChange::default());
            for (customer, action) in actions {
                let next = after(action, reviews[customer].as_ref());
                let change = RatingChange::between(reviews[customer].as_ref(), next.as_ref()).unwrap_or_default();
                rating = RatingChange { sum: rating.sum + change.sum, count: rating.count + change.count };
                reviews[customer] = next;
            }
            let shown: Vec<&Review> = reviews.iter().flatten().filter(|review| review.hidden.is_none()).collect();
            let sum = shown.iter().map(|review| i64::from(review.content.rating.get())).sum();
            prop_assert_eq!(rating, RatingChange { sum, count: shown.len() as i64 });
        }
    }
}
