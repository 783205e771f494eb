"""The proxy: sockets, store, policy."""
