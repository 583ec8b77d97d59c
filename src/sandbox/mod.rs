//! An I'mport-like gateway on loopback, with a book of its own.
