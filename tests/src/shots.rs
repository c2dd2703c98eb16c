//! Pictures of the real window into `docs/screenshots`, light and dark (`cargo xtask shots`).
