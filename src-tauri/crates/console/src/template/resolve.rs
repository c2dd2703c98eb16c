//! Looks templates up, layer by layer, and says where each value came from.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use countersign_evidence::{Fact, Problem};

use super::error::Error;
use super::scan::{Piece, pieces};

/// Variables in variables at most.
const DEEPEST: usize = 8;
/// The largest text made.
const LARGEST: usize = 64 * 1024 * 1024;

/// Variables looked up for one text at most.
const MOST: usize = 100_000;

/// Variables that come from one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// Where they come from, in words: `from environment Local`.
    pub provenance: String,
    /// Names and values; the first of a name counts.
    pub values: Vec<(String, String)>,
}

/// Makes a value each time it is asked.
type Make = Arc<dyn Fn() -> String + Send + Sync>;

/// Where names are looked up: layers, the nearest first, and what is made anew.
#[derive(Clone)]
pub struct Scope {
    layers: Vec<Layer>,
    captured: Option<(usize, Layer)>,
    uuid: Make,
    timestamp: Make,
}

impl Scope {
    /// Over these layers, the nearest first. `uuid` answers `{{$uuid}}`, `timestamp` answers `{{$timestamp}}`.
    pub fn new(
        layers: Vec<Layer>,
        uuid: impl Fn() -> String + Send + Sync + 'static,
        timestamp: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self { layers, captured: None, uuid: Arc::new(uuid), timestamp: Arc::new(timestamp) }
    }

    /// Adds values captured from responses, behind the first `after` layers. They are a peer's text: templates in
    /// them stay text.
    #[must_use]
    pub fn with_captured(mut self, after: usize, values: Vec<(String, String)>) -> Self {
        self.captured = Some((after, Layer { provenance: "captured in this run".into(), values }));
        self
    }

    /// The value of a name, where it came from, and whether templates in it count.
    fn find(&self, name: &str) -> Option<(&str, &str, bool)> {
        let value = |layer: &Layer| layer.values.iter().position(|(known, _)| known == name);
        let captured = |at: usize| self.captured.as_ref().filter(|(after, _)| (*after).min(self.layers.len()) == at);
        for at in 0..=self.layers.len() {
            if let Some((_, layer)) = captured(at)
                && let Some(index) = value(layer)
            {
                return Some((&layer.values[index].1, &layer.provenance, false));
            }
            if let Some(layer) = self.layers.get(at)
                && let Some(index) = value(layer)
            {
                return Some((&layer.values[index].1, &layer.provenance, true));
            }
        }
        None
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("layers", &self.layers).field("captured", &self.captured).finish_non_exhaustive()
    }
}

/// A secret that is wanted in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretReference {
    /// Which credential.
    pub credential: String,
    /// Which of its slots.
    pub slot: String,
    /// The marker's place in the resolved text, in bytes.
    pub range: Range<usize>,
}

/// A text with its templates resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The text; what has no value, and what is a secret, stands in it as written.
    pub text: String,
    /// Where each template got its value: name = template, value = provenance in words.
    pub used: Vec<Fact>,
    /// Templates that have no value, once each.
    pub unresolved: Vec<String>,
    /// Secrets wanted, with the place of their markers.
    pub secrets: Vec<SecretReference>,
}

/// Resolves the templates of a text.
///
/// # Errors
/// `usage.variable_cycle`, `usage.variable_depth`, `usage.variable_size`.
pub fn resolve(text: &str, scope: &Scope) -> Result<Resolved, Problem> {
    let mut run = Run { scope, made: Resolved::default(), path: Vec::new(), looked_up: 0 };
    run.expand(text).map_err(|error| error.problem())?;
    Ok(run.made)
}

struct Run<'a> {
    scope: &'a Scope,
    made: Resolved,
    /// Variables that are being expanded, the outermost first.
    path: Vec<&'a str>,
    looked_up: usize,
}

impl<'a> Run<'a> {
    fn expand(&mut self, text: &'a str) -> Result<(), Error> {
        for piece in pieces(text) {
            match piece {
                Piece::Builtin { name, raw } => match name {
                    "$uuid" => self.make(name, "made anew for each use", &Arc::clone(&self.scope.uuid))?,
                    "$timestamp" => self.make(name, "the present time", &Arc::clone(&self.scope.timestamp))?,
                    _ => self.unresolved(name, raw)?,
                },
                Piece::Literal(text) => self.push(text)?,
                Piece::Secret { credential, slot, raw } => {
                    let start = self.made.text.len();
                    self.push(raw)?;
                    let range = start..self.made.text.len();
                    self.made.secrets.push(SecretReference {
                        credential: credential.to_owned(),
                        slot: slot.to_owned(),
                        range,
                    });
                }
                Piece::Variable { name, raw } => self.variable(name, raw)?,
            }
        }
        Ok(())
    }

    fn variable(&mut self, name: &'a str, raw: &str) -> Result<(), Error> {
        let scope = self.scope;
        let Some((value, provenance, templates)) = scope.find(name) else { return self.unresolved(name, raw) };
        let names = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect();
        if let Some(start) = self.path.iter().position(|known| *known == name) {
            self.path.push(name);
            return Err(Error::Cycle { names: names(&self.path[start..]) });
        }
        self.looked_up += 1;
        if self.looked_up > MOST {
            return Err(Error::TooMany { limit: MOST });
        }
        self.path.push(name);
        if self.path.len() > DEEPEST {
            return Err(Error::TooDeep { names: names(&self.path) });
        }
        self.used(name, provenance);
        if templates {
            self.expand(value)?
        } else {
            self.push(value)?
        }
        self.path.pop();
        Ok(())
    }

    fn make(&mut self, name: &str, provenance: &str, make: &Make) -> Result<(), Error> {
        self.used(name, provenance);
        let made = make();
        self.push(&made)
    }

    fn used(&mut self, name: &str, provenance: &str) {
        if !self.made.used.iter().any(|fact| fact.name == name) {
            self.made.used.push(Fact::new(name, provenance));
        }
    }

    fn unresolved(&mut self, name: &str, raw: &str) -> Result<(), Error> {
        if !self.made.unresolved.iter().any(|known| known == name) {
            self.made.unresolved.push(name.to_owned());
        }
        self.push(raw)
    }

    fn push(&mut self, text: &str) -> Result<(), Error> {
        if self.made.text.len() + text.len() > LARGEST {
            return Err(Error::TooLarge { limit: LARGEST });
        }
        self.made.text.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::{Layer, Resolved, Scope, resolve};

    fn layer(provenance: &str, values: &[(&str, &str)]) -> Layer {
        Layer {
            provenance: provenance.into(),
            values: values.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        }
    }

    fn scope(values: &[(&str, &str)]) -> Scope {
        over(vec![layer("from environment Local", values)])
    }

    fn over(layers: Vec<Layer>) -> Scope {
        let next = AtomicU32::new(1);
        Scope::new(layers, move || format!("uuid-{}", next.fetch_add(1, Ordering::Relaxed)), || "1800000000".into())
    }

    fn facts(resolved: &Resolved) -> Vec<(&str, &str)> {
        resolved.used.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect()
    }

    #[test]
    fn the_nearest_layer_wins_and_is_named() {
        let scope = over(vec![
            layer("given with --var", &[("a", "1")]),
            layer("from environment Local", &[("a", "2"), ("base_url", "{{gateway.api}}/v1")]),
            layer("the local gateway", &[("gateway.api", "https://localhost:8443")]),
        ]);
        let resolved = resolve("{{base_url}}/x?a={{a}}", &scope).unwrap();
        assert_eq!(resolved.text, "https://localhost:8443/v1/x?a=1");
        let wanted =
            [("base_url", "from environment Local"), ("gateway.api", "the local gateway"), ("a", "given with --var")];
        assert_eq!(facts(&resolved), wanted);
    }

    #[test]
    fn variables_use_variables_eight_deep() {
        let chain: Vec<(String, String)> = (1..=9)
            .map(|n| (format!("v{n}"), if n == 9 { "end".into() } else { format!("{{{{v{}}}}}", n + 1) }))
            .collect();
        let chain: Vec<(&str, &str)> = chain.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let scope = scope(&chain);
        assert_eq!(resolve("{{v2}}", &scope).unwrap().text, "end", "eight of them");
        let problem = resolve("{{v1}}", &scope).unwrap_err();
        assert_eq!(problem.code, "usage.variable_depth");
        assert!(
            problem.detail.starts_with("{{v1}} uses {{v2}}") && problem.detail.ends_with("{{v9}}"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn a_cycle_is_named_from_the_variable_to_itself() {
        let problem = resolve("x{{a}}", &scope(&[("a", "{{b}}"), ("b", "{{c}}"), ("c", "{{b}}")])).unwrap_err();
        assert_eq!(
            (problem.code.as_str(), problem.detail.as_str()),
            ("usage.variable_cycle", "{{b}} uses {{c}} uses {{b}}")
        );
        assert_eq!(resolve("{{a}}", &scope(&[("a", "{{a}}")])).unwrap_err().detail, "{{a}} uses {{a}}");
    }

    #[test]
    fn what_has_no_value_is_listed_once_and_stays_as_written() {
        let resolved = resolve("{{ x }}{{x}}{{gateway.api}}{{$nope}}{{a}}", &scope(&[("a", "{{y}}")])).unwrap();
        assert_eq!(resolved.unresolved, ["x", "gateway.api", "$nope", "y"]);
        assert_eq!(resolved.text, "{{ x }}{{x}}{{gateway.api}}{{$nope}}{{y}}");
    }

    #[test]
    fn ids_and_times_are_made_by_what_was_given() {
        let resolved = resolve("{{$uuid}} {{$uuid}} {{$timestamp}}", &scope(&[])).unwrap();
        assert_eq!(resolved.text, "uuid-1 uuid-2 1800000000", "each use anew");
        assert_eq!(facts(&resolved), [("$uuid", "made anew for each use"), ("$timestamp", "the present time")]);
    }

    #[test]
    fn a_secret_is_a_place_and_never_a_value() {
        let resolved =
            resolve("Basic {{auth}}, é{{secret:a/b}}", &scope(&[("auth", "{{secret:demo-client/api_key}}")])).unwrap();
        assert_eq!(resolved.text, "Basic {{secret:demo-client/api_key}}, é{{secret:a/b}}");
        let found: Vec<(&str, &str, &str)> = resolved
            .secrets
            .iter()
            .map(|s| (s.credential.as_str(), s.slot.as_str(), &resolved.text[s.range.clone()]))
            .collect();
        assert_eq!(found, [("demo-client", "api_key", "{{secret:demo-client/api_key}}"), ("a", "b", "{{secret:a/b}}")]);
    }

    #[test]
    fn templates_in_a_peer_s_text_stay_text() {
        let scope = over(vec![
            layer("given with --var", &[("given", "1")]),
            layer("from environment Local", &[("id", "other")]),
        ])
        .with_captured(1, vec![("id".into(), "{{secret:a/b}}{{given}}".into()), ("given".into(), "2".into())]);
        let resolved = resolve("{{id}} {{given}}", &scope).unwrap();
        assert_eq!(resolved.text, "{{secret:a/b}}{{given}} 1", "captured before the environment, behind --var");
        assert_eq!(resolved.secrets, [], "a response cannot ask for a secret");
    }

    #[test]
    fn variables_that_multiply_are_bounded() {
        let ten = |name: &str| format!("{{{{{name}}}}}").repeat(200);
        let (a, b, c, d) = (ten("b"), ten("c"), ten("d"), "x".repeat(1000));
        let problem = resolve("{{a}}", &scope(&[("a", &a), ("b", &b), ("c", &c), ("d", &d)])).unwrap_err();
        assert_eq!(problem.code, "usage.variable_size");
        let problem = resolve("{{a}}", &scope(&[("a", &a), ("b", &b), ("c", &c), ("d", "")])).unwrap_err();
        assert_eq!(problem.code, "usage.variable_size", "also where they make nothing");
    }

    #[test]
    fn text_without_templates_passes_byte_for_byte() {
        let text = "{\r\n  \"a\": \"{{#each}}\", \u{feff}\"b\": {}}}\u{0}";
        assert_eq!(resolve(text, &scope(&[])).unwrap(), Resolved { text: text.into(), ..Resolved::default() });
    }
}
