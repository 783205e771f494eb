"""The demo: the gateway between simulated stations and management systems that are not built from its own code."""
