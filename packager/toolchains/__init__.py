"""Programs that build and run: Node, npm's tools, interpreters, and the environment they are started with."""
