//! A public certificate is valid for more than 398 days (F03).
//!
//! `leaf (398 days) → intermediate → root`, valid from 1 March 2027.

use super::{Note, Seen, lifetime};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    lifetime::over(seen, "validity.over_398_days", 398, "2020-09-01")
}

#[cfg(test)]
mod tests {
    use super::super::lifetime::tests::lasting;
    use crate::Profile;
    use crate::fixture::{DAY, found, moment};

    #[test]
    fn a_longer_life_is_noted_under_the_public_profile() {
        let mut chain = lasting(398);
        let offset = DAY;
        assert!(found(&chain, offset, "validity.over_398_days"), "398 days, judged at {:?}", moment(offset));
        chain.profile = Profile::Private;
        assert!(!found(&chain, offset, "validity.over_398_days"), "a private CA may choose");
    }

    #[test]
    fn a_life_within_the_limit_is_as_it_should_be() {
        assert!(!found(&lasting(397), DAY, "validity.over_398_days"), "397 days and a second");
    }
}
