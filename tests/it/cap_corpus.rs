//! cap_corpus
