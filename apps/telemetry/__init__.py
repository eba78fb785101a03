"""What happened on the wire: calls, attempts and, by policy, what was said."""
