//! The attribute names in DynamoDB's expressions ("Using expressions in DynamoDB", DynamoDB Developer Guide).

use serde_json::Value;

/// The words of expressions that are not attributes. DynamoDB reserves them, so an attribute of such a name needs a placeholder.
const WORDS: [&str; 9] = ["SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"];

/// The attributes that an expression names, without what is nested in them.
pub(crate) fn top_level_names(expression: &str, names: &Value) -> Vec<String> {
    let tokens = tokens(expression);
    let is_name = |(index, token): &(usize, &str)| {
        token.starts_with(|c: char| c == '#' || c == '_' || c.is_ascii_alphabetic())
            && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(token))
            // A function, and a part of a path behind a dot.
            && tokens.get(index + 1) != Some(&"(")
            && (*index == 0 || tokens.get(index - 1) != Some(&"."))
    };
    tokens.iter().copied().enumerate().filter(is_name).map(|(_, token)| resolved(token, names).to_owned()).collect()
}

/// The placeholder of the value in `attribute = :value` of a key condition.
pub(crate) fn equal_value<'a>(request: &'a Value, attribute: &str) -> Option<&'a str> {
    let tokens = tokens(request["KeyConditionExpression"].as_str()?);
    let is_key = |name: &str| resolved(name, &request["ExpressionAttributeNames"]) == attribute;
    tokens.windows(3).find(|window| is_key(window[0]) && window[1] == "=" && window[2].starts_with(':')).map(|w| w[2])
}

fn resolved<'a>(token: &'a str, names: &'a Value) -> &'a str {
    names[token].as_str().unwrap_or(token)
}

/// Names, placeholders and numbers; every other character is a token of its own.
fn tokens(expression: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let start = first.len_utf8();
        let has_more = is_word(first) || matches!(first, '#' | ':');
        let end =
            if has_more { rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |at| start + at) } else { start };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_top_level_and_resolved() {
        let names = |expression| top_level_names(expression, &json!({ "#n": "name", "#s": "set" }));
        assert_eq!(
            names("SET #n = if_not_exists(#n, :zero) + :one, lines[0].qty = :q REMOVE #s"),
            ["name", "name", "lines", "set"]
        );
        assert_eq!(names("a<>:x and(b-c IN (:set, :d))"), ["a", "b", "c"]);
        assert_eq!(names(""), [""; 0]);
    }
}
