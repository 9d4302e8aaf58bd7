"""One made-up plug-in of each kind: what a new host, format or destination has to write, and nothing more."""
