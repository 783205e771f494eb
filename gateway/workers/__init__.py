"""Several processes behind one address: a supervisor that holds the listening sockets, and its workers.

The supervisor never touches a station's traffic. It starts the workers, starts one again that ended by itself, passes
signals on, and answers at the admin address for all of them.
"""
