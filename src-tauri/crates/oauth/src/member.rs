//! The members of a JSON answer by their pointers (RFC 6901): where a recipe may look, without what stands there.

use serde_json::Value;

/// Members told of one answer.
const MOST: usize = 40;

/// How deep is looked.
const DEEPEST: usize = 6;

/// Characters from which on a text without spaces may be a token.
const TOKEN: usize = 20;

/// A text, a number or a truth value in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// RFC 6901.
    pub pointer: String,
    /// `text of 812 characters`, `number`, `true or false`, `null`.
    pub kind: String,
}

/// Every scalar of an answer, in its order; the first forty.
pub fn members(answer: &Value) -> Vec<Member> {
    let mut found = Vec::new();
    walk(answer, &mut String::new(), 0, &mut |pointer, value| {
        if found.len() < MOST {
            found.push(Member { pointer: pointer.to_owned(), kind: kind(value) });
        }
    });
    found
}

/// Whether any text in it may be a token: long and without a space, and no address.
pub fn may_hold_token(answer: &Value) -> bool {
    let mut held = false;
    walk(answer, &mut String::new(), 0, &mut |_, value| {
        let text = value.as_str().unwrap_or_default();
        held |= text.len() >= TOKEN && !text.contains(char::is_whitespace) && !text.starts_with("http");
    });
    held
}

fn walk(value: &Value, pointer: &mut String, depth: usize, told: &mut impl FnMut(&str, &Value)) {
    let before = pointer.len();
    match value {
        Value::Object(_) | Value::Array(_) if depth == DEEPEST => {}
        Value::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                walk(member, pointer, depth + 1, told);
                pointer.truncate(before);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(item, pointer, depth + 1, told);
                pointer.truncate(before);
            }
        }
        scalar => told(pointer, scalar),
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::String(text) => format!("text of {} characters", text.chars().count()),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "true or false".into(),
        Value::Null | Value::Array(_) | Value::Object(_) => "null".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MOST, may_hold_token, members};

    #[test]
    fn each_member_is_told_by_a_pointer_that_finds_it_and_never_by_its_value() {
        let answer = json!({"data": {"a/b": "secret-value", "m~n": 1, "list": [true, null]}});
        let found = members(&answer);
        let told: Vec<(&str, &str)> = found.iter().map(|m| (m.pointer.as_str(), m.kind.as_str())).collect();
        assert_eq!(
            told,
            [
                ("/data/a~1b", "text of 12 characters"),
                ("/data/m~0n", "number"),
                ("/data/list/0", "true or false"),
                ("/data/list/1", "null"),
            ],
            "RFC 6901 §4"
        );
        assert!(found.iter().all(|m| answer.pointer(&m.pointer).is_some()), "each is found again");
    }

    #[test]
    fn an_answer_of_any_size_and_depth_has_an_end() {
        let deep = (0..200).fold(json!("x"), |inner, _| json!([inner]));
        assert!(members(&deep).is_empty(), "too deep to be told");
        let wide = json!(vec!["x"; 10_000]);
        assert_eq!(members(&wide).len(), MOST);
    }

    #[test]
    fn long_texts_without_a_space_may_be_tokens() {
        assert!(may_hold_token(&json!({"data": {"t": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}})));
        for none in [
            json!({"error_description": "the client is not known here"}),
            json!({"url": "https://bank.example/a/long/path/of/help"}),
            json!({"error": "invalid_client", "code": 7}),
        ] {
            assert!(!may_hold_token(&none), "{none}");
        }
    }
}
