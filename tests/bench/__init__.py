"""What a message through the gateway costs, beside no proxy, HAProxy and a naive proxy: `python -m bench --help`."""
