//! Finding what a server accepts by taking away what it chose.

use crate::probe::{Answer, Hello, Offer, Prober, Said, Until};

/// What is taken away from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Groups,
    Schemes,
    Suites,
}

/// What a server accepts, in the order in which it chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) list: Vec<u16>,
    /// Whether it chose so against the client's order; `None` where nothing can be told.
    pub(super) server_order: Option<bool>,
}

impl Axis {
    fn list(self, hello: &mut Hello) -> &mut Vec<u16> {
        match self {
            Axis::Groups => &mut hello.groups,
            Axis::Schemes => &mut hello.schemes,
            Axis::Suites => &mut hello.suites,
        }
    }

    fn chosen(self, said: &Said) -> Option<u16> {
        match self {
            Axis::Groups => said.group,
            Axis::Schemes => said.scheme,
            Axis::Suites => Some(said.suite),
        }
    }

    /// Up to TLS 1.2 group and scheme stand in the ServerKeyExchange.
    fn until(self, offer: Offer) -> Until {
        if self == Axis::Suites || offer == Offer::Tls13 { Until::Hello } else { Until::Done }
    }
}

/// Offers all of an axis, then all but what was chosen, until the server refuses or chooses what was not offered.
/// `first`: the answer to the whole offer, where it is known.
pub(super) async fn by_elimination(prober: &Prober<'_>, hello: &Hello, axis: Axis, first: Option<&Answer>) -> Found {
    let version = hello.offer.version();
    let until = axis.until(hello.offer);
    let mut hello = hello.clone();
    let mut found = Found::default();
    let mut known = first.cloned();
    while !axis.list(&mut hello).is_empty() {
        let answer = match known.take() {
            Some(answer) => answer,
            None => prober.probe(&hello, until).await,
        };
        let chosen = answer.with(version).and_then(|said| axis.chosen(said));
        let Some(chosen) = chosen.filter(|chosen| axis.list(&mut hello).contains(chosen)) else { break };
        found.list.push(chosen);
        axis.list(&mut hello).retain(|one| *one != chosen);
    }
    if let [_, .., last] = found.list.as_slice() {
        // the other way round: a server with an order of its own chooses the same as before
        let last = *last;
        *axis.list(&mut hello) = found.list.iter().rev().copied().collect();
        let answer = prober.probe(&hello, until).await;
        let chosen = answer.with(version).and_then(|said| axis.chosen(said));
        found.server_order = chosen.map(|chosen| chosen != last);
    }
    found
}
