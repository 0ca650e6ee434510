//! How good the first page is: recall@10 and the mean reciprocal rank, over judged queries.

use std::collections::HashSet;

/// Results of a first page that count.
pub(crate) const FIRST: usize = 10;

/// How one query fared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    pub(crate) recall: f64,
    pub(crate) reciprocal_rank: f64,
}

impl Score {
    /// Of what an engine found, best first.
    ///
    /// Recall@10: of as many relevant products as ten places can hold, how many stand there. Reciprocal rank: 1 if the first is
    /// relevant, 1/2 if the second is the first that is, and so on; 0 if none of the ten is.
    pub(crate) fn of(found: &[String], relevant: &HashSet<String>) -> Self {
        let first = &found[..found.len().min(FIRST)];
        let hits: HashSet<&String> = first.iter().filter(|sku| relevant.contains(*sku)).collect();
        let rank = first.iter().position(|sku| relevant.contains(sku));
        let possible = relevant.len().min(FIRST);
        Self {
            recall: if possible == 0 { 0.0 } else { hits.len() as f64 / possible as f64 },
            reciprocal_rank: rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64),
        }
    }

    /// Of several queries, each counting as much as any other.
    pub(crate) fn mean(scores: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| scores.iter().map(figure).sum::<f64>() / scores.len().max(1) as f64;
        Self { recall: of(|score| score.recall), reciprocal_rank: of(|score| score.reciprocal_rank) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(found: &str, relevant: &str) -> (f64, f64) {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let score = Score::of(&list(found), &list(relevant).into_iter().collect());
        (score.recall, score.reciprocal_rank)
    }

    #[test]
    fn recall_is_of_what_ten_places_can_hold() {
        assert_eq!(score("a b c", "a b c"), (1.0, 1.0));
        assert_eq!(score("a x b", "a b c d"), (0.5, 1.0));
        assert_eq!(score("1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"), (1.0, 1.0));
        assert_eq!(score("x x x x x x x x x x a", "a"), (0.0, 0.0), "the eleventh place is on no first page");
        assert_eq!(score("", "a"), (0.0, 0.0));
        assert_eq!(score("a a", "a b"), (0.5, 1.0), "one product twice is one hit");
    }

    #[test]
    fn the_rank_is_that_of_the_first_relevant_one() {
        assert_eq!(score("x a b", "a b").1, 0.5);
        assert_eq!(score("x y z a", "a").1, 0.25);
    }

    #[test]
    fn queries_count_alike() {
        let scores = [Score { recall: 1.0, reciprocal_rank: 1.0 }, Score { recall: 0.0, reciprocal_rank: 0.5 }];
        assert_eq!(Score::mean(&scores), Score { recall: 0.5, reciprocal_rank: 0.75 });
        assert_eq!(Score::mean(&[]), Score { recall: 0.0, reciprocal_rank: 0.0 });
    }
}
