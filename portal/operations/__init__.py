"""What people, jobs and the API do: one verb, one transaction, one timeline entry. The acting user is an argument."""
