"""Far sides of the wire: servers of our own that tests speak to instead of the vendors."""
