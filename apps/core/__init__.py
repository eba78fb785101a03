"""Words that every app uses: errors, principal, ids, crypto, jobs, operations, snapshot."""
