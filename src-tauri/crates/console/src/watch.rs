//! The watch list: how long the certificates of endpoints last, and whether they could be issued so again.

use std::sync::Arc;
use std::time::Duration;

use countersign_evidence::{CertificateView, Problem, Timestamp, VerdictState};
use countersign_tls::{ConnectionRecord, Policy};
use futures_util::StreamExt as _;

use crate::core::Core;
use crate::view::{WatchRow, WatchState};

/// One endpoint is given up after this long.
const LIMIT: Duration = Duration::from_secs(10);
/// Endpoints looked at together.
const AT_ONCE: usize = 8;
const DAY_MS: i64 = 86_400_000;
/// Days a public certificate may live, and since when (BR §6.3.2, ballot SC-081v3).
const LIMITS: [(i64, &str); 3] = [(200, "2026-03-15"), (100, "2027-03-15"), (47, "2029-03-15")];

impl Core {
    /// Puts endpoints on the list, once each, as `host:port`.
    pub(crate) fn watch_add(&self, hosts: &[String]) -> Result<Vec<String>, Problem> {
        let endpoints =
            hosts.iter().map(|host| Ok(self.endpoint(host)?.endpoint())).collect::<Result<Vec<_>, Problem>>()?;
        self.workspace.change_watched(|watched| {
            for endpoint in endpoints {
                if !watched.contains(&endpoint) {
                    watched.push(endpoint);
                }
            }
        })
    }

    /// Takes one off the list.
    pub(crate) fn watch_remove(&self, host: &str) -> Result<Vec<String>, Problem> {
        let endpoint = self.endpoint(host)?.endpoint();
        if !self.workspace.watched()?.contains(&endpoint) {
            return Err(Problem::new(
                "workspace.not_watched",
                countersign_evidence::Fault::Caller,
                format!("`{endpoint}` is not watched"),
                "nothing was removed",
            )
            .with_hint("`countersign watch list` shows what is."));
        }
        self.workspace.change_watched(|watched| watched.retain(|one| *one != endpoint))
    }

    /// Looks at every endpoint now; the shortest life first.
    pub(crate) async fn watch_check(self: &Arc<Self>) -> Result<Vec<WatchRow>, Problem> {
        let watched = self.workspace.watched()?;
        self.check_trust()?;
        let looks = watched.into_iter().map(|endpoint| {
            let core = Arc::clone(self);
            async move { core.watch_one(endpoint).await }
        });
        let mut rows: Vec<WatchRow> = futures_util::stream::iter(looks).buffer_unordered(AT_ONCE).collect().await;
        rows.sort_by_key(|row| (row.not_after.is_some(), row.not_after, row.host.clone()));
        Ok(rows)
    }

    async fn watch_one(&self, endpoint: String) -> WatchRow {
        let target = match self.endpoint(&endpoint) {
            Ok(target) => target,
            Err(problem) => return unreachable(endpoint, &problem),
        };
        let policy = Policy { whole_handshakes: true, ..self.policy(&target, None, true) };
        match self.client.connector().connect(&target, &policy, LIMIT, &()).await {
            Ok(connection) => row(endpoint, &connection.record, self.clock.now()),
            Err(failure) if failure.record.certificates.is_empty() => unreachable(endpoint, &failure.error.problem()),
            Err(failure) => row(endpoint, &failure.record, self.clock.now()),
        }
    }
}

fn unreachable(host: String, problem: &Problem) -> WatchRow {
    WatchRow {
        host,
        state: WatchState::Unreachable,
        says: problem.title.clone(),
        subject: None,
        issuer: None,
        not_before: None,
        not_after: None,
        days_left: None,
        renew_from: None,
        limits: Vec::new(),
    }
}

fn row(host: String, record: &ConnectionRecord, now: Timestamp) -> WatchRow {
    let Some(leaf) = record.certificates.first() else {
        let nothing =
            Problem::new("certificate.none_sent", countersign_evidence::Fault::Peer, "no certificate came", "");
        return unreachable(host, &nothing);
    };
    judged(host, leaf, record.verdict.state, record.findings.first().map(|finding| finding.sentence.as_str()), now)
}

/// What a certificate comes to at this time.
fn judged(
    host: String,
    leaf: &CertificateView,
    verdict: VerdictState,
    first: Option<&str>,
    now: Timestamp,
) -> WatchRow {
    let (begin, end, now_ms) = (leaf.not_before.unix_millis(), leaf.not_after.unix_millis(), now.unix_millis());
    // the last third of its life (practice of ACME clients)
    let renew_from = end - (end - begin) / 3;
    let days_left = (end - now_ms).div_euclid(DAY_MS);
    let (state, says) = match verdict {
        _ if now_ms > end => (WatchState::Expired, format!("expired {} d ago", (now_ms - end) / DAY_MS)),
        VerdictState::NotTrusted => (WatchState::NotTrusted, first.unwrap_or("not trusted").to_owned()),
        _ if now_ms >= renew_from => {
            (WatchState::RenewalDue, "renewal is due: less than a third of its life is left".to_owned())
        }
        _ => (WatchState::Good, String::new()),
    };
    WatchRow {
        host,
        state,
        says,
        subject: Some(leaf.subject.clone()),
        issuer: Some(leaf.issuer.clone()),
        not_before: Some(leaf.not_before),
        not_after: Some(leaf.not_after),
        days_left: Some(days_left),
        renew_from: Some(Timestamp::from_unix_millis(renew_from)),
        limits: limits(leaf),
    }
}

/// What its life would break if it were issued again, for a public CA.
fn limits(leaf: &CertificateView) -> Vec<String> {
    let days = (leaf.not_after.unix_millis() - leaf.not_before.unix_millis() + DAY_MS - 1) / DAY_MS;
    let over = LIMITS.iter().filter(|(limit, _)| days > *limit);
    over.map(|(limit, since)| format!("{days} days: from {since} on no public CA issues for more than {limit}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use countersign_evidence::{Timestamp, VerdictState};

    use super::{DAY_MS, judged};
    use crate::history::sample;
    use crate::view::WatchState;

    #[test]
    fn a_life_is_good_then_due_then_over() {
        let mut leaf = sample::certificate("CN=api", "CN=issuing", "key", "made");
        let begin = Timestamp::from_unix_seconds(1_790_000_000);
        leaf.not_before = begin;
        leaf.not_after = Timestamp::from_unix_millis(begin.unix_millis() + 90 * DAY_MS - 1000);
        let at = |day: i64| {
            let now = Timestamp::from_unix_millis(begin.unix_millis() + day * DAY_MS);
            judged("api.example.test:443".into(), &leaf, VerdictState::Trusted, None, now)
        };
        assert_eq!((at(10).state, at(10).days_left), (WatchState::Good, Some(79)));
        assert_eq!(at(61).state, WatchState::RenewalDue, "less than 30 of 90 days are left");
        assert_eq!(at(95).state, WatchState::Expired);
        assert_eq!(at(95).says, "expired 5 d ago");
    }

    #[test]
    fn a_life_that_could_not_be_had_again_names_each_limit() {
        let mut leaf = sample::certificate("CN=api", "CN=issuing", "key", "made");
        leaf.not_after = Timestamp::from_unix_millis(leaf.not_before.unix_millis() + 365 * DAY_MS);
        let row = judged("a:443".into(), &leaf, VerdictState::Trusted, None, leaf.not_before);
        assert_eq!(row.limits.len(), 3, "200, 100 and 47 days: {:?}", row.limits);
        assert!(
            row.limits[0].contains("from 2026-03-15 on") && row.limits[2].contains("more than 47"),
            "{:?}",
            row.limits
        );
        leaf.not_after = Timestamp::from_unix_millis(leaf.not_before.unix_millis() + 45 * DAY_MS);
        let row = judged("a:443".into(), &leaf, VerdictState::NotTrusted, Some("the name differs"), leaf.not_before);
        assert_eq!((row.limits.len(), row.state, row.says.as_str()), (0, WatchState::NotTrusted, "the name differs"));
    }
}
