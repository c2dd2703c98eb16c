//! Where two signature bases differ: by component, and of the signature's own parameters by name (RFC 9421 §2.5).

/// Names of lines and parameters that are not the same in both, in the order of the first base; empty where nothing differs.
pub(super) fn differences(left: &str, right: &str) -> Vec<String> {
    let (left, right) = (lines(left), lines(right));
    let mut differing = Vec::new();
    for (name, value) in &left {
        match right.iter().find(|(other, _)| other == name) {
            Some((_, other)) if other == value => {}
            Some((_, other)) if *name == "@signature-params" => {
                differing.extend(names(&parameters(value), &parameters(other)));
                // a component that only one covers is named by its own line
                let same_but_order =
                    sorted(components(value)) == sorted(components(other)) && components(value) != components(other);
                if same_but_order {
                    differing.push("the order of components".to_owned());
                }
            }
            Some(_) | None => differing.push((*name).to_owned()),
        }
    }
    differing.extend(
        right
            .iter()
            .filter(|(name, _)| !left.iter().any(|(other, _)| other == name))
            .map(|(name, _)| (*name).to_owned()),
    );
    let mut seen = Vec::new();
    differing.retain(|name| {
        !seen.contains(name) && {
            seen.push(name.clone());
            true
        }
    });
    differing
}

/// `"name";parameters: value`, one a line.
fn lines(base: &str) -> Vec<(&str, &str)> {
    base.lines()
        .filter_map(|line| {
            line.strip_prefix('"')?.split_once("\": ").or_else(|| line.strip_prefix('"')?.split_once(": "))
        })
        .collect()
}

fn components(value: &str) -> Vec<&str> {
    let list = value.trim_start_matches('(').split(')').next().unwrap_or_default();
    list.split(' ').collect()
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}

fn parameters(value: &str) -> Vec<(&str, &str)> {
    let after = value.rsplit_once(')').map_or("", |(_, after)| after);
    after.split(';').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, ""))).collect()
}

fn names(left: &[(&str, &str)], right: &[(&str, &str)]) -> Vec<String> {
    let differs = |(name, value): &&(&str, &str)| !right.iter().any(|(n, v)| n == name && v == value);
    let only_right = |(name, _): &&(&str, &str)| !left.iter().any(|(n, _)| n == name);
    let left_names = left.iter().filter(differs).map(|(name, _)| (*name).to_owned());
    left_names.chain(right.iter().filter(only_right).map(|(name, _)| (*name).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::differences;
    use crate::history::sample;

    #[test]
    fn differences_are_named_by_component_and_parameter() {
        let base = sample::signature().base;
        assert_eq!(differences(&base, &base), [""; 0]);
        let later = base.replace("1805275064", "1805275099");
        assert_eq!(differences(&base, &later), ["created"]);
        let other = later.replace("OWl0ZGlnZXN0", "b3RoZXI").replace("1a7674eb", "77aa0011");
        assert_eq!(differences(&base, &other), ["authorization", "content-digest", "created"]);
        let fewer = base.replace("\"content-digest\": sha-256=:OWl0ZGlnZXN0:\n", "").replace(" \"content-digest\"", "");
        assert_eq!(differences(&base, &fewer), ["content-digest"], "only one covers it");
        assert_eq!(differences(&fewer, &base), ["content-digest"]);
        let turned = base.replace("(\"@method\" \"@target-uri\"", "(\"@target-uri\" \"@method\"");
        assert_eq!(differences(&base, &turned), ["the order of components"]);
        let alg = base.replace(";keyid", ";alg=\"ed25519\";keyid");
        assert_eq!(differences(&base, &alg), ["alg"]);
    }
}
