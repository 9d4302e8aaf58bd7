"""Starting a bundle: the clean root, the sandbox, a container or a process of this machine."""
