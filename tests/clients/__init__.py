"""Scripts that a HubSpot customer would have, with HubSpot's own clients. Only the host was changed."""
