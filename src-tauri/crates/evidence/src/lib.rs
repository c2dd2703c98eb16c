//! What was observed, as plain data: the document `countersign.evidence/1`.
//!
//! One record feeds the inspector in the window, `--json` on the command line, exports and tests.
//! Nothing here does IO, knows a clock or holds a secret. Start with [`Exchange`]; [`ladder()`] turns it
//! into the seven rows a person reads, [`story()`] into the page of its handshake. Members without a value are absent, not null; unknown members are
//! ignored when read; within a version members are only ever added.
#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, reason = "a test may stop at the first surprise"))]

mod certificate;
mod event;
mod exchange;
mod explained;
mod finding;
mod handshake;
pub mod ladder;
mod problem;
mod scan;
mod signature;
pub mod story;
mod time;
mod timing;
mod token;
mod verdict;

pub use self::certificate::{
    BasicConstraints, CertificateDetails, CertificateSource, CertificateView, ExtensionView, Fingerprints, KeyView,
    NameConstraintsView, SignedCertificateTimestamp,
};
pub use self::event::{Event, Fact, Step, StepState};
pub use self::exchange::{
    Attempt, AttemptReason, ConnectionView, ContentView, CredentialView, Exchange, FieldLine, Outcome, RequestView,
    ResponseView, RootCause, SCHEMA, SecretStore,
};
pub use self::explained::{Acceptance, EXPLAIN_SCHEMA, Explained, Fetched, PathView};
pub use self::finding::{ByteRange, Certainty, Citation, Finding, FindingSeverity};
pub use self::handshake::{
    CertificateUse, Check, Handshake, HandshakeKind, HandshakeMessage, KeyScheduleEntry, MessageField, VerifiedOn,
};
pub use self::ladder::{Ladder, ladder};
pub use self::problem::{Fault, Problem, Severity};
pub use self::scan::{SCAN_SCHEMA, Scan, ScannedFeature, ScannedGroup, ScannedSuite, ScannedVersion};
pub use self::signature::{Signature, SignatureDifference};
pub use self::story::{Story, story};
pub use self::time::Timestamp;
pub use self::timing::Timing;
pub use self::token::{Token, TokenOrigin, TokenState};
pub use self::verdict::{Profile, Verdict, VerdictState};
