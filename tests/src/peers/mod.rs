//! Independent implementations: what our own gateway cannot prove.

mod nginx;
mod oidc_provider;
mod openssl;
