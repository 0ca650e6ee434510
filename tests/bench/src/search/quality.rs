//! The quality of the first page: recall@10 and mean reciprocal rank (MRR) over judged queries.

use std::collections::HashSet;

/// The number of results that count.
pub(crate) const FIRST: usize = 10;

/// The score of one query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    pub(crate) recall: f64,
    pub(crate) reciprocal_rank: f64,
}

impl Score {
    /// Scores the results of an engine, the best result first.
    ///
    /// Recall@10: the relevant products among the first ten results, divided by the largest possible number of them.
    /// Reciprocal rank: 1 if the first result is relevant, 1/2 if the second is the first relevant one, and so on; 0 if
    /// none of the ten is relevant.
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

    /// The mean of several queries, each with the same weight.
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
    fn recall_is_relative_to_ten_places() {
        assert_eq!(score("a b c", "a b c"), (1.0, 1.0));
        assert_eq!(score("a x b", "a b c d"), (0.5, 1.0));
        assert_eq!(score("1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"), (1.0, 1.0));
        assert_eq!(score("x x x x x x x x x x a", "a"), (0.0, 0.0), "the eleventh result does not count");
        assert_eq!(score("", "a"), (0.0, 0.0));
        assert_eq!(score("a a", "a b"), (0.5, 1.0), "one product twice is one hit");
    }

    #[test]
    fn rank_is_that_of_the_first_relevant_result() {
        assert_eq!(score("x a b", "a b").1, 0.5);
        assert_eq!(score("x y z a", "a").1, 0.25);
    }

    #[test]
    fn queries_have_equal_weight() {
        let scores = [Score { recall: 1.0, reciprocal_rank: 1.0 }, Score { recall: 0.0, reciprocal_rank: 0.5 }];
        assert_eq!(Score::mean(&scores), Score { recall: 0.5, reciprocal_rank: 0.75 });
        assert_eq!(Score::mean(&[]), Score { recall: 0.0, reciprocal_rank: 0.0 });
    }
}
