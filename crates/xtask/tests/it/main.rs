//! Tests of code generation over the repository's own document.

// clippy.toml lets tests panic, but its reach ends at functions marked as tests; their helpers are in the same files.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod artifact;
mod checked;
mod command;
mod completed;
mod current;
mod guards;
mod header;
mod published;
mod verdict;
mod walked;

use std::sync::LazyLock;

use serde_json::Value;
use xtask::artefact::Artefact;
use xtask::codegen::artefacts;
use xtask::report::Reports;
use xtask::source;
use xtask::typed::generated;

/// The merged document of the repository.
static MERGED: LazyLock<Value> = LazyLock::new(|| source::merged().unwrap());

/// What it means to users.
static REPORTS: LazyLock<Reports> = LazyLock::new(|| Reports::of(&generated(&MERGED).unwrap()).unwrap());

/// The files made from it.
static ARTEFACTS: LazyLock<Vec<Artefact>> = LazyLock::new(|| artefacts(&MERGED).unwrap());
