//! Arrays edited in place. What stands between two elements belongs to them: a comment behind the comma to the
//! element before it, whole lines to the element below. So an element keeps its comments when others come and go.

use toml_edit::{Array, Value};

/// What two lists are compared and joined with.
pub(crate) struct Plan<'a, T> {
    /// Whether an element is already what is wanted.
    pub(crate) same: &'a dyn Fn(&Value, &T) -> bool,
    /// Whether an element would become it by an edit.
    pub(crate) kin: &'a dyn Fn(&Value, &T) -> bool,
    /// The edit.
    pub(crate) edit: &'a dyn Fn(&mut Value, &T),
    /// A new element.
    pub(crate) make: &'a dyn Fn(&T) -> Value,
    /// Whether a list made anew stands on one line.
    pub(crate) one_line: bool,
}

/// An element with what belongs to it.
struct Element {
    lead: String,
    value: Value,
    /// A comment behind its comma.
    tail: String,
}

/// More comparisons than this are not made: elements are then joined by their place.
const COMPARISONS: usize = 1_000_000;

impl<T> Plan<'_, T> {
    /// Makes the array hold what is wanted; where it does already, nothing is touched.
    pub(crate) fn apply(&self, array: &mut Array, wanted: &[T]) {
        let values: Vec<Value> = array.iter().cloned().collect();
        if values.len() == wanted.len() && values.iter().zip(wanted).all(|(value, want)| (self.same)(value, want)) {
            return;
        }
        let (opening, elements, end) = elements(array);
        let several_lines =
            if elements.is_empty() { !self.one_line } else { elements.iter().any(|e| e.lead.contains('\n')) };
        let several_lines = several_lines || opening.contains('#') || end.contains('\n');
        let new_lead = match elements.iter().find(|e| e.lead.contains('\n')) {
            Some(element) => format!("\n{}", element.lead.rsplit('\n').next().unwrap_or_default()),
            None if several_lines => "\n  ".to_owned(),
            None => " ".to_owned(),
        };
        let places = self.aligned(&values, wanted);
        let mut old: Vec<Option<Element>> = elements.into_iter().map(Some).collect();
        let mut made: Vec<Element> = Vec::with_capacity(wanted.len());
        for (want, place) in wanted.iter().zip(places) {
            match place.and_then(|at| old.get_mut(at)).and_then(Option::take) {
                Some(mut element) => {
                    if !(self.same)(&element.value, want) {
                        (self.edit)(&mut element.value, want);
                    }
                    made.push(element);
                }
                None => made.push(Element { lead: new_lead.clone(), value: (self.make)(want), tail: String::new() }),
            }
        }
        let comma = several_lines || array.trailing_comma();
        let end = if several_lines && !end.contains('\n') { format!("{end}\n") } else { end };
        write(array, opening, made, &end, comma);
    }

    /// For each wanted one, which present element becomes it.
    fn aligned(&self, values: &[Value], wanted: &[T]) -> Vec<Option<usize>> {
        let mut places = vec![None; wanted.len()];
        let start = values.iter().zip(wanted).take_while(|(v, w)| (self.same)(v, w)).count();
        let end = values[start..]
            .iter()
            .rev()
            .zip(wanted[start..].iter().rev())
            .take_while(|(v, w)| (self.same)(v, w))
            .count();
        for (at, place) in places.iter_mut().enumerate().take(start) {
            *place = Some(at);
        }
        for back in 1..=end {
            places[wanted.len() - back] = Some(values.len() - back);
        }
        let (old, new) = (&values[start..values.len() - end], &wanted[start..wanted.len() - end]);
        if old.len().saturating_mul(new.len()) > COMPARISONS {
            for at in 0..old.len().min(new.len()) {
                places[start + at] = (self.kin)(&old[at], &new[at]).then_some(start + at);
            }
            return places;
        }
        for (from, to) in self.common(old, new) {
            places[start + to] = Some(start + from);
        }
        places
    }

    /// The longest run of kin elements in both orders; equal ones count more than those that need an edit.
    fn common(&self, old: &[Value], new: &[T]) -> Vec<(usize, usize)> {
        let score = |v: &Value, w: &T| match ((self.same)(v, w), (self.kin)(v, w)) {
            (true, _) => 3_u32,
            (false, true) => 2,
            (false, false) => 0,
        };
        let width = new.len() + 1;
        let mut best = vec![0_u32; (old.len() + 1) * width];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                let here = score(&old[i], &new[j]);
                let joined = if here > 0 { here + best[(i + 1) * width + j + 1] } else { 0 };
                best[i * width + j] = joined.max(best[(i + 1) * width + j]).max(best[i * width + j + 1]);
            }
        }
        let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
        while i < old.len() && j < new.len() {
            let here = score(&old[i], &new[j]);
            if here > 0 && best[i * width + j] == here + best[(i + 1) * width + j + 1] {
                pairs.push((i, j));
                (i, j) = (i + 1, j + 1);
            } else if best[(i + 1) * width + j] >= best[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
        pairs
    }
}

/// What stands behind the opening bracket, the elements with what belongs to each, and what stands before the closing one.
fn elements(array: &Array) -> (String, Vec<Element>, String) {
    let (mut opening, mut elements, mut before) =
        (String::new(), Vec::<Element>::with_capacity(array.len()), String::new());
    for value in array.iter() {
        let prefix = value.decor().prefix().and_then(|p| p.as_str());
        let gap = match prefix {
            Some(prefix) => format!("{before}{prefix}"),
            None if elements.is_empty() => before.clone(),
            None => format!("{before} "),
        };
        let tail = elements.last_mut().map_or(&mut opening, |last| &mut last.tail);
        let lead = split(&gap, tail);
        before = value.decor().suffix().and_then(|s| s.as_str()).unwrap_or_default().to_owned();
        elements.push(Element { lead, value: value.clone(), tail: String::new() });
    }
    let gap = format!("{before}{}", array.trailing().as_str().unwrap_or_default());
    let tail = elements.last_mut().map_or(&mut opening, |last| &mut last.tail);
    let end = split(&gap, tail);
    (opening, elements, end)
}

/// A gap's first line belongs to what stands before it, where there are several lines.
fn split(gap: &str, tail: &mut String) -> String {
    match gap.find('\n') {
        Some(newline) => {
            gap[..newline].clone_into(tail);
            gap[newline..].to_owned()
        }
        None => gap.to_owned(),
    }
}

fn write(array: &mut Array, opening: String, elements: Vec<Element>, end: &str, comma: bool) {
    array.clear();
    let mut tail = opening;
    for (at, element) in elements.into_iter().enumerate() {
        let mut lead = element.lead;
        if tail.contains('#') && !lead.contains('\n') {
            lead = format!("\n{lead}");
        } else if at == 0 && !lead.contains('\n') {
            lead = lead.trim_start().to_owned();
        } else if lead.is_empty() {
            lead = " ".to_owned();
        }
        let mut value = element.value;
        value.decor_mut().set_prefix(format!("{tail}{lead}"));
        value.decor_mut().set_suffix("");
        array.push_formatted(value);
        tail = element.tail;
    }
    array.set_trailing_comma(comma && !array.is_empty());
    array.set_trailing(format!("{tail}{end}"));
}

#[cfg(test)]
mod tests {
    use toml_edit::{DocumentMut, Value};

    use super::Plan;

    /// Pairs joined by their first element.
    fn changed(before: &str, wanted: &[(&str, &str)]) -> String {
        let part = |value: &Value, at: usize| {
            value.as_array().and_then(|a| a.get(at)).and_then(Value::as_str).map(ToOwned::to_owned)
        };
        let mut document: DocumentMut = before.parse().unwrap();
        let plan = Plan {
            same: &|value, want: &(&str, &str)| {
                part(value, 0).as_deref() == Some(want.0) && part(value, 1).as_deref() == Some(want.1)
            },
            kin: &|value, want| part(value, 0).as_deref() == Some(want.0),
            edit: &|value, want| {
                if let Some(second) = value.as_array_mut().and_then(|a| a.get_mut(1)) {
                    super::super::edit::put(second, want.1.into());
                }
            },
            make: &|want| [want.0, want.1].into_iter().collect(),
            one_line: false,
        };
        plan.apply(document["f"].as_array_mut().unwrap(), wanted);
        document.to_string()
    }

    const BEFORE: &str = "f = [ # ordered\n  [\"a\", \"1\"],   # first\n\n  # about b\n  ['b', \"2\"], # second\n  [\"c\", \"3\"],\n  # the end\n] # done\n";

    #[test]
    fn nothing_changes_where_nothing_differs() {
        assert_eq!(changed(BEFORE, &[("a", "1"), ("b", "2"), ("c", "3")]), BEFORE);
    }

    #[test]
    fn one_value_changes_alone() {
        assert_eq!(changed(BEFORE, &[("a", "1"), ("b", "9"), ("c", "3")]), BEFORE.replace("\"2\"", "\"9\""));
    }

    #[test]
    fn an_element_goes_with_its_own_comments() {
        let after = changed(BEFORE, &[("a", "1"), ("c", "3")]);
        assert_eq!(after, "f = [ # ordered\n  [\"a\", \"1\"],   # first\n  [\"c\", \"3\"],\n  # the end\n] # done\n");
        let after = changed(BEFORE, &[("b", "2")]);
        assert_eq!(after, "f = [ # ordered\n\n  # about b\n  ['b', \"2\"], # second\n  # the end\n] # done\n");
    }

    #[test]
    fn an_element_comes_on_a_line_of_its_own() {
        let after = changed(BEFORE, &[("a", "1"), ("b", "2"), ("new", "0"), ("c", "3"), ("last", "4")]);
        let wanted = BEFORE
            .replace("# second\n", "# second\n  [\"new\", \"0\"],\n")
            .replace("\"3\"],\n", "\"3\"],\n  [\"last\", \"4\"],\n");
        assert_eq!(after, wanted);
    }

    #[test]
    fn elements_that_change_places_keep_their_comments() {
        let after = changed(BEFORE, &[("b", "2"), ("a", "1"), ("c", "3")]);
        assert!(after.contains("['b', \"2\"], # second\n") || after.contains("[\"a\", \"1\"],   # first\n"), "{after}");
        let back: DocumentMut = after.parse().unwrap();
        assert_eq!(back["f"].as_array().map(toml_edit::Array::len), Some(3), "{after}");
    }

    #[test]
    fn a_list_on_one_line_stays_on_it() {
        assert_eq!(
            changed("f = [[\"a\", \"1\"], [\"b\", \"2\"]]\n", &[("b", "2"), ("c", "3")]),
            "f = [[\"b\", \"2\"], [\"c\", \"3\"]]\n"
        );
        assert_eq!(changed("f = [[\"a\", \"1\"]]\n", &[]), "f = []\n");
    }

    #[test]
    fn a_list_without_a_last_comma_keeps_the_comment_behind_its_end() {
        let after = changed("f = [\n  [\"a\", \"1\"] # first\n]\n", &[("a", "1"), ("b", "2")]);
        assert_eq!(after, "f = [\n  [\"a\", \"1\"], # first\n  [\"b\", \"2\"],\n]\n");
    }

    #[test]
    fn a_list_made_anew_has_one_element_a_line() {
        assert_eq!(changed("f = []\n", &[("a", "1"), ("b", "2")]), "f = [\n  [\"a\", \"1\"],\n  [\"b\", \"2\"],\n]\n");
    }
}
