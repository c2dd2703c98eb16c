//! Faults of the token endpoint and of how tokens are judged.

use super::Choice;

/// In the order of the gateway's page.
pub(super) const CHOICES: &[Choice] = &[
    ("client-refused", "Refused client", "The token endpoint answers 401 invalid_client."),
    ("token-life=15s", "Short life", "Tokens live 15 s."),
    ("scope-narrowed", "Narrow scope", "Tokens are issued for payments:read only."),
    ("audience-wrong", "Wrong audience", "Tokens name another audience, which the API refuses."),
    ("issuer-other", "Other issuer", "Tokens name another issuer, which the API refuses."),
    ("token-revoked", "Revoked", "The API refuses every token as revoked."),
    ("kid-unknown", "Unknown kid", "Tokens name a key that is in no JWKS."),
    ("kid-missing", "No kid", "Tokens name no key at all."),
    ("keys-rotated", "Rotated keys", "New keys sign, and the JWKS holds the old ones no more."),
    ("token-opaque", "Opaque", "Tokens are opaque text."),
    ("refresh-reuse", "Refresh reuse", "Each refresh token is judged as used before, and its family is revoked."),
    ("consent-denied", "Denied consent", "The lab user refuses every authorization request and every device."),
    ("dpop-nonce", "DPoP nonce", "DPoP proofs are wanted with the nonce the server gives out."),
    ("basic-raw", "Raw Basic", "Basic credentials are read without form decoding."),
    ("unauthorized-storm", "401 storm", "The API answers 401 without a reason."),
    ("refusals-odd", "Odd refusals", "Refusals are an empty 403, a web page with 500, or 200 with an error."),
    ("token-status=503", "Token 503", "The token endpoint answers 503."),
    ("token-rate=0.1", "Fault rate", "One token call in ten is answered 503, the same ones in every run."),
    ("token-html", "Token HTML", "The token endpoint answers a web page."),
    ("token-empty", "Empty token", "The token endpoint answers 200 without content."),
    ("token-truncated", "Cut token", "The token answer ends before its length."),
    ("token-dropped", "Lost token", "The token endpoint does its work and closes the connection instead of an answer."),
    ("token-delay=5s", "Slow token", "The token endpoint waits five seconds."),
    ("token-bom", "Token BOM", "A byte order mark stands before the token answer."),
    ("token-gzip", "Token gzip", "The token answer is compressed, and no field says so."),
    ("token-type-odd=MAC", "Odd type", "Token answers name a token type nobody knows."),
    ("scope-missing", "No scope", "Token answers name no scope."),
    ("expires-in-text", "Life as text", "Token answers give the life as text."),
    ("expires-in-ms", "Life in ms", "Token answers give the life in milliseconds."),
    ("expires-in-absolute", "Absolute life", "Token answers give the second the token expires."),
    ("expires-in-missing", "No life", "Token answers give no life."),
    ("rate-limited=30s", "Rate limit", "The token endpoint answers 429 with Retry-After."),
];
